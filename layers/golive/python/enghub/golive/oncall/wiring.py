"""Builds the use cases of on-call duty, once per process."""

from collections.abc import Mapping
from datetime import date
from functools import cache

from enghub.core.commits import Commit, Kept
from enghub.core.setup.service import Setup
from enghub.golive.calendars.model import WorkingCalendar
from enghub.golive.directory.dynamo import CONTACTS, calendars, contacts
from enghub.golive.oncall import dynamo
from enghub.golive.oncall.covers import Cover, DaysOff
from enghub.golive.oncall.dynamo import DAYS_OFF, OVERRIDES
from enghub.golive.oncall.model import Override, Schedule
from enghub.golive.oncall.service import OnCall
from enghub.golive.policies.model import Policy
from enghub.kit.calendars.intervals import Interval

MOST_POLICIES, MOST_DAYS_OFF = 100, 500


class Store:
    """The store of schedules in DynamoDB."""

    def get(self, tenant_id: str, schedule_id: str) -> Kept[Schedule] | None:
        """One GetItem."""
        return dynamo.schedules().get(tenant_id, schedule_id)

    def count(self, tenant_id: str) -> int:
        """One Query of at most a hundred."""
        return len(dynamo.schedules().all(tenant_id))

    def save_schedule(self, commit: Commit[Schedule]) -> Kept[Schedule]:
        """One transaction."""
        return dynamo.save_schedule(commit)

    def versions(self, present: Schedule, span: Interval) -> list[Schedule]:
        """No call where the present one covers the period."""
        return dynamo.versions(present, span)

    def overrides(self, tenant_id: str, schedule_id: str, span: Interval) -> list[Override]:
        """One Query."""
        return dynamo.overrides(tenant_id, schedule_id, span)

    def override(self, tenant_id: str, schedule_id: str, override_id: str) -> Kept[Override] | None:
        """One GetItem."""
        return dynamo.override(tenant_id, schedule_id, override_id)

    def save_override(self, commit: Commit[Override]) -> Kept[Override]:
        """One transaction."""
        return OVERRIDES.save(commit)

    def cover(self, tenant_id: str, schedule_id: str, cover_id: str) -> Kept[Cover] | None:
        """One GetItem."""
        return dynamo.cover(tenant_id, schedule_id, cover_id)

    def save_cover(self, commit: Commit[Cover], *made: Commit[Override]) -> Kept[Cover]:
        """One transaction."""
        return dynamo.taken(commit, *made)


@cache
def oncall() -> OnCall:
    """Return the use cases of schedules."""
    return OnCall(Store(), _calendar, _people, _days_off)


@cache
def policies() -> Setup[Policy]:
    """Return the use cases of escalation policies."""
    return Setup("policy", dynamo.policies(), MOST_POLICIES)


@cache
def days_off() -> Setup[DaysOff]:
    """Return the use cases of days off."""
    return Setup("daysOff", dynamo.days_off(), MOST_DAYS_OFF)


def _calendar(tenant_id: str, calendar_id: str) -> WorkingCalendar | None:
    found = calendars().get(tenant_id, calendar_id)
    return None if found is None or found.value.is_deleted else found.value


def _people(tenant_id: str, users: frozenset[str]) -> frozenset[str]:
    places = {contacts().place(tenant_id, user): user for user in users if user}
    found = CONTACTS.get_many(list(places))
    return frozenset(places[key] for key, contact in found.items() if not contact.is_deleted)


def _days_off(tenant_id: str, users: frozenset[str]) -> Mapping[str, tuple[date, ...]]:
    found = DAYS_OFF.get_many([dynamo.days_off().place(tenant_id, user) for user in users])
    return {one.user_id: one.all() for one in found.values() if not one.is_deleted}
