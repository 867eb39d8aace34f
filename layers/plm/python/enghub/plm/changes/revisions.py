"""A changed notice under a known number is a revision of the change: which of two is newer (PLM-07, C20).

By revision where both carry one, else by issue time; without either nobody can tell, and a person decides.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from enghub.core import codec
from enghub.plm.changes.model import Notification
from enghub.plm.identities.model import RevisionOrder


class Reception(StrEnum):
    """What became of a delivery."""

    ACCEPTED = "accepted"
    """A new change, or a newer revision of a known one: it is processed."""
    ALREADY = "alreadyProcessed"
    SUPERSEDED = "superseded"
    """Older than what is known: kept as history, without effect."""
    PARKED = "parked"
    """Other content under a known number that no revision and no issue time tells apart: a person decides."""


class Standing(StrEnum):
    """What a kept revision is to its change."""

    SUPERSEDED = "SUPERSEDED"
    PARKED = "PARKED"


@dataclass(frozen=True, slots=True)
class Revision:
    """A notice of a change that is not the one in force, kept as it came."""

    revision_id: str
    notification: Notification
    received_at: datetime
    standing: Standing


def revision_id(notification: Notification) -> str:
    """Return the id of a notice: the same for the same content, so that a repeat is recognised."""
    return hashlib.sha256(codec.dumps(notification).encode()).hexdigest()[:26]


def is_newer(notification: Notification, known: Notification) -> bool | None:
    """Tell whether a notice replaces the known one; None when neither revision nor issue time tells."""
    if notification.revision and known.revision:
        new, old = RevisionOrder.rank(notification.revision), RevisionOrder.rank(known.revision)
        if new != old:
            return new > old
    if notification.issued_at and known.issued_at and notification.issued_at != known.issued_at:
        return notification.issued_at > known.issued_at
    return None
