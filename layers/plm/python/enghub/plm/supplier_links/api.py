"""Suppliers' links on the wire (PLM-28)."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from enghub.core import wire
from enghub.core.identity import Origin
from enghub.plm.documents.api import AskUploadRequest
from enghub.plm.supplier_links.model import MOST_USES, REVOKED, SupplierLink
from enghub.plm.supplier_links.repository import FoundLinks

BASE = "/api/v1/plm/supplier"
OF_PPAP = "/api/v1/plm/ppaps/<ppap_id>/supplier-links"
Element = Annotated[int, Field(ge=1, le=18)]


class MakeLinkRequest(wire.Request):
    """For which missing elements, until when, how many files; ``note`` is shown to the supplier."""

    supplier: wire.ShortText
    elements: Annotated[tuple[Element, ...], Field(min_length=1, max_length=18)]
    expires_at: wire.Instant
    uses: Annotated[int, Field(strict=True, ge=1, le=MOST_USES)] = 10
    note: Annotated[str, Field(max_length=1000)] = ""

    def to_link(self, ppap_id: str, link_id: str, origin: Origin) -> SupplierLink:
        """Return the link, its token to be made."""
        return SupplierLink(
            tenant_id=origin.tenant_id,
            ppap_id=ppap_id,
            link_id=link_id,
            token_hash="",
            supplier=self.supplier,
            elements=tuple(sorted(set(self.elements))),
            uses=self.uses,
            expires_at=self.expires_at,
            made_by=origin.user_id,
            made_at=origin.at,
            note=self.note,
        )


class RevokeLinkRequest(wire.Request):
    """Why a link ends before its time."""

    reason: wire.ShortText


class AskFileRequest(AskUploadRequest):
    """A file for an element, exactly as it is going to be sent."""

    element: Element


class FileResponse(wire.Response):
    """A file that was announced, and whether it arrived."""

    element: int
    file_name: str
    document_id: str


class LinkResponse(wire.Response):
    """A link as it stands; ``left`` is how many files may still arrive."""

    link_id: str
    ppap_id: str
    supplier: str
    elements: tuple[int, ...]
    status: Literal["OPEN", "EXPIRED", "REVOKED", "USED_UP"]
    uses: int
    left: int
    expires_at: wire.Instant
    made_by: str
    made_at: wire.Instant
    note: str
    opened_at: wire.Instant | None
    files: tuple[FileResponse, ...]

    @classmethod
    def of(cls, link: SupplierLink, now: datetime) -> "LinkResponse":
        """Return the answer for an instant."""
        over = link.over(now)
        ended: Literal["REVOKED", "EXPIRED"] = "REVOKED" if over is REVOKED else "EXPIRED"
        return cls(
            link_id=link.link_id,
            ppap_id=link.ppap_id,
            supplier=link.supplier,
            elements=link.elements,
            status=ended if over else "OPEN" if link.left else "USED_UP",
            uses=link.uses,
            left=link.left,
            expires_at=link.expires_at,
            made_by=link.made_by,
            made_at=link.made_at,
            note=link.note,
            opened_at=link.opened_at,
            files=tuple(
                FileResponse(element=one.element, file_name=one.file_name, document_id=one.document_id)
                for one in link.files
            ),
        )


class MadeLinkResponse(LinkResponse):
    """A new link; ``url`` is told this once, only its hash is kept."""

    url: str

    @classmethod
    def of_made(cls, link: SupplierLink, token: str, public_url: str, now: datetime) -> "MadeLinkResponse":
        """Return the answer."""
        shown = LinkResponse.of(link, now)
        values = {name: getattr(shown, name) for name in LinkResponse.model_fields}
        return cls(**values, url=f"{public_url.rstrip('/')}{BASE}?token={token}")


class LinkList(wire.Response):
    """A page of links, the newest first."""

    items: tuple[LinkResponse, ...]
    cursor: str | None

    @classmethod
    def of(cls, found: FoundLinks, now: datetime) -> "LinkList":
        """Return the answer."""
        return cls(items=tuple(LinkResponse.of(one, now) for one in found.links), cursor=found.cursor)


class TakenResponse(wire.Response):
    """What a supplier hears of a file that arrived."""

    element: int
    file_name: str
    left: int
