"""What an import has in hand: people who take turns, changes of them, policies, what cannot be carried. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from enghub.core.i18n import Filled, Text
from enghub.golive.oncall.model import Group, Override, Schedule
from enghub.golive.policies.model import Policy

Spans = tuple[tuple[int, int], ...]
"""Minutes of a week, from Monday 00:00 by the wall clock, half-open, in order, apart."""
Source = Callable[[datetime], frozenset[str]]
"""Who is on at an instant as the source means it, by our names; what the import is held against."""


@dataclass(frozen=True, slots=True)
class Line:
    """People who take turns; one of a higher rank hides those below while it is on duty, equal ones are on together."""

    line_id: str
    rank: int
    start: datetime
    """By the wall clock, as all times here."""
    until: datetime | None
    anchor: datetime
    """When the turn of ``members[first]`` begins."""
    turn: timedelta
    members: tuple[Group, ...]
    week: Spans
    first: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """Somebody instead of whoever is on in some lines (all, where none is named), for a time."""

    start: datetime
    end: datetime
    users: Group
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Note:
    """Something that is not carried, or not as it was: where it stands in the export, and what to know."""

    place: str
    text: Text | Filled


@dataclass(frozen=True, slots=True)
class ForeignRota:
    """A schedule of the source, understood."""

    schedule_id: str
    name: str
    zone: str
    lines: tuple[Line, ...]
    changes: tuple[Change, ...]
    source: Source


@dataclass(frozen=True, slots=True)
class Difference:
    """A time in which others are on than the source says, hour by hour."""

    start: datetime
    end: datetime
    source: tuple[str, ...]
    ours: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Carried:
    """A schedule as it will be stored, with its overrides in order, beside what the source says."""

    schedule: Schedule
    overrides: tuple[Override, ...]
    differences: tuple[Difference, ...]
    hours: int
    """How many hours were compared."""
    different: int
    """In how many of them others are on."""


@dataclass(slots=True)
class Reading:
    """What is found while an export is read: notes, and users whom nobody has named here."""

    users: Mapping[str, str]
    """Their users to ours."""
    notes: list[Note] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)

    def note(self, place: str, text: Text | Filled) -> None:
        """Say what is not carried, once."""
        made = Note(place, text)
        self.notes += [] if made in self.notes else [made]

    def user(self, *names: str | None) -> str:
        """Return our user for one of theirs, by any of the names it has there; its own name where nobody said."""
        given = [name for name in names if name]
        for name in given:
            if name in self.users:
                return self.users[name]
        self.unknown.add(given[0])
        return given[0]


@dataclass(frozen=True, slots=True)
class Plan:
    """What an import would store, and what whoever stores it should know; ``hash`` binds the two."""

    rotas: tuple[Carried, ...]
    policies: tuple[Policy, ...]
    notes: tuple[Note, ...]
    unknown: tuple[str, ...]
    hash: str
