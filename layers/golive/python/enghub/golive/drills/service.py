"""Drills: planned, begun by real payloads through the real intake, measured and scored (OPS-16)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Protocol

from enghub.core import ids
from enghub.core.claims import Claim
from enghub.core.commits import Commit, Kept
from enghub.core.errors import Invalid, NotFound, RuleViolated
from enghub.core.events import Envelope
from enghub.core.identity import Origin
from enghub.core.notices import NoticeRequested, Severity
from enghub.core.timers.model import CancelTimer, DueTimer, SetTimer
from enghub.golive.actions.model import Action, Wanted
from enghub.golive.actions.service import promised
from enghub.golive.drills import plans
from enghub.golive.drills.errors import AgainstProduction, DrillNotFound, NoWorkingTime
from enghub.golive.drills.model import LIMIT, Drill, DrillState, Followed, Score, drawn, measured, scored
from enghub.golive.drills.plans import Aim, DrillPlan, Slot
from enghub.golive.incidents.model import Entry, Incident
from enghub.golive.published import DrillEnded
from enghub.golive.purposes import DRILL_BEGIN, DRILL_END, DRILL_PLAN
from enghub.kit.calendars.days import WorkingDays
from enghub.kit.calendars.zones import day_of, zone

TESTING, SELF, LEADS = "TEST", "golive", ("OPS_LEAD",)


class Store(Protocol):
    """What the use cases need of a store."""

    def get(self, tenant_id: str, drill_id: str) -> Kept[Drill] | None:
        """Return one."""

    def save(
        self, commit: Commit[Drill], due: DueTimer | None = None, actions: tuple[Commit[Action], ...] = ()
    ) -> Kept[Drill]:
        """Store a change, with the mark of the timer that made it, and new actions."""

    def rest(self, due: DueTimer, now: datetime) -> None:
        """Note that a timer rang whose reason is gone."""

    def plan(self, tenant_id: str, plan_id: str) -> Kept[DrillPlan] | None:
        """Return a plan."""

    def month(self, due: DueTimer, again: SetTimer, drills: tuple[Commit[Drill], ...], origin: Origin) -> None:
        """Store a month's drills with the next time of the plan's timer."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a drill's payload would go, as the intake places it now."""

    service_id: str
    environment: str
    protocol: str
    is_open: bool
    """Its alerts have an open incident that is none of this drill's."""


class Range(Protocol):
    """What a drill is run against."""

    def aim(self, drill: Drill, title: str) -> Target:
        """Tell where the payload goes. Raises SetupNotFound, NotADrillPayload, WrongAlert."""

    def fire(self, drill: Drill, title: str, origin: Origin) -> str:
        """Send the payload through the intake; return the incident. The same drill again changes nothing."""

    def seen(self, drill: Drill) -> tuple[Incident, tuple[Entry, ...], Followed | None]:
        """Return the incident, its timeline, what became of the scenario's runbook."""


@dataclass(frozen=True, slots=True)
class Drills:
    """The use cases."""

    store: Store
    range: Range
    days: Callable[[str, str], WorkingDays]
    """The working days of a calendar, for a tenant."""
    number: Callable[[], int]
    """A number that nobody can foretell."""

    def get(self, tenant_id: str, drill_id: str, user: str = "") -> Kept[Drill]:
        """Return one that a user may know of.

        Raises:
            DrillNotFound
        """
        found = self.store.get(tenant_id, drill_id)
        if found is None or (user and found.value.is_hidden_from(user)):
            raise DrillNotFound(drill_id=drill_id)
        return found

    def plan(self, slot: Slot, aim: Aim, origin: Origin, claim: Claim | None) -> Kept[Drill]:
        """Plan a drill: its moment is drawn now; against production it is refused now.

        Raises:
            SetupNotFound, AgainstProduction, NoWorkingTime, NotADrillPayload, WrongAlert
        """
        made = self._made(slot, aim, origin)
        self._aimed(made)
        return self.store.save(replace(_planned(made, origin), claim=claim))

    def cancel(self, drill_id: str, reason: str, origin: Origin) -> Kept[Drill]:
        """Call a drill off before it begins.

        Raises:
            DrillNotFound, WrongDrillState
        """
        before = self.get(origin.tenant_id, drill_id, origin.user_id)
        if before.value.state is DrillState.CANCELLED:
            return before
        before.value.demand(DrillState.PLANNED)
        after = replace(before.value, state=DrillState.CANCELLED, reason=reason, ended_at=origin.at)
        rest = (CancelTimer(after.subject, DRILL_BEGIN),)
        return self.store.save(Commit(origin, "cancelled", after, before, timers=rest, reason=reason))

    def end(self, drill_id: str, origin: Origin) -> Kept[Drill]:
        """End a drill: measured by its incident's timeline, scored.

        Raises:
            DrillNotFound, WrongDrillState
        """
        before = self.get(origin.tenant_id, drill_id, origin.user_id)
        if before.value.state is DrillState.DONE:
            return before
        before.value.demand(DrillState.RUNNING)
        return self._ended(before, origin)

    def judge(self, drill_id: str, dimension: str, points: int, why: str, origin: Origin) -> Kept[Drill]:
        """Put somebody's judgement in place of a measure.

        Raises:
            DrillNotFound, WrongDrillState
        """
        before = self.get(origin.tenant_id, drill_id, origin.user_id)
        after = before.value.judged(dimension, Score(points, why, origin.user_id))
        if after == before.value:
            return before
        return self.store.save(Commit(origin, "judged", after, before, reason=f"{dimension}: {why}"))

    def find(self, drill_id: str, wanted: Wanted, origin: Origin, claim: Claim | None) -> Kept[Action]:
        """Keep a finding: it is an action with an owner and a day.

        Raises:
            DrillNotFound, WrongDrillState
        """
        before = self.get(origin.tenant_id, drill_id, origin.user_id)
        before.value.demand(DrillState.RUNNING, DrillState.DONE)
        (action,) = promised(before.value.subject, (wanted,), origin)
        after = replace(before.value, findings=before.value.findings + 1)
        commit = Commit(origin, "found", after, before, claim=claim, answered=action.after, reason=wanted.title)
        self.store.save(commit, actions=(action,))
        return Kept(action.after)

    # --- timers ------------------------------------------------------------------------------------------------------

    def begin(self, due: DueTimer, origin: Origin) -> None:
        """Send the payload; the effect of a drill's timer. What would reach production is refused again, now."""
        before = self.get(due.tenant_id, due.subject.partition("/")[2])
        drill = before.value
        if drill.state is not DrillState.PLANNED:
            self.store.rest(due, origin.at)
            return
        problem = self._problem(drill)
        if problem:
            refused = replace(drill, state=DrillState.REFUSED, reason=problem, ended_at=origin.at)
            told = _notice(refused, "drill_ended", _planner(drill), Severity.WARNING, LEADS)
            self.store.save(Commit(origin, "refused", refused, before, (told.envelope(origin),)), due)
            return
        incident_id = self.range.fire(drill, _title(drill), origin)
        after = replace(drill, state=DrillState.RUNNING, started_at=drill.at, incident_id=incident_id)
        # Also where nobody planned it: what makes load and faults is begun by a rule for this notice.
        events = (_notice(after, "drill_begun", _planner(drill), Severity.INFO).envelope(origin),)
        timers = (SetTimer(after.subject, DRILL_END, origin.at + LIMIT),)
        self.store.save(Commit(origin, "begun", after, before, events=events, timers=timers), due)

    def run_out(self, due: DueTimer, origin: Origin) -> None:
        """End a drill that nobody ended; the effect of its timer."""
        before = self.get(due.tenant_id, due.subject.partition("/")[2])
        if before.value.state is not DrillState.RUNNING:
            self.store.rest(due, origin.at)
            return
        self._ended(before, origin, due)

    def plan_month(self, due: DueTimer, origin: Origin) -> None:
        """Plan the drills of the month that begins; the effect of the plan's timer, which is set to the next one."""
        kept = self.store.plan(due.tenant_id, due.subject.partition("/")[2])
        if kept is None or kept.value.is_deleted:
            self.store.rest(due, origin.at)
            return
        plan = kept.value
        month = _local_day(plan, due.due)
        made = (self._of_plan(plan, slot, origin) for slot in plans.slots(plan, month))
        commits = tuple(one for one in made if one is not None)
        again = SetTimer(plan.subject, DRILL_PLAN, plans.next_month(plan, due.due))
        self.store.month(due, again, commits, origin)

    # --- inside ------------------------------------------------------------------------------------------------------

    def _of_plan(self, plan: DrillPlan, slot: Slot, origin: Origin) -> Commit[Drill] | None:
        """Return the commit of a planned drill; None where nothing is left of its month, or its calendar is gone."""
        try:
            return _planned(self._made(slot, plan.aim, origin), origin)
        except (NoWorkingTime, NotFound):
            return None

    def _made(self, slot: Slot, aim: Aim, origin: Origin) -> Drill:
        days = self.days(origin.tenant_id, aim.calendar_id)
        at, window = drawn((slot.first, slot.last), aim.hours, days, origin.at, self.number())
        return Drill(
            tenant_id=origin.tenant_id,
            drill_id=ids.new_id(origin.at),
            kind=slot.kind,
            scenario=slot.scenario,
            integration_id=aim.integration_id,
            participants=slot.participants,
            unannounced=slot.unannounced,
            at=at,
            window_start=window.start,
            window_end=window.end,
            planned_by=origin.user_id,
            planned_at=origin.at,
            payload=aim.payload,
            group=slot.group,
        )

    def _aimed(self, drill: Drill) -> Target:
        target = self.range.aim(drill, _title(drill))
        if target.environment != TESTING:
            raise AgainstProduction(service=target.service_id, environment=target.environment)
        return target

    def _problem(self, drill: Drill) -> str:
        """Return why a drill cannot begin now, empty where it can."""
        try:
            target = self._aimed(drill)
        except (Invalid, NotFound, RuleViolated) as error:
            return error.message("en")
        return f"{target.service_id} has an open incident: a drill would hide in it" if target.is_open else ""

    def _ended(self, before: Kept[Drill], origin: Origin, due: DueTimer | None = None) -> Kept[Drill]:
        drill = before.value
        incident, entries, followed = self.range.seen(drill)
        runbook = str(plans.scenario(drill.scenario).get("runbook", ""))
        after = replace(
            drill,
            state=DrillState.DONE,
            ended_at=origin.at,
            measures=measured(drill, incident, entries),
            scores=scored(incident, entries, runbook, followed),
        )
        ended = DrillEnded(
            drill_id=after.drill_id, scenario=after.scenario, incident_id=after.incident_id, score=after.total or 0
        )
        told = _notice(after, "drill_ended", (*_planner(drill), *drill.participants), Severity.INFO, LEADS)
        rest = () if due is not None else (CancelTimer(after.subject, DRILL_END),)
        events: tuple[Envelope, ...] = (ended.envelope(origin), told.envelope(origin))
        return self.store.save(Commit(origin, "ended", after, before, events=events, timers=rest), due)


def _local_day(plan: DrillPlan, at: datetime) -> date:
    return day_of(at, zone(plan.hours.zone))


def _title(drill: Drill) -> str:
    said = plans.scenario(drill.scenario)
    return str(said["en"])


def _planned(drill: Drill, origin: Origin) -> Commit[Drill]:
    """Return the commit of a new drill; participants hear of it only where it is announced."""
    told = _notice(drill, "drill_planned", drill.participants, Severity.INFO)
    events = () if drill.unannounced else (told.envelope(origin),)
    return Commit(origin, "planned", drill, events=events, timers=(SetTimer(drill.subject, DRILL_BEGIN, drill.at),))


def _planner(drill: Drill) -> tuple[str, ...]:
    """Return who planned a drill, and watches it; nobody where the plan made it: a lead may take part."""
    return () if drill.planned_by == SELF else (drill.planned_by,)


def _notice(
    drill: Drill, kind: str, users: tuple[str, ...], severity: Severity, roles: tuple[str, ...] = ()
) -> NoticeRequested:
    said = plans.scenario(drill.scenario)
    facts = {
        "drill_id": drill.drill_id,
        "scenario_id": drill.scenario,
        "scenario": f"{said['en']} / {said['zh']}",
        "at": f"{drill.at:%Y-%m-%d %H:%M} UTC",
        "reason": drill.reason or (f"{drill.total}/100" if drill.total is not None else ""),
    }
    return NoticeRequested(
        notice_type=f"golive.{kind}",
        severity=severity,
        subject=drill.subject,
        facts=facts,
        users=tuple(dict.fromkeys(users)),
        roles=roles,
        dedupe_key=f"{drill.drill_id}/{kind}",
    )
