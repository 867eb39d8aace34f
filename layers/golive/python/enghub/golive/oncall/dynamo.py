"""Schedules in DynamoDB: the present one among what a tenant has set up, what was and what changes it beside it.

pk T#<tenant>#GOLIVE          sk SCHEDULE#<id>, POLICY#<id>, DAYSOFF#<user>
pk T#<tenant>#SCHEDULE#<id>   sk VERSION#<since>, OVERRIDE#<end>-<id>, COVER#<id>
"""

from datetime import timedelta

from enghub.core.aggregates import Aggregate, Items
from enghub.core.clock import to_text
from enghub.core.codec import Key
from enghub.core.commits import Commit, Kept
from enghub.core.dynamo import Page, each, key, query
from enghub.core.setup.dynamo import DynamoSetup
from enghub.core.transactions import Write
from enghub.golive.directory.dynamo import partition
from enghub.golive.oncall.covers import Cover, DaysOff
from enghub.golive.oncall.model import Override, Schedule
from enghub.golive.policies.model import Policy
from enghub.kit.calendars.intervals import Interval

KEPT_AFTER = timedelta(days=400)


def beside(tenant_id: str, schedule_id: str) -> str:
    """Return the partition of what lies beside a schedule."""
    return key("T", tenant_id, "SCHEDULE", schedule_id)


SCHEDULES = Aggregate(
    Schedule,
    "SCHEDULE",
    key=lambda one: (partition(one.tenant_id), key("SCHEDULE", one.schedule_id)),
    name="schedule",
    identity=lambda one: one.schedule_id,
    shows=("name", "zone", "levels", "calendar_id", "is_deleted"),
)
VERSIONS = Items(
    Schedule,
    "SCHEDULE_VERSION",
    key=lambda one: (beside(one.tenant_id, one.schedule_id), key("VERSION", to_text(one.since))),
)
OVERRIDES = Aggregate(
    Override,
    "OVERRIDE",
    key=lambda one: (beside(one.tenant_id, one.schedule_id), key("OVERRIDE", one.override_id)),
    more=lambda one: {"expires_at": int((one.end + KEPT_AFTER).timestamp())},
    name="override",
    identity=lambda one: one.override_id,
    shows=("schedule_id", "kind", "start", "end", "user", "by", "level", "policy_id", "reason", "is_deleted"),
)
COVERS = Aggregate(
    Cover,
    "COVER",
    key=lambda one: _cover(one.tenant_id, one.schedule_id, one.cover_id),
    more=lambda one: {"expires_at": int((one.end + KEPT_AFTER).timestamp())},
    name="cover",
    identity=lambda one: one.cover_id,
    shows=("schedule_id", "user", "start", "end", "state", "taken_by"),
)
POLICIES = Aggregate(
    Policy,
    "POLICY",
    key=lambda one: (partition(one.tenant_id), key("POLICY", one.policy_id)),
    name="policy",
    identity=lambda one: one.policy_id,
    shows=("name", "steps", "repeat", "fallback", "remind_minutes", "is_deleted"),
)
DAYS_OFF = Aggregate(
    DaysOff,
    "DAYS_OFF",
    key=lambda one: (partition(one.tenant_id), key("DAYSOFF", one.user_id)),
    name="days_off",
    identity=lambda one: one.user_id,
    shows=("days", "is_deleted"),
)


def _cover(tenant_id: str, schedule_id: str, cover_id: str) -> Key:
    return beside(tenant_id, schedule_id), key("COVER", cover_id)


def schedules() -> DynamoSetup[Schedule]:
    """Return the store of schedules as they are now."""
    return DynamoSetup(SCHEDULES, partition, "SCHEDULE")


def policies() -> DynamoSetup[Policy]:
    """Return the store of policies."""
    return DynamoSetup(POLICIES, partition, "POLICY")


def days_off() -> DynamoSetup[DaysOff]:
    """Return the store of days off."""
    return DynamoSetup(DAYS_OFF, partition, "DAYSOFF")


def save_schedule(commit: Commit[Schedule]) -> Kept[Schedule]:
    """Store a schedule, and what it was until now as a version of its own; one transaction."""
    more: list[Write] = [] if commit.before is None else [VERSIONS.put(commit.before.value)]
    return SCHEDULES.save(commit, *more)


def versions(present: Schedule, span: Interval) -> list[Schedule]:
    """Return the versions in force in a period, in order, the present one last; newest first until its start."""
    found = [present] if present.since < span.end else []
    if present.since <= span.start:
        return found
    bounds = (key("VERSION", "0"), key("VERSION", to_text(span.end)))
    for item in each(beside(present.tenant_id, present.schedule_id), between=bounds, newest_first=True):
        found.insert(0, VERSIONS.value(item))
        if found[0].since <= span.start:
            break
    return found


def overrides(tenant_id: str, schedule_id: str, span: Interval, limit: int = 500) -> list[Override]:
    """Return what changes a schedule in a period: what ends after its start, in order of ends."""
    bounds = (key("OVERRIDE", f"{span.start:%Y%m%dT%H%M%S}"), key("OVERRIDE", "99"))
    page = query(beside(tenant_id, schedule_id), between=bounds, limit=limit)
    found = [OVERRIDES.value(item) for item in page.items]
    return [one for one in found if one.start < span.end and one.end > span.start]


def override(tenant_id: str, schedule_id: str, override_id: str) -> Kept[Override] | None:
    """Return an override."""
    return OVERRIDES.read((beside(tenant_id, schedule_id), key("OVERRIDE", override_id)))


def cover(tenant_id: str, schedule_id: str, cover_id: str) -> Kept[Cover] | None:
    """Return a request to be covered."""
    return COVERS.read(_cover(tenant_id, schedule_id, cover_id))


def covers(tenant_id: str, schedule_id: str, limit: int, cursor: str | None) -> Page[Kept[Cover]]:
    """Return a page of requests, newest first."""
    found = query(beside(tenant_id, schedule_id), prefix="COVER#", limit=limit, cursor=cursor, newest_first=True)
    return Page(tuple(map(COVERS.kept, found.items)), found.cursor)


def taken(commit: Commit[Cover], *made: Commit[Override]) -> Kept[Cover]:
    """Store that a request was taken together with the overrides that follow; one transaction."""
    return COVERS.save(commit, *(write for one in made for write in OVERRIDES.writes(one)[1]))
