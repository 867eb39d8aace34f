"""A document: what it is, what it belongs to, its versions, which are only ever added (PLM-17). Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from enghub.plm.documents.errors import DocumentWithdrawn

MOST_LINKS = 30
"""Each is an item of the same transaction."""
UPLOAD_KEPT = timedelta(days=2)
"""How long an upload may be completed; what was sent for it is removed as late."""


class DocumentKind(StrEnum):
    """What a document is."""

    DRAWING = "DRAWING"
    MODEL = "MODEL"
    SPECIFICATION = "SPECIFICATION"
    FMEA = "FMEA"
    PROCESS_FLOW = "PROCESS_FLOW"
    CONTROL_PLAN = "CONTROL_PLAN"
    MEASUREMENT = "MEASUREMENT"
    TEST_REPORT = "TEST_REPORT"
    CERTIFICATE = "CERTIFICATE"
    WARRANT = "WARRANT"
    OTHER = "OTHER"


class LinkKind(StrEnum):
    """What a document may belong to."""

    PRODUCT = "PRODUCT"
    CHANGE = "CHANGE"
    PPAP = "PPAP"


@dataclass(frozen=True, slots=True)
class Link:
    """What a document belongs to: a product by its code, a change by its number, an element (1 to 18) of a PPAP."""

    kind: LinkKind
    id: str
    element: int | None = None


@dataclass(frozen=True, slots=True)
class File:
    """A file as it is announced: its content is fixed by length and checksum (64 hex digits)."""

    file_name: str
    media_type: str
    size_bytes: int
    sha256: str
    label: str = ""
    """The revision that people call it by."""


@dataclass(frozen=True, slots=True)
class Version:
    """A file that arrived whole and was looked into; ``via`` is the supplier's link it came by, empty for a user."""

    number: int
    upload_id: str
    file: File
    added_by: str
    added_at: datetime
    via: str = ""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that may be sent; ``version`` is what it became, 0 until it arrived; ``refused`` why it was not kept."""

    tenant_id: str
    document_id: str
    upload_id: str
    file: File
    allowed_by: str
    allowed_at: datetime
    via: str = ""
    version: int = 0
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Signed:
    """Where a file is sent to, with which headers, or read, until when."""

    url: str
    headers: Mapping[str, str]
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """Who took a document out of use, and why."""

    reason: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Document:
    """A document; ``current`` is its newest version, of ``versions`` in all."""

    tenant_id: str
    document_id: str
    title: str
    kind: DocumentKind
    created_by: str
    created_at: datetime
    number: str = ""
    links: tuple[Link, ...] = ()
    current: Version | None = None
    versions: int = 0
    withdrawal: Withdrawal | None = None

    @property
    def is_in_use(self) -> bool:
        """Whether there is a file, and nobody took it out of use."""
        return self.current is not None and self.withdrawal is None

    def in_use(self) -> "Document":
        """Return it.

        Raises:
            DocumentWithdrawn
        """
        if self.withdrawal is not None:
            raise DocumentWithdrawn(document_id=self.document_id, reason=self.withdrawal.reason)
        return self

    def elements_of(self, ppap_id: str) -> tuple[int, ...]:
        """Return the elements of a PPAP that it belongs to."""
        return tuple(one.element for one in self.links if one.id == ppap_id and one.element is not None)

    def linked(self, links: tuple[Link, ...]) -> "Document":
        """Return it with other links, each once, in one order; raises DocumentWithdrawn."""
        wanted = sorted(set(links), key=lambda one: (one.kind, one.id, one.element or 0))
        return replace(self.in_use(), links=tuple(wanted))

    def with_version(self, upload: Upload, by: str, at: datetime) -> tuple["Document", Version]:
        """Return it with one version more, what was uploaded, and that; raises DocumentWithdrawn."""
        number = self.in_use().versions + 1
        made = Version(number, upload.upload_id, upload.file, by, at, upload.via)
        return replace(self, current=made, versions=number), made

    def withdrawn(self, withdrawal: Withdrawal) -> "Document":
        """Return it out of use; once withdrawn it stays as it was then."""
        return self if self.withdrawal is not None else replace(self, withdrawal=withdrawal)
