"""Reads what a replay needs, once each: incidents, their timelines, rotas (OPS-22)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from enghub.core.dynamo import Page
from enghub.core.setup.errors import SetupNotFound
from enghub.golive.incidents import dynamo
from enghub.golive.incidents.model import Incident
from enghub.golive.oncall.model import Schedule
from enghub.golive.oncall.rota import Rota
from enghub.golive.oncall.wiring import oncall
from enghub.golive.policies.model import Policy, Target, TargetKind
from enghub.golive.replays.service import Replayed, happened, replayed
from enghub.kit.calendars.intervals import Interval

MOST = 200
"""Incidents of one answer: a Query each."""
AFTER = timedelta(days=7)
"""An incident opened at the end of the period may be paged for so long."""


@dataclass
class Rotas:
    """Who is on by schedules as they were, or as they are proposed."""

    tenant_id: str
    span: Interval
    proposed: Mapping[str, Schedule]
    found: dict[str, Rota | None] = field(default_factory=dict)

    def on_call(self, target: Target, at: datetime, policy_id: str) -> tuple[str, ...]:
        """Return who a target is; nobody where its schedule is gone."""
        if target.kind is TargetKind.USER:
            return (target.target_id,)
        if target.target_id not in self.found:
            self.found[target.target_id] = self._rota(target.target_id)
        rota = self.found[target.target_id]
        levels = rota.on_at(at, policy_id) if rota else ()
        return levels[target.level - 1] if target.level <= len(levels) else ()

    def _rota(self, schedule_id: str) -> Rota | None:
        proposed = self.proposed.get(schedule_id)
        if proposed is not None:
            return oncall().proposed(proposed, self.span)
        try:
            return oncall().rota(self.tenant_id, schedule_id, self.span)
        except SetupNotFound:
            return None


def replay(
    tenant_id: str,
    span: Interval,
    proposed: tuple[Policy | None, Mapping[str, Schedule]],
    only: tuple[str | None, str | None] = (None, None),
    cursor: str | None = None,
) -> Page[Replayed]:
    """Return a page of the incidents opened in a period, by time; ``only`` of a service, a policy.

    Drills are left out: nobody's night was disturbed by what a policy did.
    """
    policy, schedules = proposed
    found = dynamo.opened(tenant_id, span, MOST, cursor)
    rotas = Rotas(tenant_id, Interval(span.start, span.end + AFTER), schedules)
    wanted = (one for one in found.items if _is_wanted(one, *only))
    return Page(tuple(_replayed(one, policy, rotas) for one in wanted), found.cursor)


def _is_wanted(one: Incident, service_id: str | None, policy_id: str | None) -> bool:
    if one.drill_id:
        return False
    frozen = one.policy.policy_id if one.policy else ""
    return (service_id is None or one.service_id == service_id) and (policy_id is None or frozen == policy_id)


def _replayed(one: Incident, policy: Policy | None, rotas: Rotas) -> Replayed:
    entries = dynamo.whole_timeline(one.tenant_id, one.incident_id)
    course = replayed(one, entries, policy or one.policy, rotas.on_call, rotas.span.end)
    return Replayed(one, happened(entries), course)
