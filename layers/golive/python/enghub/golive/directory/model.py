"""Where documents and tools are (OPS-19). No I/O."""

from dataclasses import dataclass
from enum import StrEnum


class EntryKind(StrEnum):
    """What an entry leads to."""

    DOCUMENT = "DOCUMENT"
    TOOL = "TOOL"


@dataclass(frozen=True, slots=True)
class Entry:
    """A document or a tool, and where it is."""

    tenant_id: str
    entry_id: str
    title: str
    kind: EntryKind
    address: str
    """A URL, or a path people know."""
    notes: str = ""
    is_deleted: bool = False
