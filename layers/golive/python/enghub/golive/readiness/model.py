"""A go-live and its readiness: windows, items, evidence, sign-off, waivers, the decision (OPS-01, OPS-03). No I/O."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from enghub.core.claims import fingerprint
from enghub.core.clock import to_text
from enghub.core.events import dumps
from enghub.golive.probes.model import Criterion, Outcome, Probe, ProbeKind, Reading, unmet
from enghub.golive.readiness.errors import (
    CriterionNotMet,
    EvidenceChanged,
    GoLiveOver,
    NoEvidence,
    UnknownMember,
    WaiverEndsBefore,
)

Measures = Mapping[str, Decimal]


class GoLiveState(StrEnum):
    """Where a go-live stands."""

    PREPARING = "PREPARING"
    LIVE = "LIVE"
    DONE = "DONE"
    CANCELLED = "CANCELLED"


OVER = frozenset({GoLiveState.DONE, GoLiveState.CANCELLED})


def aftercare_subject(go_live_id: str) -> str:
    """Return the name among timers of what comes after a go-live."""
    return f"aftercare/{go_live_id}"


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody of the team, with their roles in this go-live (``commander``, ``operations``, ...)."""

    user_id: str
    name: str
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of the preparation; ``due`` is its last working day in the go-live's zone."""

    window_id: str
    en: str
    zh: str
    due: date
    closed_by: str = ""
    closed_at: datetime | None = None


class Answer(StrEnum):
    """What is decided about going live."""

    GO = "GO"
    NO_GO = "NO_GO"


@dataclass(frozen=True, slots=True)
class Decision:
    """Who decided what, on which evidence: ``seen`` is the hash of the summary that was looked at."""

    answer: Answer
    by: str
    at: datetime
    seen: str
    reason: str


@dataclass(frozen=True, slots=True)
class GoLive:
    """One system going live."""

    tenant_id: str
    go_live_id: str
    name: str
    system: str
    live_at: datetime
    zone: str
    calendar_id: str
    team: tuple[Member, ...]
    windows: tuple[Window, ...]
    state: GoLiveState = GoLiveState.PREPARING
    decision: Decision | None = None
    calendar_ends: date | None = None
    """The last day that the calendar has data of, where due days lie beyond it."""

    def member(self, user: str, field_name: str = "owner") -> str:
        """Return a user of the team.

        Raises:
            UnknownMember
        """
        if user not in {one.user_id for one in self.team}:
            raise UnknownMember(field=field_name, user=user)
        return user

    def check_open(self) -> None:
        """Raise GoLiveOver when it ended."""
        if self.state in OVER:
            raise GoLiveOver(state=self.state.value)

    def closed(self, window_id: str, by: str, at: datetime) -> "GoLive":
        """Return it with a window closed."""
        windows = tuple(
            replace(one, closed_by=by, closed_at=at) if one.window_id == window_id else one for one in self.windows
        )
        return replace(self, windows=windows)


@dataclass(frozen=True, slots=True)
class Item:
    """What the checklist asks for; frozen when the go-live is made."""

    item_id: str
    window_id: str
    section: str
    en: str
    zh: str
    line: int = 0
    """Of source document 003; 0 for an item of the tenant's own."""
    blocking: bool = True
    criteria: tuple[Criterion, ...] = ()
    probe: ProbeKind | None = None
    """The kind of probe that fits, where one does."""


@dataclass(frozen=True, slots=True)
class Checklist:
    """Every item of one go-live, in order."""

    items: tuple[Item, ...]


class EvidenceKind(StrEnum):
    """What shows that an item is done."""

    LINK = "link"
    FILE = "file"
    NOTE = "note"
    PROBE = "probe"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What somebody, or a probe, showed; never changed afterwards."""

    evidence_id: str
    kind: EvidenceKind
    by: str
    at: datetime
    value: str
    """The link, the file's path, the note, or what the probe said."""
    measures: Measures = field(default_factory=dict)
    sha256: str = ""
    """Of a file."""
    failed: bool = False
    """A probe that could not measure."""

    @property
    def hash(self) -> str:
        """The hash that a sign-off binds to."""
        measures = {name: str(value) for name, value in sorted(self.measures.items())}
        return fingerprint(self.evidence_id, self.kind.value, self.by, to_text(self.at), self.value, dumps(measures))

    def repeats(self, last: "Evidence | None") -> bool:
        """Tell whether somebody sent the same again, their answer having got lost; a probe always reads anew."""
        if last is None or self.kind is EvidenceKind.PROBE:
            return False
        return replace(self, evidence_id=last.evidence_id, at=last.at) == last


def of_reading(reading: Reading, evidence_id: str, by: str, at: datetime) -> Evidence:
    """Return what a probe read, as evidence."""
    said = "; ".join(f"{name}: {value}" for name, value in reading.facts.items())
    is_failed = reading.outcome is Outcome.FAILED
    return Evidence(evidence_id, EvidenceKind.PROBE, by, at, said[:2000], reading.measures, failed=is_failed)


@dataclass(frozen=True, slots=True)
class SignOff:
    """Who says that an item is done, having seen which evidence."""

    by: str
    at: datetime
    seen: str


@dataclass(frozen=True, slots=True)
class Waiver:
    """Who lets an item pass although it is not done, why, and until when."""

    by: str
    at: datetime
    reason: str
    until: datetime


class ItemState(StrEnum):
    """Where an item stands."""

    OPEN = "OPEN"
    EVIDENCE = "EVIDENCE"
    """There is evidence, and nobody has signed off."""
    NOT_MET = "NOT_MET"
    """The latest evidence is outside the criterion."""
    SIGNED_OFF = "SIGNED_OFF"
    WAIVED = "WAIVED"


PASSED = frozenset({ItemState.SIGNED_OFF, ItemState.WAIVED})


@dataclass(frozen=True, slots=True)
class Progress:
    """What became of one item; an item that nobody touched has none stored."""

    tenant_id: str
    go_live_id: str
    item_id: str
    owner: str = ""
    due: date | None = None
    """Where another than the window's."""
    probe: Probe | None = None
    every: int = 0
    """Minutes after which the probe is run again while the item is open; 0: only when somebody asks."""
    latest: Evidence | None = None
    evidence_count: int = 0
    sign_off: SignOff | None = None
    waiver: Waiver | None = None

    @property
    def subject(self) -> str:
        """Its name for timers."""
        return f"evidence/{self.go_live_id}/{self.item_id}"

    def state(self, item: Item, now: datetime) -> ItemState:
        """Return where the item stands at ``now``; a waiver ends by itself."""
        if self.sign_off is not None:
            return ItemState.SIGNED_OFF
        if self.waiver is not None and now < self.waiver.until:
            return ItemState.WAIVED
        if self.latest is None:
            return ItemState.OPEN
        return ItemState.NOT_MET if self.lacking(item) else ItemState.EVIDENCE

    def lacking(self, item: Item) -> tuple[Criterion, ...]:
        """Return the criteria that the latest evidence does not show; all of them when a probe failed."""
        if self.latest is None or self.latest.failed:
            return item.criteria
        return unmet(item.criteria, self.latest.measures)

    def showing(self, evidence: Evidence) -> "Progress":
        """Return it with newer evidence, which voids the sign-off that had seen another."""
        return replace(self, latest=evidence, evidence_count=self.evidence_count + 1, sign_off=None)

    def signed_off(self, item: Item, by: str, at: datetime, seen: str) -> "Progress":
        """Return it signed off.

        Raises:
            NoEvidence, EvidenceChanged, CriterionNotMet
        """
        if self.latest is None or (self.latest.failed and not item.criteria):
            raise NoEvidence(item_id=self.item_id)
        if seen != self.latest.hash:
            raise EvidenceChanged
        if lacking := self.lacking(item):
            raise CriterionNotMet(item_id=self.item_id, criterion=str(lacking[0]))
        return replace(self, sign_off=SignOff(by, at, seen))

    def waived(self, by: str, at: datetime, reason: str, until: datetime) -> "Progress":
        """Return it waived.

        Raises:
            WaiverEndsBefore
        """
        if until <= at:
            raise WaiverEndsBefore(field="until")
        return replace(self, waiver=Waiver(by, at, reason, until))

    def reopened(self) -> "Progress":
        """Return it without sign-off and waiver; its evidence stays."""
        return replace(self, sign_off=None, waiver=None)


def refreshes(go_live: GoLive, item: Item, progress: Progress) -> bool:
    """Tell whether evidence of an item is still refreshed: until its window is closed, or the go-live is over."""
    window = next((one for one in go_live.windows if one.window_id == item.window_id), None)
    is_open = window is not None and window.closed_at is None and go_live.state not in OVER
    return is_open and progress.probe is not None and progress.every > 0


@dataclass(frozen=True, slots=True)
class Line:
    """One item with what became of it."""

    item: Item
    progress: Progress
    due: date
    state: ItemState
    overdue: bool

    @property
    def blocks(self) -> bool:
        """It keeps its window from closing."""
        return self.item.blocking and self.state not in PASSED


def lines(
    go_live: GoLive, checklist: Checklist, touched: Iterable[Progress], now: datetime, today: date
) -> tuple[Line, ...]:
    """Return every item of a go-live with what became of it; ``today`` is the day in its zone."""
    known = {one.item_id: one for one in touched}
    due = {window.window_id: window.due for window in go_live.windows}
    found = []
    for item in checklist.items:
        progress = known.get(item.item_id) or Progress(go_live.tenant_id, go_live.go_live_id, item.item_id)
        state, until = progress.state(item, now), progress.due or due[item.window_id]
        found.append(Line(item, progress, until, state, state not in PASSED and today > until))
    return tuple(found)
