"""Who would have been paged: recorded incidents once more, with another policy or rota (OPS-22). Pure.

What is replayed are the turns of an incident that its timeline proves: opened, worse, acknowledged, mitigated, over,
not over after all. The very use cases that page people decide (``incidents.service``), on a store in memory: there is
no second copy of their rules. Alerts that only joined a group have paged nobody, and would not by any policy.

Acknowledgements come when they came: what people would have done otherwise nobody knows.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from enghub.core.commits import Commit, Kept
from enghub.core.identity import Origin
from enghub.core.timers.model import DueTimer, SetTimer
from enghub.golive.incidents.draft import ESCALATE
from enghub.golive.incidents.model import Entry, Incident
from enghub.golive.incidents.paging import OnCall
from enghub.golive.incidents.service import Incidents, New
from enghub.golive.incidents.services import OperatedService
from enghub.golive.incidents.targets import IncidentSeverity
from enghub.golive.policies.model import Policy

SAME_TIME = timedelta(minutes=1)
"""A page of the past was sent some seconds after it was due."""
MOST_PAGES = 500


@dataclass(frozen=True, slots=True)
class Moment:
    """People paged together; step 0 is everybody, or the fall-back."""

    at: datetime
    users: tuple[str, ...]
    step: int


@dataclass(frozen=True, slots=True)
class Course:
    """What came of an incident: who was paged when, and whether every step went by unanswered."""

    pages: tuple[Moment, ...]
    is_exhausted: bool = False


@dataclass(frozen=True, slots=True)
class Replayed:
    """One incident: what happened beside what would have."""

    incident: Incident
    happened: Course
    proposed: Course

    @property
    def is_same(self) -> bool:
        """Whether the same people are paged at the same time."""
        before, after = self.happened.pages, self.proposed.pages
        return len(before) == len(after) and all(
            set(one.users) == set(other.users) and abs(one.at - other.at) <= SAME_TIME
            for one, other in zip(before, after, strict=True)
        )


def happened(entries: Iterable[Entry]) -> Course:
    """Return what a timeline proves."""
    found = list(entries)
    pages = tuple(_moment(one) for one in found if one.kind == "paged")
    return Course(pages, any(one.kind == "escalation_exhausted" for one in found))


def replayed(
    incident: Incident, entries: Sequence[Entry], policy: Policy | None, on_call: OnCall, until: datetime
) -> Course:
    """Return what would have come of an incident, before ``until``, with a policy and who would have been on call."""
    memory = _Memory()
    cases = Incidents(
        store=memory,
        policy=lambda _tenant, _policy: policy,
        calendar=lambda _tenant, _calendar: None,
        on_call=lambda _tenant: on_call,
        closing=lambda _incident, _origin: (),
        reopening=lambda _incident: (),
    )
    for turn in entries:
        act = _TURNS.get(turn.kind)
        if act is not None:
            memory.ring(cases, turn.at)
            act(cases, memory, incident, turn)
    memory.ring(cases, until)
    return Course(tuple(memory.pages), memory.is_exhausted)


def people(found: Iterable[Replayed]) -> dict[str, tuple[int, int]]:
    """Return how often everybody was paged, and would have been, by name."""
    before: Counter[str] = Counter()
    after: Counter[str] = Counter()
    for one in found:
        before.update(user for page in one.happened.pages for user in page.users)
        after.update(user for page in one.proposed.pages for user in page.users)
    return {user: (before[user], after[user]) for user in sorted(before.keys() | after.keys())}


@dataclass(slots=True)
class _Memory:
    """The store of one incident that is replayed, and its one timer."""

    kept: Kept[Incident] | None = None
    next: datetime | None = None
    pages: list[Moment] = field(default_factory=list)
    is_exhausted: bool = False

    def get(self, _tenant_id: str, _incident_id: str) -> Kept[Incident] | None:
        """Return the incident."""
        return self.kept

    def save(
        self, commit: Commit[Incident], entries: list[Entry], due: DueTimer | None = None, more: tuple[Any, ...] = ()
    ) -> Kept[Incident]:
        """Keep a change, who is paged by it, and when to look again."""
        if due is not None:
            self.next = None
        for timer in (*commit.timers, *(one for one in more if isinstance(one, SetTimer))):
            if timer.purpose == ESCALATE:
                self.next = timer.due if isinstance(timer, SetTimer) else None
        self.pages += [_moment(one) for one in entries if one.kind == "paged"]
        self.is_exhausted |= any(one.kind == "escalation_exhausted" for one in entries)
        self.kept = Kept(commit.after)
        return self.kept

    def ring(self, cases: Incidents, until: datetime) -> None:
        """Let the timer ring as often as it does before ``until``."""
        while self.kept is not None and self.next is not None and self.next < until and len(self.pages) < MOST_PAGES:
            one = self.kept.value
            due = DueTimer(one.tenant_id, one.subject, ESCALATE, self.next, "", {})
            cases.escalate(due, Origin(one.tenant_id, one.factory_id, "golive", self.next, ""))


def _moment(one: Entry) -> Moment:
    return Moment(one.at, tuple(one.data["users"]), int(one.data["step"]))


def _origin(incident: Incident, turn: Entry) -> Origin:
    return Origin(incident.tenant_id, incident.factory_id, turn.by, turn.at, "")


def _open(cases: Incidents, _memory: _Memory, incident: Incident, turn: Entry) -> None:
    service = OperatedService(incident.tenant_id, incident.service_id, incident.service_id, "-")
    severity = IncidentSeverity(turn.data["severity"])
    new = New(service, incident.title, severity, incident.declared_by, quiet_until=incident.quiet_until)
    cases.open(new, _origin(incident, turn))


def _worsen(cases: Incidents, memory: _Memory, incident: Incident, turn: Entry) -> None:
    if memory.kept is not None:
        cases.worsen(memory.kept, IncidentSeverity(turn.data["after"]), None, _origin(incident, turn))


def _acknowledge(cases: Incidents, memory: _Memory, incident: Incident, turn: Entry) -> None:
    if memory.kept is not None:
        cases.acknowledge(memory.kept, str(turn.data["user"]), _origin(incident, turn))


def _mitigate(cases: Incidents, memory: _Memory, incident: Incident, turn: Entry) -> None:
    if memory.kept is not None:
        cases.mitigate(memory.kept, "", _origin(incident, turn))


def _resolve(cases: Incidents, memory: _Memory, incident: Incident, turn: Entry) -> None:
    if memory.kept is not None:
        cases.resolve(memory.kept, "", _origin(incident, turn))


def _say(cases: Incidents, memory: _Memory, incident: Incident, turn: Entry) -> None:
    """What anybody says puts off the lapse of an acknowledgement."""
    if memory.kept is not None:
        cases.note(memory.kept, "", _origin(incident, turn))


def _reopen(cases: Incidents, memory: _Memory, incident: Incident, turn: Entry) -> None:
    if memory.kept is not None:
        cases.reopen(memory.kept, "", _origin(incident, turn))


_TURNS: dict[str, Callable[[Incidents, _Memory, Incident, Entry], None]] = {
    "opened": _open,
    "severity": _worsen,
    "acknowledged": _acknowledge,
    "mitigated": _mitigate,
    "note": _say,
    "update": _say,
    "step_done": _say,
    "resolved": _resolve,
    "reopened": _reopen,
}
