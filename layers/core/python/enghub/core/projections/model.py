"""Another context's facts as they are kept here: the newest version of each subject, and which versions never came."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

GAPS_KEPT = 50
"""Of the versions that never came, the latest are remembered."""


@dataclass(frozen=True, slots=True)
class Fact:
    """What is known of one subject.

    ``at`` is when it became so in its own context, ``taken_at`` when it was taken here; ``body`` is what the reader
    keeps of it, as text. ``missing`` are versions before this one that never came; ``changes`` counts writes.
    """

    subject: str
    version: int
    body: str
    at: datetime
    taken_at: datetime
    missing: tuple[int, ...] = ()
    changes: int = 0


def take(known: Fact | None, new: Fact) -> Fact | None:
    """Return what is known once ``new`` came; None when that changes nothing.

    An older version never replaces a newer one; it only fills its gap. The first version seen of a subject opens none.
    """
    if known is None:
        return new
    if new.version in known.missing:
        rest = tuple(version for version in known.missing if version != new.version)
        return replace(known, missing=rest, changes=known.changes + 1)
    if new.version <= known.version:
        return None
    missing = (*known.missing, *range(max(known.version + 1, new.version - GAPS_KEPT), new.version))
    return replace(new, missing=missing[-GAPS_KEPT:], changes=known.changes + 1)


@dataclass(frozen=True, slots=True)
class AsOf:
    """How far a projection is: when the newest fact in it became so, and how many subjects lack a version."""

    at: datetime | None
    subjects_with_gaps: int

    def behind_seconds(self, source_at: datetime | None) -> float:
        """Return how far it is behind a source whose newest fact is of ``source_at``."""
        if source_at is None or self.at is None:
            return 0.0
        return max(0.0, (source_at - self.at).total_seconds())


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild found: counts of subjects of the source, of those set right, of those too young to be judged.

    ``agrees`` tells whether every other one is now as the source says.
    """

    subjects: int
    corrected: int
    moving: int
    agrees: bool


def by_subject(facts: Iterable[Fact]) -> dict[str, Fact]:
    """Return the newest fact of each subject."""
    newest: dict[str, Fact] = {}
    for fact in facts:
        known = newest.get(fact.subject)
        if known is None or fact.version > known.version:
            newest[fact.subject] = fact
    return newest


def agree(kept: Fact | None, right: Fact) -> bool:
    """Tell whether what is kept is right; it may be newer than what the source told, but lack nothing of that."""
    if kept is None or not right.version:
        return False
    if kept.version > right.version:
        return corrected(kept, right) == kept
    return not kept.missing and (kept.version, kept.body) == (right.version, right.body)


def corrected(kept: Fact | None, right: Fact) -> Fact:
    """Return what to store where the source tells ``right``: what is newer stays, gaps that the source covers close."""
    if kept is None or kept.version <= right.version or not right.version:
        return right
    return replace(kept, missing=tuple(version for version in kept.missing if version > right.version))
