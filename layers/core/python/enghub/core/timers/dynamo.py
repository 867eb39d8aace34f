"""Timers in the context's table, as writes for the transaction of the change that wants them.

Key: ``T#<tenant>#TIMER#<subject>`` / ``<purpose>``; index ``gsi2`` holds the waiting ones by the time the sweep looks.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute

from enghub.core import ids, log
from enghub.core.dynamo import InstantAttribute, RawItem, Record, key, table
from enghub.core.identity import Origin
from enghub.core.marks import AlreadyHandled
from enghub.core.outbox import to_command
from enghub.core.timers.model import (
    FIRST_LOOK,
    CancelTimer,
    DueTimer,
    SetTimer,
    Timer,
    TimerChange,
    TimerState,
    Wake,
    index_time,
    shard_of,
)
from enghub.core.transactions import Delete, Put, PutItem, Update, Write, transact

ARM = "arm_timers"
"""The work queue of the function that makes schedules."""
KEPT_AFTER_FIRING = timedelta(days=14)


class TimerRecord(Record):
    """One timer; ``gsi2`` holds it while it waits."""

    ENTITY = "TIMER"

    tenant_id = UnicodeAttribute()
    subject = UnicodeAttribute()
    purpose = UnicodeAttribute()
    due = InstantAttribute()
    version = UnicodeAttribute()
    payload = JSONAttribute()
    state = UnicodeAttribute()
    looks = NumberAttribute()
    fired_at = InstantAttribute(null=True)


def writes(change: TimerChange, origin: Origin) -> tuple[Write, Write]:
    """Return what sets, moves or cancels a timer, for the transaction of the change that wants it."""
    wake = Wake(origin.tenant_id, change.subject, change.purpose)
    return _write(change, wake, origin), _arm(wake, origin)


def fired(due: DueTimer, now: datetime) -> Write:
    """Return the mark that ``due`` had its effect, for the transaction of the effect.

    That transaction raises AlreadyHandled when the timer has fired before, or was moved or cancelled meanwhile.
    """
    cls = TimerRecord
    return Update(
        _key(Wake(due.tenant_id, due.subject, due.purpose)),
        [
            *(cls.gsi2pk.remove(), cls.gsi2sk.remove()),
            cls.state.set(TimerState.FIRED.value),
            cls.fired_at.set(now),
            cls.expires_at.set(int((now + KEPT_AFTER_FIRING).timestamp())),
        ],
        (cls.version == due.version) & (cls.state != TimerState.FIRED.value),
        lambda _: AlreadyHandled(due.version),
    )


def fired_and_set(due: DueTimer, again: SetTimer, origin: Origin) -> tuple[Write, Write]:
    """Return the mark that ``due`` had its effect together with its next time: a recurring timer, same name.

    Raises:
        ValueError: ``again`` is another timer.
    """
    wake = Wake(due.tenant_id, due.subject, due.purpose)
    if (again.subject, again.purpose) != (due.subject, due.purpose):
        message = f"{again.subject}/{again.purpose} is not the timer that fired"
        raise ValueError(message)
    condition = (TimerRecord.version == due.version) & (TimerRecord.state != TimerState.FIRED.value)
    put = Put(_record(again, wake, origin), condition, lambda _: AlreadyHandled(due.version))
    return put, _arm(wake, origin)


def read(wake: Wake) -> Timer | None:
    """Return the timer as it is set now; None when it is cancelled or was never set. One consistent read."""
    record = TimerRecord.read(*_place(wake))
    return _timer(record) if record else None


def overdue(shard: int, now: datetime, limit: int) -> Iterator[Timer]:
    """Yield timers of a shard that the sweep has to look at, those that wait longest first, at most ``limit``.

    An item that cannot be read hides no other.

    Raises:
        PynamoDBException: the table cannot be read.
    """
    until = TimerRecord.gsi2sk.between("0", index_time(now))
    cursor: Mapping[str, Any] | None = None
    while limit:
        page = table().query(_waiting(shard), until, index_name="gsi2", limit=limit, exclusive_start_key=cursor)
        for raw in page["Items"]:
            try:
                found = _timer(TimerRecord.from_raw_data(raw))
            except Exception:
                log.exception("timer cannot be read", key=raw.get("pk"))
                continue
            limit -= 1
            yield found
        cursor = page.get("LastEvaluatedKey")
        if cursor is None:
            return


def look_again(timer: Timer, at: datetime | None) -> None:
    """Let the sweep look at ``timer`` again at ``at``; None parks it. Does nothing once it has fired or was moved."""
    cls = TimerRecord
    later = (
        [cls.gsi2sk.set(_index_place(timer.wake, at))]
        if at is not None
        else [cls.gsi2pk.remove(), cls.gsi2sk.remove(), cls.state.set(TimerState.PARKED.value)]
    )
    condition = (cls.version == timer.version) & (cls.state == TimerState.WAITING.value)
    try:
        transact(Update(_key(timer.wake), [*later, cls.looks.set(timer.looks + 1)], condition, _moved))
    except _Moved:
        return


class _Moved(Exception):
    """The timer is not as it was read."""


def _moved(_: RawItem | None) -> Exception:
    return _Moved()


def _write(change: TimerChange, wake: Wake, origin: Origin) -> Write:
    match change:
        case CancelTimer():
            return Delete(_key(wake))
        case SetTimer():
            return Put(_record(change, wake, origin))


def _arm(wake: Wake, origin: Origin) -> PutItem:
    return to_command(ARM, {"subject": wake.subject, "purpose": wake.purpose}, origin, subject=wake.name)


def _record(change: SetTimer, wake: Wake, origin: Origin) -> TimerRecord:
    pk, sk = _place(wake)
    return TimerRecord(
        pk=pk,
        sk=sk,
        gsi2pk=_waiting(shard_of(wake)),
        gsi2sk=_index_place(wake, max(change.due, origin.at) + FIRST_LOOK),
        tenant_id=wake.tenant_id,
        subject=wake.subject,
        purpose=wake.purpose,
        due=change.due,
        version=ids.new_id(origin.at),
        payload=dict(change.payload),
        state=TimerState.WAITING.value,
        looks=0,
    )


def _key(wake: Wake) -> TimerRecord:
    return TimerRecord(*_place(wake))


def _place(wake: Wake) -> tuple[str, str]:
    return key("T", wake.tenant_id, "TIMER", wake.subject), key(wake.purpose)


def _index_place(wake: Wake, at: datetime) -> str:
    return key(index_time(at), wake.name)


def _waiting(shard: int) -> str:
    """The index partition of one shard of waiting timers; it spans tenants, only system jobs read it."""
    return key("TIMER", "WAITING", shard)


def _timer(record: TimerRecord) -> Timer:
    return Timer(
        record.tenant_id,
        record.subject,
        record.purpose,
        record.due,
        record.version,
        record.payload,
        TimerState(record.state),
        int(record.looks),
    )
