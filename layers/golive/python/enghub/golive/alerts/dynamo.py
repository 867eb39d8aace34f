"""Alerts in DynamoDB: an item each, a mark while it fires, and one item per group.

pk T#<tenant>#ALERTS#<group>   sk GROUP, MEMBER#<hash of key>, FIRES#<hash of key>
pk T#<tenant>#GOLIVE           sk INTEGRATION#<id>, SILENCE#<id>, PULSE#<integration>
"""

from collections.abc import Iterable
from datetime import timedelta
from functools import reduce

from pynamodb.expressions.condition import And, Condition

from enghub.core.aggregates import Aggregate, Items
from enghub.core.codec import Key, raw
from enghub.core.commits import Kept
from enghub.core.dynamo import Attr, key, query
from enghub.core.errors import VersionConflict
from enghub.core.events import Envelope
from enghub.core.identity import Origin
from enghub.core.outbox import to_outbox
from enghub.core.setup.dynamo import DynamoSetup
from enghub.core.timers import dynamo as timers
from enghub.core.timers.model import DueTimer, SetTimer
from enghub.core.transactions import Delete, PutItem, Write, absent, transact
from enghub.golive.alerts.model import Integration, Member, Pulse, Silence, digest
from enghub.golive.directory.dynamo import partition
from enghub.golive.incidents.dynamo import GROUPS, group_key, group_partition
from enghub.golive.incidents.groups import Group

KEPT_AFTER = timedelta(days=30)
TOGETHER = 40
"""Members of one transaction: two writes each."""


def _member(tenant_id: str, group: str, alert_key: str) -> Key:
    return group_partition(tenant_id, group), key("MEMBER", digest(alert_key))


MEMBERS = Items(
    Member,
    "ALERT",
    key=lambda one: _member(one.tenant_id, one.group, one.key),
    more=lambda one: {
        "expires_at": None if one.is_firing else int(((one.ends_at or one.seen_at) + KEPT_AFTER).timestamp())
    },
)
INTEGRATIONS = Aggregate(
    Integration,
    "INTEGRATION",
    key=lambda one: (partition(one.tenant_id), key("INTEGRATION", one.integration_id)),
    name="integration",
    identity=lambda one: one.integration_id,
    shows=(
        *("name", "protocol", "service_id", "group_by", "severities", "routes", "topic_arns", "heartbeat"),
        "is_deleted",
    ),
)
SILENCES = Aggregate(
    Silence,
    "SILENCE",
    key=lambda one: (partition(one.tenant_id), key("SILENCE", one.silence_id)),
    more=lambda one: {"expires_at": int((one.end + KEPT_AFTER).timestamp())},
    name="silence",
    identity=lambda one: one.silence_id,
    shows=("labels", "start", "end", "reason", "is_deleted"),
)


PULSES = Aggregate(
    Pulse,
    "PULSE",
    key=lambda one: _pulse(one.tenant_id, one.integration_id),
    name="pulse",
    identity=lambda one: one.integration_id,
)


def _pulse(tenant_id: str, integration_id: str) -> Key:
    return partition(tenant_id), key("PULSE", integration_id)


def integrations() -> DynamoSetup[Integration]:
    """Return the store of integrations."""
    return DynamoSetup(INTEGRATIONS, partition, "INTEGRATION")


def silences() -> DynamoSetup[Silence]:
    """Return the store of silences."""
    return DynamoSetup(SILENCES, partition, "SILENCE")


class DynamoPulses:
    """The store of signs of life."""

    def get(self, tenant_id: str, integration_id: str) -> Kept[Pulse] | None:
        """One consistent GetItem."""
        return PULSES.read(_pulse(tenant_id, integration_id))

    def writes(self, before: Kept[Pulse] | None, after: Pulse, notice: Envelope | None) -> tuple[Write, ...]:
        """One write, two with a notice."""
        told = () if notice is None else (to_outbox(notice, subject=f"integration/{after.integration_id}"),)
        return (PULSES.write(after, before), *told)

    def looks(self, timer: SetTimer, origin: Origin) -> tuple[Write, ...]:
        """Two writes: the timer, and the command that makes its schedule."""
        return timers.writes(timer, origin)

    def save(self, writes: tuple[Write, ...]) -> None:
        """One transaction."""
        transact(*writes)

    def looked(self, due: DueTimer, again: SetTimer | None, origin: Origin) -> None:
        """One transaction."""
        transact(*([timers.fired(due, origin.at)] if again is None else timers.fired_and_set(due, again, origin)))


class DynamoAlerts:
    """The store of alerts."""

    def members(self, tenant_id: str, wanted: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Member]:
        """A BatchGetItem per hundred."""
        found = MEMBERS.get_many([_member(tenant_id, group, alert_key) for group, alert_key in wanted])
        return {(one.group, one.key): one for one in found.values()}

    def store(self, changed: list[tuple[Member | None, Member]]) -> list[Member]:
        """A transaction per forty; one that was overtaken is found by trying them one by one."""
        overtaken: list[Member] = []
        for start in range(0, len(changed), TOGETHER):
            some = changed[start : start + TOGETHER]
            try:
                transact(*(write for before, after in some for write in _writes(before, after)))
            except VersionConflict:
                overtaken += [after for before, after in some if not _alone(before, after)]
        return overtaken

    def fires(self, tenant_id: str, group: str) -> bool:
        """One consistent Query of one item."""
        return bool(query(group_partition(tenant_id, group), prefix="FIRES#", limit=1).items)

    def group(self, tenant_id: str, group: str) -> Kept[Group] | None:
        """One consistent GetItem."""
        return GROUPS.read(group_key(tenant_id, group))

    def group_write(self, before: Kept[Group] | None, after: Group) -> Write:
        """The one write of the group, on the revision that was read."""
        return GROUPS.write(after, before)


def _alone(before: Member | None, after: Member) -> bool:
    try:
        transact(*_writes(before, after))
    except VersionConflict:
        return False
    return True


def _writes(before: Member | None, after: Member) -> list[Write]:
    same = absent() if before is None else _as_it_was(before)
    member = MEMBERS.put(after, same, lambda: VersionConflict(expected=0, actual=0))
    place = (group_partition(after.tenant_id, after.group), key("FIRES", digest(after.key)))
    if after.is_firing:
        names = {"pk": place[0], "sk": place[1], "entity": "ALERT_FIRES"}
        return [member, PutItem({name: raw(value) for name, value in names.items()})]
    return [member, Delete(place)]


def _as_it_was(before: Member) -> Condition:
    stored = (before.is_firing, before.starts_at, before.severity.value)
    names = ("is_firing", "starts_at", "severity")
    same: list[Condition] = [Attr(name) == value for name, value in zip(names, stored, strict=True)]
    return reduce(And, same)
