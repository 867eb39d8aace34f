"""Contacts, calendars, dates and the directory in DynamoDB: one partition per tenant.

pk T#<tenant>#GOLIVE   sk CONTACT#<id>, CALENDAR#<id>, DATE#<id>, ENTRY#<id>
"""

from datetime import datetime

from enghub.core.aggregates import Aggregate
from enghub.core.codec import Key
from enghub.core.dynamo import key
from enghub.core.events import Envelope
from enghub.core.outbox import to_outbox
from enghub.core.setup.dynamo import DynamoSetup
from enghub.core.timers.dynamo import fired
from enghub.core.timers.model import DueTimer
from enghub.core.transactions import transact
from enghub.golive.calendars.model import WorkingCalendar
from enghub.golive.contacts.model import Contact
from enghub.golive.dates.model import ImportantDate
from enghub.golive.directory.model import Entry


def partition(tenant_id: str) -> str:
    """Return the partition of what a tenant has set up here."""
    return key("T", tenant_id, "GOLIVE")


def _key(tenant_id: str, kind: str, name: str) -> Key:
    return partition(tenant_id), key(kind, name)


CONTACTS = Aggregate(
    Contact,
    "GOLIVE_CONTACT",
    key=lambda one: _key(one.tenant_id, "CONTACT", one.contact_id),
    name="contact",
    identity=lambda one: one.contact_id,
    shows=("name", "kind", "role", "zone", "escalate_for", "is_deleted"),
)
CALENDARS = Aggregate(
    WorkingCalendar,
    "WORKING_CALENDAR",
    key=lambda one: _key(one.tenant_id, "CALENDAR", one.calendar_id),
    name="working_calendar",
    identity=lambda one: one.calendar_id,
    shows=("name", "zone", "hours", "weekdays", "years", "is_deleted"),
)
DATES = Aggregate(
    ImportantDate,
    "IMPORTANT_DATE",
    key=lambda one: _key(one.tenant_id, "DATE", one.date_id),
    name="important_date",
    identity=lambda one: one.date_id,
    shows=("title", "kind", "zone", "start", "minutes", "rule", "place", "is_deleted"),
)
ENTRIES = Aggregate(
    Entry,
    "DIRECTORY_ENTRY",
    key=lambda one: _key(one.tenant_id, "ENTRY", one.entry_id),
    name="directory_entry",
    identity=lambda one: one.entry_id,
    shows=("title", "kind", "address", "is_deleted"),
)


def contacts() -> DynamoSetup[Contact]:
    """Return the store of contacts."""
    return DynamoSetup(CONTACTS, partition, "CONTACT")


def calendars() -> DynamoSetup[WorkingCalendar]:
    """Return the store of working calendars."""
    return DynamoSetup(CALENDARS, partition, "CALENDAR")


def dates() -> DynamoSetup[ImportantDate]:
    """Return the store of important dates."""
    return DynamoSetup(DATES, partition, "DATE")


def entries() -> DynamoSetup[Entry]:
    """Return the store of the directory."""
    return DynamoSetup(ENTRIES, partition, "ENTRY")


def warn(due: DueTimer, now: datetime, notice: Envelope) -> None:
    """Store that a timer fired together with the notice it makes.

    Raises:
        AlreadyHandled: it fired before, or was moved meanwhile.
    """
    transact(fired(due, now), to_outbox(notice, subject=due.subject))
