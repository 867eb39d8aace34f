"""What happens to incidents: declared, paged, acknowledged, mitigated, resolved, reopened, closed (OPS-10, OPS-12)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from enghub.core import ids
from enghub.core.claims import Claim
from enghub.core.commits import Commit, Kept
from enghub.core.identity import Origin
from enghub.core.timers.model import DueTimer
from enghub.golive.calendars.model import WorkingCalendar
from enghub.golive.content.model import runbooks_for
from enghub.golive.incidents.draft import Draft
from enghub.golive.incidents.errors import IncidentNotFound
from enghub.golive.incidents.model import Clock, Entry, Incident, IncidentState, Period, Role, clocks_of, update_due
from enghub.golive.incidents.paging import OnCall
from enghub.golive.incidents.services import OperatedService
from enghub.golive.incidents.targets import RESPOND, UPDATE, IncidentSeverity
from enghub.golive.policies.model import Policy

if TYPE_CHECKING:  # what compiles rules is not imported where none is asked
    from enghub.golive.incidents.agreed import Agreed

BROKEN = (IncidentState.OPEN, IncidentState.ACKNOWLEDGED, IncidentState.MITIGATED)


class Incidents_(Protocol):  # noqa: N801 - the store of Incidents
    """What the use cases need of a store."""

    def get(self, tenant_id: str, incident_id: str) -> Kept[Incident] | None:
        """Return an incident."""

    def save(
        self, commit: Commit[Incident], entries: list[Entry], due: DueTimer | None = None, more: tuple[Any, ...] = ()
    ) -> Kept[Incident]:
        """Store a change with its timeline, the mark of the timer that made it, and ``more`` with it."""


@dataclass(frozen=True, slots=True)
class New:
    """What an incident begins with."""

    service: OperatedService
    title: str
    severity: IncidentSeverity
    declared_by: str
    impact: str = ""
    group_key: str = ""
    quiet_until: datetime | None = None
    drill_id: str = ""


def _nothing(_: Incident, __: datetime) -> str:
    return ""


def _nothing_agreed(_: OperatedService, __: IncidentSeverity) -> "Agreed | None":
    return None


@dataclass(frozen=True, slots=True)
class Incidents:
    """The use cases."""

    store: Incidents_
    policy: Callable[[str, str], Policy | None]
    calendar: Callable[[str, str], WorkingCalendar | None]
    on_call: Callable[[str], OnCall]
    """Who a target is, for a tenant."""
    closing: Callable[[Incident, Origin], tuple[Any, ...]]
    """What is stored with the end of an incident: its group of alerts is closed."""
    reopening: Callable[[Incident], tuple[Any, ...]]
    """What is stored when it was not over: its group is its own again; nothing where another incident has it."""
    stopped: Callable[[Incident, datetime], str] = _nothing
    """What of production stands still, in one line; empty for nothing."""
    agreed: Callable[[OperatedService, IncidentSeverity], "Agreed | None"] = _nothing_agreed
    """What the tenant's active rule says of the clocks; None where there is none."""

    def get(self, tenant_id: str, incident_id: str) -> Kept[Incident]:
        """Return an incident.

        Raises:
            IncidentNotFound
        """
        found = self.store.get(tenant_id, incident_id)
        if found is None:
            raise IncidentNotFound(incident_id=incident_id)
        return found

    def open(
        self,
        new: New,
        origin: Origin,
        claim: Claim | None = None,
        more: Callable[[str], tuple[Any, ...]] | None = None,
        due: DueTimer | None = None,
    ) -> Kept[Incident]:
        """Open an incident: its policy is frozen, its clocks run, the first people are paged, in one transaction."""
        service = new.service
        said = self.agreed(service, new.severity)
        agreed = said.minutes if said else {}
        made = Incident(
            tenant_id=origin.tenant_id,
            incident_id=ids.new_id(origin.at),
            service_id=service.service_id,
            title=new.title,
            severity=new.severity,
            state=IncidentState.OPEN,
            opened_at=origin.at,
            declared_by=new.declared_by,
            factory_id=origin.factory_id,
            group_key=new.group_key,
            first_steps=service.first_steps,
            runbooks=service.runbooks or runbooks_for(new.title),
            policy=self.policy(origin.tenant_id, service.policy_id),
            quiet_until=new.quiet_until,
            impact=new.impact,
            drill_id=new.drill_id,
            periods=(Period(origin.at),),
            clocks=clocks_of(new.severity, origin.at, self._calendar(service), agreed),
            agreed=agreed,
        )
        draft = Draft(made, origin)
        drill = {"drill": made.drill_id} if made.drill_id else {}
        draft.note("opened", severity=made.severity, title=made.title, service=service.service_id, **drill)
        _say(draft, said)
        for clock in made.clocks:
            draft.time(clock)
        draft.gather(service)
        draft.start_paging(self.on_call(origin.tenant_id))
        return self._save(draft, "opened", None, claim=claim, more=more(made.incident_id) if more else (), due=due)

    def worsen(
        self,
        kept: Kept[Incident],
        severity: IncidentSeverity,
        service: OperatedService | None,
        origin: Origin,
        more: tuple[Any, ...] = (),
    ) -> Kept[Incident]:
        """Raise the severity: new clocks from now on, and everybody concerned is paged anew."""
        draft = Draft(kept.value, origin)
        draft.note("severity", before=kept.value.severity, after=severity)
        known = {one.name: one for one in kept.value.clocks}
        calendar = self._calendar(service) if service else None
        said = self.agreed(service, severity) if service else None
        agreed = said.minutes if said else {}
        _say(draft, said)
        new = tuple(
            known[one.name] if one.name in known and not known[one.name].runs else one
            for one in clocks_of(severity, origin.at, calendar, agreed)
        )
        for gone in known.keys() - {one.name for one in new}:
            draft.time(replace(known[gone], met_at=origin.at))
        draft.change(severity=severity, clocks=new, agreed=agreed)
        draft.gather(service)
        for clock in new:
            draft.time(clock)
        if severity.rank < kept.value.severity.rank:
            if kept.value.state is IncidentState.ACKNOWLEDGED:
                draft.change(state=IncidentState.OPEN)
            draft.start_paging(self.on_call(origin.tenant_id))
        return self._save(draft, "severity_changed", kept, more=more)

    def acknowledge(self, kept: Kept[Incident], by: str, origin: Origin, more: tuple[Any, ...] = ()) -> Kept[Incident]:
        """Note that somebody is at it; nobody more is paged. Who says it again changes nothing."""
        incident = kept.value
        if incident.state is not IncidentState.OPEN:
            return kept
        draft = Draft(incident, origin)
        draft.note("acknowledged", user=by)
        draft.change(
            state=IncidentState.ACKNOWLEDGED, acknowledged_at=incident.acknowledged_at or origin.at, acknowledged_by=by
        )
        draft.stop(frozenset({RESPOND}))
        draft.stop_paging()
        return self._save(draft, "acknowledged", kept, more=more)

    def mitigate(self, kept: Kept[Incident], note: str, origin: Origin) -> Kept[Incident]:
        """Note that users are served again.

        Raises:
            NotInThatState
        """
        kept.value.demand("mitigate", IncidentState.OPEN, IncidentState.ACKNOWLEDGED)
        draft = Draft(kept.value, origin)
        draft.note("mitigated", note=note)
        draft.change(state=IncidentState.MITIGATED, mitigated_at=origin.at)
        draft.stop(frozenset({RESPOND}))
        draft.stop_paging()
        return self._save(draft, "mitigated", kept)

    def resolve(self, kept: Kept[Incident], note: str, origin: Origin, more: tuple[Any, ...] = ()) -> Kept[Incident]:
        """Note that it is over: clocks stop, and the next alert of the same group opens another incident.

        Raises:
            NotInThatState
        """
        kept.value.demand("resolve", *BROKEN)
        draft = Draft(kept.value, origin)
        draft.note("resolved", note=note)
        *earlier, last = kept.value.periods
        draft.change(
            state=IncidentState.RESOLVED, resolved_at=origin.at, periods=(*earlier, replace(last, end=origin.at))
        )
        clocks = tuple(replace(one, paused_at=origin.at) if one.runs else one for one in draft.incident.clocks)
        draft.change(clocks=clocks)
        for clock in clocks:
            draft.time(clock)
        draft.stop_paging()
        closing = self.closing(draft.incident, origin) if kept.value.group_key else ()
        return self._save(draft, "resolved", kept, more=(*closing, *more))

    def reopen(self, kept: Kept[Incident], note: str, origin: Origin) -> Kept[Incident]:
        """Note that it was not over: clocks go on where they stood, the quiet time does not count.

        Its alerts are its own again, unless another incident has opened for them.

        Raises:
            NotInThatState
        """
        kept.value.demand("reopen", IncidentState.RESOLVED)
        draft = Draft(kept.value, origin)
        draft.note("reopened", note=note)
        alerts = self.reopening(kept.value)
        clocks = tuple(_resumed(one, origin.at) for one in kept.value.clocks)
        draft.change(
            state=IncidentState.OPEN,
            resolved_at=None,
            periods=(*kept.value.periods, Period(origin.at)),
            clocks=clocks,
            group_key=kept.value.group_key if alerts else "",
        )
        for clock in clocks:
            draft.time(clock)
        draft.start_paging(self.on_call(origin.tenant_id))
        return self._save(draft, "reopened", kept, more=alerts)

    def close(self, kept: Kept[Incident], cause: str, origin: Origin) -> Kept[Incident]:
        """Note the cause; nothing changes any more.

        Raises:
            NotInThatState
        """
        kept.value.demand("close", IncidentState.RESOLVED)
        draft = Draft(kept.value, origin)
        draft.note("closed", cause=cause)
        draft.change(state=IncidentState.CLOSED, closed_at=origin.at, cause=cause)
        return self._save(draft, "closed", kept)

    def done(self, kept: Kept[Incident], step: str, note: str, origin: Origin) -> Kept[Incident]:
        """Note that a step with a clock is done: the meeting, the diagnosis, the workaround."""
        draft = Draft(kept.value, origin)
        draft.note("step_done", step=step, note=note)
        draft.stop(frozenset({step}))
        draft.stays_awake()
        return self._save(draft, "step_done", kept)

    def update(self, kept: Kept[Incident], text: str, origin: Origin) -> Kept[Incident]:
        """Tell people how it stands; the next update is due anew.

        Raises:
            NotInThatState
        """
        kept.value.demand("update", *BROKEN, IncidentState.RESOLVED)
        draft = Draft(kept.value, origin)
        draft.note("update", text=text)
        draft.stays_awake()
        due = update_due(kept.value.severity, origin.at, kept.value.agreed)
        if due is not None and not kept.value.state.is_over:
            clock = Clock(UPDATE, due)
            others = tuple(one for one in draft.incident.clocks if one.name != UPDATE)
            draft.change(clocks=(*others, clock))
            draft.time(clock)
        draft.tell("golive.incident_update", f"update/{draft.incident.entries}", {"text": text}, roles=("OPS_LEAD",))
        return self._save(draft, "updated", kept)

    def note(self, kept: Kept[Incident], text: str, origin: Origin) -> Kept[Incident]:
        """Append something to the timeline."""
        draft = Draft(kept.value, origin)
        draft.note("note", text=text)
        draft.stays_awake()
        return self._save(draft, "noted", kept)

    def describe(self, kept: Kept[Incident], changes: dict[str, Any], origin: Origin) -> Kept[Incident]:
        """Say title, impact, links."""
        draft = Draft(kept.value, origin)
        draft.note("described", **changes)
        draft.change(**changes)
        return self._save(draft, "described", kept)

    def assign(self, kept: Kept[Incident], role: Role, user: str, origin: Origin) -> Kept[Incident]:
        """Give somebody a role."""
        draft = Draft(kept.value, origin)
        draft.note("role", role=role, user=user)
        draft.change(roles={**kept.value.roles, role.value: user})
        return self._save(draft, "role_assigned", kept)

    def lead(
        self,
        kept: Kept[Incident],
        action: str,
        origin: Origin,
        fill: Callable[[Draft], None],
        *,
        more: tuple[Any, ...] = (),
        due: DueTimer | None = None,
        claim: Claim | None = None,
        answered: Any = None,
    ) -> Kept[Incident]:
        """Store what is done about an incident elsewhere (a runbook) with its timeline, in one transaction."""
        draft = Draft(kept.value, origin)
        fill(draft)
        return self._save(draft, action, kept, due=due, claim=claim, more=more, answered=answered)

    # --- timers ------------------------------------------------------------------------------------------------------

    def escalate(self, due: DueTimer, origin: Origin) -> None:
        """Page the next people; the effect of an escalation's timer."""
        kept = self.get(due.tenant_id, due.subject.split("/")[1])
        draft = Draft(kept.value, origin)
        if kept.value.state is IncidentState.ACKNOWLEDGED:
            draft.lapse(self.on_call(due.tenant_id))
        else:
            draft.page_from(due.due, self.on_call(due.tenant_id))
        self._save(draft, "escalated", kept, due=due)

    def ran_out(self, due: DueTimer, origin: Origin) -> None:
        """Note and tell that a clock ran out; the effect of its timer."""
        _, incident_id, name = due.subject.split("/")
        kept = self.get(due.tenant_id, incident_id)
        draft, clock = Draft(kept.value, origin), kept.value.clock(name)
        if clock is not None and clock.runs:
            draft.incident = draft.incident.with_clock(replace(clock, breached_at=due.due))
            draft.note("breach", clock=name, due=due.due)
            draft.tell("golive.breach", f"breach/{name}/{due.version}", {"clock": name}, roles=("OPS_LEAD",), loud=True)
        self._save(draft, "clock_ran_out", kept, due=due)

    def _calendar(self, service: OperatedService) -> WorkingCalendar | None:
        return self.calendar(service.tenant_id, service.calendar_id) if service.calendar_id else None

    def _save(
        self,
        draft: Draft,
        action: str,
        kept: Kept[Incident] | None,
        *,
        due: DueTimer | None = None,
        claim: Claim | None = None,
        more: tuple[Any, ...] = (),
        answered: Any = None,
    ) -> Kept[Incident]:
        if draft.is_paging:
            draft.say_stopped(self.stopped(draft.incident, draft.origin.at))
        commit = Commit(
            draft.origin,
            action,
            draft.incident,
            kept,
            events=draft.events(action),
            timers=tuple(
                one
                for (subject, purpose), one in draft.timers.items()
                if due is None or (subject, purpose) != (due.subject, due.purpose)
            ),
            claim=claim,
            answered=answered,
        )
        again = None if due is None else draft.timers.get((due.subject, due.purpose))
        return self.store.save(commit, draft.entries, due, (*more, *(() if again is None else (again,))))


def _say(draft: Draft, said: "Agreed | None") -> None:
    """Note by which rule the clocks run, or why its version could not decide."""
    if said is not None and said.problem:
        draft.note("rule_failed", rule=said.rule, version=said.version, problem=said.problem)
    elif said is not None and said.minutes:
        draft.note("targets", rule=said.rule, version=said.version, minutes=dict(said.minutes))


def _resumed(clock: Clock, at: datetime) -> Clock:
    if clock.paused_at is None:
        return clock
    return replace(clock, due=clock.due + (at - clock.paused_at), paused_at=None)
