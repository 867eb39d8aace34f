"""Ramps in DynamoDB.

pk T#<tenant>#RAMP#<id>   sk RAMP, J#<time>#<turn>   (the journal for a year)
gsi1 T#<tenant>#RAMPS / <id>
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from enghub.core import clock
from enghub.core.aggregates import Aggregate, Items
from enghub.core.codec import Key
from enghub.core.commits import Commit, Kept
from enghub.core.dynamo import key, query
from enghub.core.identity import Origin
from enghub.core.outbox import to_command
from enghub.core.timers import dynamo as timers
from enghub.core.timers.model import CancelTimer, DueTimer, SetTimer, TimerChange
from enghub.core.transactions import transact
from enghub.golive.purposes import RAMP_LOOK, RAMP_LOST
from enghub.golive.ramps.errors import RampNotFound
from enghub.golive.ramps.model import Ramp
from enghub.golive.ramps.repository import Line, LinePage, RampPage

ADVANCE = RAMP_LOOK
"""The purpose of a ramp's timer, and the queue that advances it."""
LOST_AFTER = timedelta(seconds=20)
"""A turn that nobody has taken so long after its time is asked for again: the sweep of timers comes after 90 s only, a
queue's message of a worker that died after minutes, and traffic has to be back within 60 s of a breach."""
SOON, LATEST = 3, 8
"""So often it is asked for at that pace, then after pauses that double, up to this power: a turn that always fails is
for people to look at (it is parked, and told by alarms), not for a queue that fills up."""
KEPT_JOURNAL = timedelta(days=366)


def _partition(tenant_id: str, ramp_id: str) -> str:
    return key("T", tenant_id, "RAMP", ramp_id)


def _key(tenant_id: str, ramp_id: str) -> Key:
    return _partition(tenant_id, ramp_id), "RAMP"


def _list(tenant_id: str) -> str:
    return key("T", tenant_id, "RAMPS")


RAMPS = Aggregate(
    Ramp,
    "RAMP",
    key=lambda one: _key(one.tenant_id, one.ramp_id),
    more=lambda one: {"gsi1pk": _list(one.tenant_id), "gsi1sk": one.ramp_id},
    name="ramp",
    identity=lambda one: one.ramp_id,
    shows=("name", "traffic", "steps", "state", "start", "wanted", "actual", "why", "said"),
    missing=lambda one: RampNotFound(ramp_id=one.ramp_id),
)
JOURNAL = Items(Line, "RAMP_LINE", more=lambda one: {"expires_at": int((one.at + KEPT_JOURNAL).timestamp())})


class DynamoRamps:
    """The store of ramps."""

    def get(self, tenant_id: str, ramp_id: str) -> Kept[Ramp] | None:
        """One consistent GetItem."""
        return RAMPS.read(_key(tenant_id, ramp_id))

    def page(self, tenant_id: str, limit: int, cursor: str | None) -> RampPage:
        """One Query of the index."""
        found = query(_list(tenant_id), index="gsi1", limit=limit, cursor=cursor, newest_first=True)
        return RampPage(tuple(map(RAMPS.kept, found.items)), found.cursor)

    def journal(self, tenant_id: str, ramp_id: str, limit: int, cursor: str | None) -> LinePage:
        """One Query."""
        options = {"prefix": "J#", "newest_first": True, "limit": limit, "cursor": cursor}
        found = JOURNAL.page(_partition(tenant_id, ramp_id), **options)
        return LinePage(found.items, found.cursor)

    def save(self, commit: Commit[Ramp], line: Line) -> Kept[Ramp]:
        """One transaction: the ramp, a line, the timer, audit, events."""
        ramp = commit.after
        at = _partition(ramp.tenant_id, ramp.ramp_id), key("J", clock.to_text(line.at), f"{line.turn:06d}")
        return RAMPS.save(replace(commit, timers=tuple(_timers(commit))), JOURNAL.put(line, at=at))


def _timers(commit: Commit[Ramp]) -> Iterator[TimerChange]:
    ramp, before = commit.after, commit.before
    if ramp.next_at is not None:
        named = {"rampId": ramp.ramp_id, "turn": ramp.turn}
        yield SetTimer(ramp.subject, ADVANCE, ramp.next_at, named)
        yield SetTimer(ramp.subject, RAMP_LOST, ramp.next_at + LOST_AFTER, named)
    elif before is not None and before.value.next_at is not None:
        yield from (CancelTimer(ramp.subject, purpose) for purpose in (ADVANCE, RAMP_LOST))


def wake(due: DueTimer, origin: Origin) -> None:
    """Ask the function that looks to take a ramp's turn; once per setting of the timer.

    Raises:
        AlreadyHandled: it fired before, or was moved meanwhile.
    """
    command = to_command(ADVANCE, due.payload, origin, subject=due.subject)
    transact(timers.fired(due, origin.at), command)


def wake_lost(due: DueTimer, origin: Origin) -> None:
    """Ask for a turn that nobody has taken, and look again later, and later: taking it moves or cancels this timer.

    Raises:
        AlreadyHandled: it rang before, or was moved meanwhile.
    """
    command = to_command(ADVANCE, due.payload, origin, subject=due.subject)
    asked = due.payload.get("asked", 0) + 1
    pause = LOST_AFTER * 2 ** min(max(0, asked - SOON), LATEST)
    again = SetTimer(due.subject, RAMP_LOST, origin.at + pause, {**due.payload, "asked": asked})
    transact(*timers.fired_and_set(due, again, origin), command)
