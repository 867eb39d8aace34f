"""A change of an incident as it is put together: the incident, its timeline, timers, pages and events. Pure."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from enghub.core.events import Envelope
from enghub.core.identity import Origin
from enghub.core.notices import NoticeRequested
from enghub.core.notices import Severity as NoticeSeverity
from enghub.core.timers.model import CancelTimer, SetTimer, TimerChange
from enghub.golive.incidents.model import Clock, Entry, Incident, IncidentState, entry
from enghub.golive.incidents.paging import OnCall, Page, advance, reminds_at
from enghub.golive.incidents.services import OperatedService
from enghub.golive.incidents.targets import MEETING, IncidentSeverity
from enghub.golive.published import IncidentChanged

ESCALATE, CLOCK = "incident_escalate", "incident_clock"
PAGE = "golive.page"
LEADS = ("OPS_LEAD",)
LOUD = frozenset({IncidentSeverity.P0, IncidentSeverity.P1})


@dataclass(slots=True)
class Draft:
    """What one transaction will hold."""

    incident: Incident
    origin: Origin
    entries: list[Entry] = field(default_factory=list)
    timers: dict[tuple[str, str], TimerChange] = field(default_factory=dict)
    notices: list[NoticeRequested] = field(default_factory=list)

    def change(self, **fields: Any) -> None:
        """Change fields of the incident."""
        self.incident = replace(self.incident, **fields)

    def note(self, kind: str, **data: Any) -> None:
        """Append to the timeline."""
        made = entry(self.incident, kind, data, self.origin.user_id, self.origin.at)
        self.entries.append(made)
        self.change(entries=made.number, head=made.hash)

    def wake(self, subject: str, purpose: str, at: datetime) -> None:
        """Set a timer."""
        self.timers[subject, purpose] = SetTimer(subject, purpose, at)

    def rest(self, subject: str, purpose: str) -> None:
        """Cancel a timer."""
        self.timers[subject, purpose] = CancelTimer(subject, purpose)

    def page_from(self, due: datetime, on_call: OnCall, also: tuple[str, ...] = ()) -> None:
        """Page whoever is next, and set when to look again; ``due`` is when this page should be sent.

        Who is ``also`` named hears with them.
        """
        found = advance(self.incident, due, self.origin.at, on_call)
        self.incident = found.incident
        for step in found.empty:
            self.note("nobody_on_call", step=step)
        if found.page is not None:
            users = tuple(dict.fromkeys((*also, *found.page.users)))
            self._page(replace(found.page, users=users))
        if found.again is not None:
            self.wake(self.incident.subject, ESCALATE, found.again)
        if found.exhausted:
            self.note("escalation_exhausted")
            key = f"exhausted/{self.incident.epoch}"
            self.tell("golive.escalation_exhausted", key, {}, roles=LEADS, loud=True)

    def start_paging(self, on_call: OnCall, also: tuple[str, ...] = ()) -> None:
        """Begin anew with the first step, now, or when a silence ends."""
        quiet = self.incident.quiet_until
        self.change(position=0, epoch=self.incident.epoch + 1, found_anybody=False)
        if quiet is not None and quiet > self.origin.at:
            self.note("quiet", until=quiet)
            self.wake(self.incident.subject, ESCALATE, quiet)
        else:
            self.page_from(self.origin.at, on_call, also)

    def stop_paging(self) -> None:
        """Page nobody more, or only when an acknowledgement lapses."""
        if not self.stays_awake():
            self.rest(self.incident.subject, ESCALATE)

    def stays_awake(self) -> bool:
        """Put off the lapse of an acknowledgement: somebody says something; tell whether there is one."""
        lapses = reminds_at(self.incident, self.origin.at)
        if lapses is not None:
            self.wake(self.incident.subject, ESCALATE, lapses)
        return lapses is not None

    def lapse(self, on_call: OnCall) -> None:
        """Page anew: who acknowledged, and who is on call now."""
        who = self.incident.acknowledged_by
        self.note("acknowledgement_lapsed", user=who)
        self.change(state=IncidentState.OPEN)
        self.start_paging(on_call, also=(who,) if who and not who.startswith("integration:") else ())

    def gather(self, service: OperatedService | None) -> None:
        """Open the war room of a P0; everybody who is paged hears where it is, and by when to meet."""
        meeting = self.incident.clock(MEETING)
        if self.incident.severity is IncidentSeverity.P0 and meeting is not None and not self.incident.war_room:
            place = (
                service.war_room if service and service.war_room else f"#incident-{self.incident.incident_id.lower()}"
            )
            self.change(war_room=place)
            self.note("war_room", place=place, meet_by=meeting.due)

    def time(self, clock: Clock) -> None:
        """Let a clock wake at its time, or not."""
        subject = clock_subject(self.incident.incident_id, clock.name)
        if clock.runs:
            self.wake(subject, CLOCK, clock.due)
        else:
            self.rest(subject, CLOCK)

    def stop(self, names: frozenset[str]) -> None:
        """Stop clocks that were met."""
        before = {one.name: one for one in self.incident.clocks}
        self.incident = self.incident.met(names, self.origin.at)
        for one in self.incident.clocks:
            if one != before[one.name]:
                self.time(one)

    def tell(
        self,
        kind: str,
        key: str,
        facts: dict[str, Any],
        *,
        roles: tuple[str, ...] = (),
        users: tuple[str, ...] = (),
        acknowledge: bool = False,
        loud: bool = False,
    ) -> None:
        """Ask that people be told; the same key is told once."""
        one = self.incident
        known = {
            "incident_id": one.incident_id,
            "title": one.title,
            "severity": one.severity.value,
            "service": one.service_id,
            "state": one.state.value,
        }
        self.notices.append(
            NoticeRequested(
                notice_type=kind,
                severity=NoticeSeverity.CRITICAL if loud or one.severity in LOUD else NoticeSeverity.WARNING,
                subject=one.subject,
                facts={**known, **facts},
                roles=roles,
                users=users,
                acknowledge=acknowledge,
                dedupe_key=f"{one.incident_id}/{key}",
            )
        )

    @property
    def is_paging(self) -> bool:
        """Whether somebody is paged by it."""
        return any(one.notice_type == PAGE for one in self.notices)

    def say_stopped(self, stopped: str) -> None:
        """Let its pages say what of production stands still."""
        if stopped:
            self.notices = [
                one.model_copy(update={"facts": {**one.facts, "stopped": stopped}}) if one.notice_type == PAGE else one
                for one in self.notices
            ]

    def events(self, what: str) -> tuple[Envelope, ...]:
        """Return the events of the change."""
        one = self.incident
        changed = IncidentChanged(
            incident_id=one.incident_id,
            what=what,
            title=one.title,
            service_id=one.service_id,
            severity=one.severity.value,
            state=one.state.value,
            opened_at=one.opened_at.isoformat(),
        )
        return (changed.envelope(self.origin), *(notice.envelope(self.origin) for notice in self.notices))

    def _page(self, page: Page) -> None:
        one = self.incident
        self.note("paged", users=page.users, step=page.step, round=page.round)
        facts: dict[str, Any] = {"step": page.step}
        if one.first_steps:
            facts["first_steps"] = one.first_steps
        if one.runbooks:
            facts["runbooks"] = ", ".join(one.runbooks)
        if one.impact:
            facts["impact"] = one.impact
        if one.war_room:
            facts["war_room"] = one.war_room
        key = f"page/{one.epoch}/{one.position}"
        self.tell(PAGE, key, facts, users=page.users, acknowledge=True, loud=True)


def clock_subject(incident_id: str, name: str) -> str:
    """Return a clock's name among timers."""
    return f"incident/{incident_id}/{name}"
