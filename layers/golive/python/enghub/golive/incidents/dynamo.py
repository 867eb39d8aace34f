"""Incidents in DynamoDB: one item each, its timeline beside it.

pk T#<tenant>#INCIDENT#<id>   sk INCIDENT, ENTRY#<number>
gsi1 T#<tenant>#INCIDENTS / <opened at>#<id>
pk T#<tenant>#ALERTS#<group>  sk GROUP
pk T#<tenant>#GOLIVE          sk SERVICE#<id>
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from enghub.core.aggregates import Aggregate, Items
from enghub.core.clock import to_text
from enghub.core.codec import Key
from enghub.core.commits import Commit, Kept
from enghub.core.dynamo import Page, each, key, query
from enghub.core.identity import Origin
from enghub.core.setup.dynamo import DynamoSetup
from enghub.core.timers.dynamo import fired, fired_and_set
from enghub.core.timers.model import DueTimer, SetTimer
from enghub.core.transactions import Write, absent
from enghub.golive.directory.dynamo import partition
from enghub.golive.incidents.groups import Group
from enghub.golive.incidents.model import Entry, Incident
from enghub.golive.incidents.services import OperatedService
from enghub.kit.calendars.intervals import Interval


def _partition(tenant_id: str, incident_id: str) -> str:
    return key("T", tenant_id, "INCIDENT", incident_id)


def group_partition(tenant_id: str, group: str) -> str:
    """Return the partition of a group of alerts."""
    return key("T", tenant_id, "ALERTS", group)


def group_key(tenant_id: str, group: str) -> Key:
    """Return where a group is kept."""
    return group_partition(tenant_id, group), "GROUP"


def _key(tenant_id: str, incident_id: str) -> Key:
    return _partition(tenant_id, incident_id), "INCIDENT"


INCIDENTS = Aggregate(
    Incident,
    "INCIDENT",
    key=lambda one: _key(one.tenant_id, one.incident_id),
    more=lambda one: {
        "gsi1pk": key("T", one.tenant_id, "INCIDENTS"),
        "gsi1sk": key(to_text(one.opened_at), one.incident_id),
    },
    name="incident",
    identity=lambda one: one.incident_id,
    factory=lambda one: one.factory_id,
    shows=("title", "severity", "state", "service_id", "roles", "impact", "cause", "entries", "head"),
)
ENTRIES = Items(
    Entry,
    "INCIDENT_ENTRY",
    key=lambda one: (_partition(one.tenant_id, one.incident_id), key("ENTRY", f"{one.number:06}")),
)
SERVICES = Aggregate(
    OperatedService,
    "OPERATED_SERVICE",
    key=lambda one: (partition(one.tenant_id), key("SERVICE", one.service_id)),
    name="operated_service",
    identity=lambda one: one.service_id,
    shows=(
        *("name", "policy_id", "calendar_id", "first_steps", "runbooks", "environment", "war_room"),
        "lines",
        "is_deleted",
    ),
)


GROUPS = Aggregate(
    Group,
    "ALERT_GROUP",
    key=lambda one: group_key(one.tenant_id, one.group),
    name="alert_group",
    identity=lambda one: one.group,
)


def services() -> DynamoSetup[OperatedService]:
    """Return the store of services."""
    return DynamoSetup(SERVICES, partition, "SERVICE")


class DynamoIncidents:
    """The store of incidents."""

    def get(self, tenant_id: str, incident_id: str) -> Kept[Incident] | None:
        """One consistent GetItem."""
        return INCIDENTS.read(_key(tenant_id, incident_id))

    def save(
        self, commit: Commit[Incident], entries: list[Entry], due: DueTimer | None = None, more: tuple[Any, ...] = ()
    ) -> Kept[Incident]:
        """One transaction; a timer that fired is marked in it, or set to its next time."""
        writes: list[Write] = [ENTRIES.put(one, absent()) for one in entries]
        again = next((one for one in more if isinstance(one, SetTimer)), None)
        if due is not None and again is not None:
            writes += fired_and_set(due, again, commit.origin)
        elif due is not None:
            writes.append(fired(due, commit.origin.at))
        writes += [one for one in more if isinstance(one, Write)]
        return INCIDENTS.save(commit, *writes)


def page(tenant_id: str, limit: int, cursor: str | None) -> Page[Kept[Incident]]:
    """Return a page of incidents, the latest first."""
    found = query(key("T", tenant_id, "INCIDENTS"), index="gsi1", limit=limit, cursor=cursor, newest_first=True)
    return Page(tuple(map(INCIDENTS.kept, found.items)), found.cursor)


def opened(tenant_id: str, span: Interval, limit: int, cursor: str | None = None) -> Page[Incident]:
    """Return a page of the incidents opened in a period, by time."""
    bounds = (key(to_text(span.start)), key(to_text(span.end)))
    found = query(key("T", tenant_id, "INCIDENTS"), index="gsi1", between=bounds, limit=limit, cursor=cursor)
    return Page(tuple(INCIDENTS.kept(item).value for item in found.items), found.cursor)


def all_opened(tenant_id: str, span: Interval) -> Iterator[Incident]:
    """Yield every incident opened in a period, by time."""
    bounds = (key(to_text(span.start)), key(to_text(span.end)))
    for item in each(key("T", tenant_id, "INCIDENTS"), index="gsi1", between=bounds):
        yield INCIDENTS.kept(item).value


def timeline(tenant_id: str, incident_id: str, limit: int, cursor: str | None) -> Page[Entry]:
    """Return a page of a timeline, in order."""
    return ENTRIES.page(_partition(tenant_id, incident_id), prefix="ENTRY#", limit=limit, cursor=cursor)


def whole_timeline(tenant_id: str, incident_id: str) -> tuple[Entry, ...]:
    """Return a whole timeline, in order."""
    return tuple(ENTRIES.each(_partition(tenant_id, incident_id), prefix="ENTRY#"))


def group_closed(incident: Incident, origin: Origin) -> tuple[Write, ...]:
    """Return the write that closes the group of alerts of an incident that is over; one GetItem."""
    kept = GROUPS.read(group_key(incident.tenant_id, incident.group_key)) if incident.group_key else None
    if kept is None or kept.value.incident_id != incident.incident_id or not kept.value.is_open:
        return ()
    return (GROUPS.write(replace(kept.value, is_open=False, closed_at=origin.at), kept),)


def group_reopened(incident: Incident) -> tuple[Write, ...]:
    """Return the write that gives an incident its group of alerts back; none where another incident has it by now."""
    kept = GROUPS.read(group_key(incident.tenant_id, incident.group_key)) if incident.group_key else None
    if kept is None or kept.value.incident_id != incident.incident_id or kept.value.is_open:
        return ()
    return (GROUPS.write(replace(kept.value, is_open=True, closed_at=None), kept),)
