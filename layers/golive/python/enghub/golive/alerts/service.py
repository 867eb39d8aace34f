"""From alerts to incidents: each alert is noted on its own, a group of them is one incident (OPS-11).

An alert costs one read and, where it says something new, one write of its own item; only a group that opens, worsens or
ends touches an incident. First the member is stored, then its group is looked at: whoever sends again after a crash
finishes what was begun.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from enghub.core.commits import Kept
from enghub.core.errors import Unavailable, VersionConflict
from enghub.core.identity import Origin
from enghub.golive.alerts.model import Alert, Integration, Member, Placed, Silence, Status, heard
from enghub.golive.incidents.groups import Group
from enghub.golive.incidents.model import Incident, IncidentState
from enghub.golive.incidents.service import Incidents, New
from enghub.golive.incidents.services import OperatedService

TRIES = 5


class Alerts_(Protocol):  # noqa: N801 - the store of Alerts
    """What the use cases need of a store."""

    def members(self, tenant_id: str, wanted: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Member]:
        """Return members by group and key."""

    def store(self, changed: list[tuple[Member | None, Member]]) -> list[Member]:
        """Store members, each only while it is as it was read; return those that were overtaken."""

    def fires(self, tenant_id: str, group: str) -> bool:
        """Tell whether any member of a group fires, read consistently."""

    def group(self, tenant_id: str, group: str) -> Kept[Group] | None:
        """Return a group."""

    def group_write(self, before: Kept[Group] | None, after: Group) -> Any:
        """Return the write of a group on what was read."""


@dataclass(frozen=True, slots=True)
class Alerts:
    """The use cases."""

    store: Alerts_
    incidents: Incidents
    service: Callable[[str, str], OperatedService | None]
    silences: Callable[[str], list[Silence]]

    def take(self, integration: Integration, alerts: Iterable[Alert], origin: Origin) -> None:
        """Take alerts; who sends them again changes nothing, and finishes what was begun.

        Raises:
            Unavailable: what was not finished has to be sent again.
        """
        placed = [integration.placed(alert) for alert in alerts if not integration.is_sign_of_life(alert)]
        self._note([one for one in placed if one.alert.status is not Status.ACKNOWLEDGED], origin)
        groups: dict[str, list[Placed]] = defaultdict(list)
        for one in placed:
            groups[one.group].append(one)
        for group, found in groups.items():
            self._look(group, found, integration, origin)

    def _note(self, placed: list[Placed], origin: Origin) -> None:
        """Store what the messages say, the last message of an alert last."""
        left = placed
        for _ in range(TRIES):
            if not left:
                return
            known = self.store.members(origin.tenant_id, {(one.group, one.alert.key) for one in left})
            changed: dict[tuple[str, str], tuple[Member | None, Member]] = {}
            for one in left:
                place = (one.group, one.alert.key)
                before = changed[place][1] if place in changed else known.get(place)
                after = heard(before, one, origin.tenant_id, origin.at)
                if after is not None:
                    changed[place] = (known.get(place), after)
            overtaken = {(one.group, one.key) for one in self.store.store(list(changed.values()))}
            left = [one for one in left if (one.group, one.alert.key) in overtaken]
        raise Unavailable(reason="too many writers of one alert")

    def _look(self, group: str, found: list[Placed], integration: Integration, origin: Origin) -> None:
        firing = [one for one in found if one.alert.status is Status.FIRING]
        if firing:
            self._ensure(group, firing, integration, origin)
        if any(one.alert.status is Status.ACKNOWLEDGED for one in found):
            self._acknowledge(group, integration, origin)
        if any(one.alert.status is Status.RESOLVED for one in found):
            self._settle(group, integration, origin)

    def _ensure(self, group: str, firing: list[Placed], integration: Integration, origin: Origin) -> None:
        """Open an incident for a group without one, or raise the severity of the one it has."""
        worst = min(firing, key=lambda one: one.severity.rank)
        for _ in range(TRIES):
            kept = self.store.group(origin.tenant_id, group)
            try:
                if kept is not None and kept.value.is_open:
                    if worst.severity.rank < kept.value.severity.rank:
                        self._worsen(kept, worst, origin)
                    return
                if self._is_news(kept.value if kept else None, firing, origin):
                    self._open(kept, worst, integration, origin)
            except VersionConflict:
                continue
            else:
                return
        raise Unavailable(reason="too many writers of one alert")

    def _is_news(self, group: Group | None, firing: list[Placed], origin: Origin) -> bool:
        """Tell whether something fires that was heard of only after the last incident, if there was one, was over.

        A firing whose end was heard of first does not fire any more.
        """
        wanted = {(one.group, one.alert.key) for one in firing}
        members = self.store.members(origin.tenant_id, wanted).values()
        over = group.closed_at if group else None
        return any(one.is_firing and (over is None or one.seen_at >= over) for one in members)

    def _open(self, kept: Kept[Group] | None, worst: Placed, integration: Integration, origin: Origin) -> None:
        service = self.operated(worst.service_id, origin.tenant_id)
        quiet = self._quiet_until(worst, origin)
        new = New(service, worst.alert.title, worst.severity, integration.integration_id, "", worst.group, quiet)
        new = replace(new, drill_id=worst.alert.drill_id)

        def more(incident_id: str) -> tuple[Any, ...]:
            opened = Group(
                tenant_id=origin.tenant_id,
                group=worst.group,
                service_id=worst.service_id,
                incident_id=incident_id,
                severity=worst.severity,
                is_open=True,
                title=worst.alert.title,
            )
            return (self.store.group_write(kept, opened),)

        self.incidents.open(new, origin, more=more)

    def _worsen(self, kept: Kept[Group], worst: Placed, origin: Origin) -> None:
        incident = self.incidents.get(origin.tenant_id, kept.value.incident_id)
        after = replace(kept.value, severity=worst.severity)
        service = self.operated(worst.service_id, origin.tenant_id)
        self.incidents.worsen(incident, worst.severity, service, origin, (self.store.group_write(kept, after),))

    def _acknowledge(self, group: str, integration: Integration, origin: Origin) -> None:
        for _ in range(TRIES):
            incident = self._incident(group, origin.tenant_id)
            if incident is None or incident.value.state is not IncidentState.OPEN:
                return
            try:
                self.incidents.acknowledge(incident, integration.integration_id, origin)
            except VersionConflict:
                continue
            return

    def _settle(self, group: str, integration: Integration, origin: Origin) -> None:
        """Resolve the incident of a group in which nothing fires any more; look again, so that nothing new is lost."""
        for _ in range(TRIES):
            if self.store.fires(origin.tenant_id, group):
                return
            incident = self._incident(group, origin.tenant_id)
            try:
                if incident is not None and not incident.value.state.is_over:
                    self.incidents.resolve(incident, f"all alerts of {integration.name} are over", origin)
            except VersionConflict:
                continue
            return

    def _incident(self, group: str, tenant_id: str) -> Kept[Incident] | None:
        kept = self.store.group(tenant_id, group)
        if kept is None or not kept.value.is_open:
            return None
        return self.incidents.get(tenant_id, kept.value.incident_id)

    def _quiet_until(self, placed: Placed, origin: Origin) -> datetime | None:
        ends = [one.end for one in self.silences(origin.tenant_id) if one.covers(placed.alert.labels, origin.at)]
        return max(ends) if ends else None

    def operated(self, service_id: str, tenant_id: str) -> OperatedService:
        """Return a service, one without a policy where it was taken away."""
        found = self.service(tenant_id, service_id)
        return found or OperatedService(tenant_id, service_id, service_id, "")
