"""Documents on the wire (PLM-17)."""

from dataclasses import replace
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from enghub.core import wire
from enghub.core.commits import Kept
from enghub.core.errors import Invalid
from enghub.core.i18n import Text
from enghub.core.identity import Origin
from enghub.plm.documents.media import LARGEST_BYTES, LONGEST_NAME, MEDIA_TYPES, clean_name
from enghub.plm.documents.model import (
    MOST_LINKS,
    Document,
    DocumentKind,
    File,
    Link,
    LinkKind,
    Signed,
    Upload,
    Version,
)
from enghub.plm.documents.repository import FoundDocuments, FoundVersions
from enghub.plm.names import PartNumber

BASE = "/api/v1/plm/documents"
_ELEMENT = Text("of a PPAP, and of nothing else, say the element 1 to 18", "仅 PPAP 需要（且必须）给出要素编号 1 至 18")
_ONE_OF = Text("give one of productCode, ecnNumber and ppapId", "productCode、ecnNumber、ppapId 只能给出一个")
_KNOWN_TYPES = Text("the types are {known}", "支持的类型：{known}")


def _media_type(name: str) -> str:
    if name not in MEDIA_TYPES:
        raise wire.Unfit(_KNOWN_TYPES, known=", ".join(sorted(MEDIA_TYPES)))
    return name


MediaTypeName = Annotated[
    str, Field(max_length=100, json_schema_extra={"enum": sorted(MEDIA_TYPES)}), AfterValidator(_media_type)
]


def wanted(product_code: str | None, ecn_number: str | None, ppap_id: str | None, element: int | None) -> Link | None:
    """Return what a list is of, None for all.

    Raises:
        Invalid: it is of several, or an element is of no PPAP.
    """
    named = {LinkKind.PRODUCT: product_code, LinkKind.CHANGE: ecn_number, LinkKind.PPAP: ppap_id}
    links = [Link(kind, found) for kind, found in named.items() if found is not None]
    if len(links) > 1:
        raise Invalid(field="productCode", problem=_ONE_OF)
    if element is not None and ppap_id is None:
        raise Invalid(field="element", problem=_ELEMENT)
    return replace(links[0], element=element) if links else None


class LinkBody(wire.Request):
    """What a document belongs to: a product's code, a change's number, an element of a PPAP."""

    kind: LinkKind
    id: PartNumber
    element: Annotated[int, Field(ge=1, le=18)] | None = None

    @model_validator(mode="after")
    def _of_ppaps(self) -> "LinkBody":
        if (self.kind is LinkKind.PPAP) != (self.element is not None):
            raise wire.Unfit(_ELEMENT, field="element")
        return self

    def to_link(self) -> Link:
        """Return the link."""
        return Link(self.kind, self.id, self.element)


Links = Annotated[tuple[LinkBody, ...], Field(max_length=MOST_LINKS)]


class CreateDocumentRequest(wire.Request):
    """A document; its first version is uploaded afterwards. ``number`` is what people or the PLM call it by."""

    title: wire.ShortText
    kind: DocumentKind
    number: Annotated[str, Field(max_length=64), AfterValidator(wire.printable)] = ""
    links: Links = ()

    def to_document(self, document_id: str, origin: Origin) -> Document:
        """Return the document."""
        links = tuple(one.to_link() for one in self.links)
        return Document(
            origin.tenant_id, document_id, self.title, self.kind, origin.user_id, origin.at, self.number, links
        )


class PutLinksRequest(wire.Request):
    """All that a document belongs to."""

    links: Links


class AskUploadRequest(wire.Request):
    """What is going to be sent, exactly; ``label`` is the revision that people call it by."""

    file_name: Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
    media_type: MediaTypeName
    size_bytes: Annotated[int, Field(strict=True, ge=1, le=LARGEST_BYTES)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-fA-F]{64}$")]
    label: Annotated[str, Field(max_length=50), AfterValidator(wire.printable)] = ""

    def to_file(self) -> File:
        """Return the file.

        Raises:
            FileNameRefused
        """
        name = clean_name(self.file_name, MEDIA_TYPES[self.media_type])
        return File(name, self.media_type, self.size_bytes, self.sha256.lower(), self.label)


class WithdrawRequest(wire.Request):
    """Why a document is taken out of use."""

    reason: wire.ShortText


class UploadResponse(wire.Response):
    """Where and how to send the file: one PUT of the content with exactly these headers; then it is completed."""

    document_id: str
    upload_id: str
    url: str
    headers: dict[str, str]
    expires_at: wire.Instant

    @classmethod
    def of(cls, upload: Upload, signed: Signed) -> "UploadResponse":
        """Return the answer for an upload that was allowed."""
        return cls(
            document_id=upload.document_id,
            upload_id=upload.upload_id,
            url=signed.url,
            headers=dict(signed.headers),
            expires_at=signed.expires_at,
        )


class DownloadResponse(wire.Response):
    """Where a version's file is read, for minutes, and what it must be."""

    file_name: str
    media_type: str
    size_bytes: int
    sha256: str
    url: str
    expires_at: wire.Instant

    @classmethod
    def of(cls, version: Version, signed: Signed) -> "DownloadResponse":
        """Return the answer."""
        file = version.file
        return cls(
            file_name=file.file_name,
            media_type=file.media_type,
            size_bytes=file.size_bytes,
            sha256=file.sha256,
            url=signed.url,
            expires_at=signed.expires_at,
        )


class VersionResponse(wire.Response):
    """A version; ``supplierLink`` is the link it came by."""

    version: int
    file_name: str
    media_type: str
    size_bytes: int
    sha256: str
    label: str
    added_by: str
    added_at: wire.Instant
    supplier_link: str

    @classmethod
    def of(cls, one: Version) -> "VersionResponse":
        """Return the answer."""
        file = {name: getattr(one.file, name) for name in ("file_name", "media_type", "size_bytes", "sha256", "label")}
        return cls(version=one.number, added_by=one.added_by, added_at=one.added_at, supplier_link=one.via, **file)


class VersionList(wire.Response):
    """A page of versions, the newest first."""

    items: tuple[VersionResponse, ...]
    cursor: str | None

    @classmethod
    def of(cls, found: FoundVersions) -> "VersionList":
        """Return the answer."""
        return cls(items=tuple(map(VersionResponse.of, found.versions)), cursor=found.cursor)


class LinkResponse(wire.Response):
    """What a document belongs to."""

    kind: LinkKind
    id: str
    element: int | None


class DocumentSummary(wire.Response):
    """A document in a list; ``current`` is its newest version, null before any file has arrived."""

    document_id: str
    title: str
    kind: DocumentKind
    number: str
    status: Literal["EMPTY", "IN_USE", "WITHDRAWN"]
    current: VersionResponse | None

    @classmethod
    def of(cls, one: Document) -> "DocumentSummary":
        """Return the answer."""
        return cls(
            document_id=one.document_id,
            title=one.title,
            kind=one.kind,
            number=one.number,
            status="WITHDRAWN" if one.withdrawal else "IN_USE" if one.current else "EMPTY",
            current=VersionResponse.of(one.current) if one.current else None,
        )


class DocumentResponse(DocumentSummary):
    """A document."""

    created_by: str
    created_at: wire.Instant
    links: tuple[LinkResponse, ...]
    versions: int
    withdrawn_by: str | None
    withdrawn_at: wire.Instant | None
    reason: str | None
    revision: int

    @classmethod
    def of_kept(cls, kept: Kept[Document]) -> "DocumentResponse":
        """Return the answer."""
        one, over = kept.value, kept.value.withdrawal
        summary = DocumentSummary.of(one)
        return cls(
            **{name: getattr(summary, name) for name in DocumentSummary.model_fields},
            created_by=one.created_by,
            created_at=one.created_at,
            links=tuple(LinkResponse(kind=link.kind, id=link.id, element=link.element) for link in one.links),
            versions=one.versions,
            withdrawn_by=over.by if over else None,
            withdrawn_at=over.at if over else None,
            reason=over.reason if over else None,
            revision=kept.revision,
        )


class DocumentList(wire.Response):
    """A page of documents; withdrawn ones only where they are asked for."""

    items: tuple[DocumentSummary, ...]
    cursor: str | None

    @classmethod
    def of(cls, found: FoundDocuments, *, with_withdrawn: bool) -> "DocumentList":
        """Return the answer."""
        shown = (one for one in found.documents if with_withdrawn or one.withdrawal is None)
        return cls(items=tuple(map(DocumentSummary.of, shown)), cursor=found.cursor)
