"""An export becomes a plan; the plan is stored once somebody has seen it (OPS-23)."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Protocol

from enghub.core.commits import Commit, Kept
from enghub.core.events import dumps
from enghub.core.forms import plain
from enghub.core.identity import Origin
from enghub.golive.importers import grafana, opsgenie, pagerduty
from enghub.golive.importers.errors import AlreadyOtherwise, PlanChanged
from enghub.golive.importers.formats import OnCallExport, OpsgenieExport, PagerDutyExport
from enghub.golive.importers.model import Carried, Plan, Reading
from enghub.golive.importers.rotas import carried
from enghub.golive.oncall.model import Override, Schedule
from enghub.golive.oncall.service import OnCall
from enghub.golive.policies.model import Policy

Exports = PagerDutyExport | OpsgenieExport | OnCallExport
EVER = datetime(1970, 1, 1, tzinfo=UTC)


class Policies(Protocol):
    """What an import needs of the use cases of policies."""

    def put(self, name: str, wanted: Policy, version: int | None, origin: Origin) -> Kept[Policy]:
        """Store one."""


def plan(export: Exports, users: dict[str, str], tenant_id: str, at: datetime) -> Plan:
    """Return what an import would store from ``at`` on, and what whoever stores it should know."""
    reading = Reading(users)
    match export:
        case PagerDutyExport():
            found = list(pagerduty.rotas(export, reading, at))
            policies = list(pagerduty.policies(export, reading, tenant_id))
        case OpsgenieExport():
            found = list(opsgenie.rotas(export, reading))
            policies = list(opsgenie.policies(export, reading, tenant_id))
        case OnCallExport():
            found = list(grafana.rotas(export, reading, at))
            policies = list(grafana.policies(export, reading, tenant_id))
    rotas = tuple(carried(one, tenant_id, at) for one in found)
    notes, unknown = tuple(reading.notes), tuple(sorted(reading.unknown))
    return Plan(rotas, tuple(policies), notes, unknown, _hash(rotas, policies, unknown))


def _hash(rotas: tuple[Carried, ...], policies: list[Policy], unknown: tuple[str, ...]) -> str:
    """Return what binds a storing to what was seen: all that is stored, whenever."""
    content = [
        [plain(replace(one.schedule, since=EVER)) for one in rotas],
        [plain(replace(one, made_at=EVER)) for rota in rotas for one in rota.overrides],
        [plain(one) for one in policies],
        list(unknown),
    ]
    return hashlib.sha256(dumps(content).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Importing:
    """The use case of storing a plan; who stores it again finishes what was begun."""

    oncall: OnCall
    policies: Policies
    schedule: Callable[[str, str], Kept[Schedule] | None]
    override: Callable[[str, str, str], Any]
    save_override: Callable[[Commit[Override]], Any]

    def store(self, found: Plan, seen: str, origin: Origin) -> None:
        """Store schedules, then their overrides, then policies.

        Raises:
            PlanChanged: the plan is another than the one that was seen.
            AlreadyOtherwise: a schedule of that name is there, and is another.
            UnknownPerson: somebody is no contact.
        """
        if seen != found.hash:
            raise PlanChanged
        for rota in found.rotas:
            self._schedule(rota.schedule, origin)
        for rota in found.rotas:
            for one in rota.overrides:
                if self.override(one.tenant_id, one.schedule_id, one.override_id) is None:
                    self.save_override(Commit(origin, "created", one))
        for policy in found.policies:
            self.policies.put(policy.policy_id, policy, None, origin)

    def _schedule(self, wanted: Schedule, origin: Origin) -> None:
        kept = self.schedule(wanted.tenant_id, wanted.schedule_id)
        if kept is None or kept.value.is_deleted:
            self.oncall.put(wanted, None, origin)
        elif replace(kept.value, since=wanted.since) != wanted:
            raise AlreadyOtherwise(schedule_id=wanted.schedule_id)
