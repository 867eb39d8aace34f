"""A tenant's own texts for a type of notice, in place of the built-in ones. No I/O."""

from collections.abc import Mapping
from dataclasses import dataclass

from enghub.notices.catalogue.model import Texts


@dataclass(frozen=True, slots=True)
class Template:
    """Texts by language; its revision is its version."""

    tenant_id: str
    notice_type: str
    subject: Mapping[str, str]
    body: Mapping[str, str]
    html: Mapping[str, str] | None = None
    is_deleted: bool = False

    @property
    def texts(self) -> Texts:
        """Return what is rendered."""
        return Texts(self.subject, self.body, self.html)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A notice as it is read."""

    subject: str
    """One line."""
    body: str
    html: str | None = None
