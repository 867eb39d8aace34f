"""Whom operations can reach: people who may be on call, and hotlines of vendors (OPS-19). No I/O."""

from dataclasses import dataclass
from enum import StrEnum


class ContactKind(StrEnum):
    """What stands behind a contact."""

    PERSON = "PERSON"
    """A user of EngHub; the contact's id is the user's."""
    VENDOR = "VENDOR"
    """Support of a supplier, reached by telephone or mail."""


@dataclass(frozen=True, slots=True)
class Contact:
    """One contact. Telephone and mail are personal data: never in logs, events or the audit."""

    tenant_id: str
    contact_id: str
    name: str
    kind: ContactKind = ContactKind.PERSON
    role: str = ""
    """What they do: ``architect``."""
    phone: str = ""
    email: str = ""
    zone: str = "UTC"
    escalate_for: str = ""
    """What to call them for, as people read it."""
    is_deleted: bool = False
