"""Use cases of suppliers' links: make, open, announce a file, complete it, revoke (PLM-28)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from enghub.core import ids
from enghub.core.clock import Clock
from enghub.core.commits import Commit, Kept
from enghub.core.errors import EngHubError, VersionConflict
from enghub.core.events import Envelope
from enghub.core.identity import Origin
from enghub.core.notices import NoticeRequested, Severity
from enghub.plm.documents.errors import DocumentNotFound, UploadNotFound
from enghub.plm.documents.model import Document, DocumentKind, File, Link, LinkKind, Signed, Upload
from enghub.plm.documents.service import DocumentBook
from enghub.plm.ppaps.model import ELEMENTS, ElementStatus, Ppap
from enghub.plm.supplier_links.errors import (
    ElementNotAsked,
    ElementNotMissing,
    SupplierLinkInvalid,
    SupplierLinkNotFound,
)
from enghub.plm.supplier_links.model import Announced, SupplierLink, fits, hashed, make_token, place_of
from enghub.plm.supplier_links.repository import FoundLinks, SupplierLinks

KINDS = {
    1: DocumentKind.DRAWING,
    4: DocumentKind.FMEA,
    5: DocumentKind.PROCESS_FLOW,
    6: DocumentKind.FMEA,
    7: DocumentKind.CONTROL_PLAN,
    8: DocumentKind.MEASUREMENT,
    9: DocumentKind.MEASUREMENT,
    10: DocumentKind.TEST_REPORT,
    11: DocumentKind.MEASUREMENT,
    12: DocumentKind.CERTIFICATE,
    18: DocumentKind.WARRANT,
}
"""What a file for an element is; others are OTHER."""
NOBODY = "0" * 64
TRIES = 4


@dataclass(frozen=True, slots=True)
class SupplierDoor:
    """The suppliers' links of all tenants; ``ppap`` reads a PPAP and raises PpapNotFound."""

    links: SupplierLinks
    documents: DocumentBook
    ppap: Callable[[str, str], Ppap]
    clock: Clock
    new_id: Callable[[datetime], str] = ids.new_id

    def make(self, wanted: SupplierLink, origin: Origin) -> tuple[str, Kept[SupplierLink]]:
        """Store a new link; return its token, which nobody can read again, and what is kept.

        Raises:
            PpapNotFound, ElementNotMissing, LinkTooLong
        """
        ppap = self.ppap(wanted.tenant_id, wanted.ppap_id)
        for at, number in enumerate(wanted.elements):
            status = ppap.elements[number - 1].status
            if status is not ElementStatus.NOT_READY:
                raise ElementNotMissing(field=f"elements.{at}", element=number, status=status.value)
        token = make_token(wanted.tenant_id, wanted.link_id)
        link = replace(wanted.checked(), token_hash=hashed(token))
        return token, self.links.save(Commit(origin, "made", link))

    def of_ppap(self, tenant_id: str, ppap_id: str, limit: int, cursor: str | None) -> FoundLinks:
        """Return a page of a PPAP's links; raises PpapNotFound."""
        self.ppap(tenant_id, ppap_id)
        return self.links.of_ppap(tenant_id, ppap_id, limit, cursor)

    def revoke(self, ppap_id: str, link_id: str, reason: str, origin: Origin) -> Kept[SupplierLink]:
        """End a link now; again it stays. Raises SupplierLinkNotFound, VersionConflict."""
        before = self.links.get(origin.tenant_id, link_id)
        if before is None or before.value.ppap_id != ppap_id:
            raise SupplierLinkNotFound(link_id=link_id)
        if before.value.revoked_at is not None:
            return before
        after = replace(before.value, revoked_at=origin.at)
        return self.links.save(Commit(origin, "revoked", after, before, reason=reason))

    # --- who holds a token ---

    def open(self, token: str) -> Kept[SupplierLink]:
        """Return the link of a token.

        Raises:
            SupplierLinkInvalid: it is none of ours; a link that there is not takes as long as a wrong token.
            SupplierLinkOver
        """
        place = place_of(token)
        kept = None if place is None else self.links.get(*place)
        if not fits(token, NOBODY if kept is None else kept.value.token_hash) or kept is None:
            raise SupplierLinkInvalid
        kept.value.open(self.clock())
        return kept

    def seen(self, kept: Kept[SupplierLink], origin: Origin) -> None:
        """Keep when and from where a link was opened first."""
        if kept.value.opened_at is None:
            try:
                self.links.save(Commit(origin, "opened", replace(kept.value, opened_at=origin.at), kept))
            except VersionConflict:
                return  # somebody else opened it

    def wanted(self, link: SupplierLink) -> tuple[Ppap, tuple[int, ...]]:
        """Return the PPAP, and those of the link's elements that it still misses."""
        ppap = self.ppap(link.tenant_id, link.ppap_id)
        return ppap, tuple(number for number in link.elements if number in ppap.missing)

    def ask(self, token: str, element: int, file: File, origin: Origin) -> tuple[Upload, Signed]:
        """Allow one file to be sent for an element.

        Raises as ``open``, ElementNotAsked, VersionConflict.
        """
        kept = self.open(token)
        ppap, missing = self.wanted(kept.value)
        if element not in missing:
            raise ElementNotAsked(field="element", element=element)
        after, document_id = kept.value.announced(element, file.file_name, self.new_id(origin.at))
        self.links.save(Commit(origin, "file_announced", after, kept))
        try:
            self.documents.get(origin.tenant_id, document_id)
        except DocumentNotFound:
            announced = Announced(element, file.file_name, document_id)
            self.documents.create(_document(after, ppap, announced, origin), origin, None)
        return self.documents.ask(document_id, file, origin, after.link_id)

    def complete(self, token: str, document_id: str, upload_id: str, origin: Origin) -> Kept[SupplierLink]:
        """Take what was sent as a version; who made the link is told. Again it stays.

        Raises as ``open`` and ``DocumentBook.complete``, VersionConflict.
        """
        kept = self.open(token)
        file = kept.value.file(document_id)
        if file is None:
            raise UploadNotFound(upload_id=upload_id)
        taking = kept.value.taking(upload_id, file)
        if taking is not kept.value:
            kept = self.links.save(Commit(origin, "", taking, kept))
        try:
            self.documents.complete(document_id, upload_id, origin, kept.value.link_id)
        except EngHubError as error:
            if error.status < 500 and not isinstance(error, VersionConflict):
                self._later(kept, "", lambda one: one.giving_back(upload_id), origin)
            raise
        return self._later(kept, "file_arrived", lambda one: one.arrived(upload_id), origin, upload_id)

    def _later(
        self,
        kept: Kept[SupplierLink],
        action: str,
        change: Callable[[SupplierLink], SupplierLink],
        origin: Origin,
        upload_id: str = "",
    ) -> Kept[SupplierLink]:
        """Change a link as it is now: what happened to a file is true, whatever came to the link meanwhile."""
        for tries in range(TRIES):
            after = change(kept.value)
            if after == kept.value:
                return kept
            events = (_told(after, upload_id, origin),) if upload_id else ()
            try:
                return self.links.save(Commit(origin, action, after, kept, events))
            except VersionConflict:
                found = self.links.get(kept.value.tenant_id, kept.value.link_id)
                if found is None or tries + 1 == TRIES:
                    raise
                kept = found
        return kept


def _document(link: SupplierLink, ppap: Ppap, file: Announced, origin: Origin) -> Document:
    return Document(
        tenant_id=link.tenant_id,
        document_id=file.document_id,
        title=f"{ELEMENTS[file.element][0]}: {file.file_name}"[:200],
        kind=KINDS.get(file.element, DocumentKind.OTHER),
        created_by=link.name,
        created_at=origin.at,
        links=(Link(LinkKind.PPAP, ppap.ppap_id, file.element), Link(LinkKind.PRODUCT, ppap.product_code)),
    )


def _told(link: SupplierLink, upload_id: str, origin: Origin) -> Envelope:
    use = next(one for one in link.taken if one.upload_id == upload_id)
    return NoticeRequested(
        notice_type="plm.supplier_file_arrived",
        severity=Severity.INFO,
        subject=f"ppap/{link.ppap_id}",
        facts={
            "ppapId": link.ppap_id,
            "element": use.element,
            "supplier": link.supplier,
            "fileName": use.file_name,
        },
        users=(link.made_by,),
        dedupe_key=f"supplier_link/{link.link_id}/{upload_id}",
    ).envelope(origin)
