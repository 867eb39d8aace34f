"""Many changes of flags that are in force at one moment, however many they are.

Each change is first *staged* beside the sets. The switch is one write a set: it counts the set's change, as any change
does, and names the stage; from then on whoever reads the set reads the staged changes over it. Afterwards the changes
are settled one by one: version, audit, event. Whatever dies before the switch leaves nothing that counts; what dies
after it is finished by the stage's timer. While a set names a stage its flags can be read and not changed (409, for
seconds).

Staged change   pk T#<tenant>#FLAG_STAGE#<id>    sk FLAG#<environment>#<key>, SEGMENT#...    for a day
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from enghub.core import ids, log
from enghub.core.commits import Commit, Kept
from enghub.core.dynamo import Attr
from enghub.core.errors import EngHubError
from enghub.core.identity import Origin
from enghub.core.marks import AlreadyHandled
from enghub.core.timers import dynamo as timers
from enghub.core.timers.model import CancelTimer, DueTimer, SetTimer
from enghub.core.transactions import Update, Write, transact
from enghub.settings.flags import dynamo
from enghub.settings.flags.changes import Changes
from enghub.settings.flags.model import FeatureFlag, FlagSegment, FlagSet
from enghub.settings.flags.staged import FLAGS, SEGMENTS, StagedFlag, StagedSegment, all_staged, place_of

DUE = "flag_stage_due"
"""The purpose of the timer that settles what a request left."""
UNSETTLED = timedelta(seconds=20)
KEPT = timedelta(days=1)
ONE_BY_ONE = 10
"""Flags and segments that are changed in the transaction itself."""
_TOGETHER = 20
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Stage:
    """Staged changes: the writes that let them all be in force, for a transaction that does more."""

    tenant_id: str
    stage_id: str
    origin: Origin
    writes: tuple[Write, ...]

    def settle(self) -> None:
        """Settle what was switched; what fails is left to the timer."""
        try:
            settle(self.tenant_id, self.stage_id, self.origin)
        except EngHubError:
            log.warning("staged flags that were switched are left to their timer", stage_id=self.stage_id)


def stage(changes: Changes, seen: Mapping[FlagSet, int]) -> Stage:
    """Stage changes; ``seen`` are the revisions of all their sets, which must still be so at the switch."""
    origin, stage_id = changes.origin, ids.new_id(changes.origin.at)
    tenant_id = changes.sets[0].tenant_id
    more = {"expires_at": int((origin.at + KEPT).timestamp())}
    puts: list[Write] = [
        FLAGS.put(_staged(StagedFlag, one), at=place_of(stage_id, one.after), more=more) for one in changes.flags
    ]
    puts += [
        SEGMENTS.put(_staged(StagedSegment, one), at=place_of(stage_id, one.after), more=more)
        for one in changes.segments
    ]
    for start in range(0, len(puts), _TOGETHER):
        transact(*puts[start : start + _TOGETHER])
    timer = SetTimer(_subject(stage_id), DUE, origin.at + UNSETTLED, {"stageId": stage_id})
    switch = [dynamo.counting(changes.of(at), at, seen[at], stage_id) for at in changes.sets]
    return Stage(tenant_id, stage_id, origin, (*switch, *timers.writes(timer, origin)))


def settle(tenant_id: str, stage_id: str, origin: Origin, due: DueTimer | None = None) -> None:
    """Store what was staged, each with version, audit and event; a repeat goes on where the last one stopped."""
    staged = all_staged(tenant_id, stage_id)
    for one in staged:
        before = _current(one.after)
        if (0 if before is None else before.revision) == one.version:
            transact(*dynamo.settling(_commit(one, before)))
    freed = [_freed(at, stage_id) for at in dict.fromkeys(one.after.at for one in staged)]
    ended = (
        timers.writes(CancelTimer(_subject(stage_id), DUE), origin) if due is None else (timers.fired(due, origin.at),)
    )
    try:
        transact(*freed, *ended)
    except _Freed as error:
        if due is not None:
            raise AlreadyHandled(due.version) from error


def _current(after: FeatureFlag | FlagSegment) -> Kept[Any] | None:
    flags = dynamo.DynamoFlags()
    if isinstance(after, FeatureFlag):
        return flags.get(after.at, after.flag_key)
    return flags.segment(after.at, after.segment_key)


def _commit(one: StagedFlag | StagedSegment, before: Kept[Any] | None) -> Commit[Any]:
    return Commit(one.origin, one.action, one.after, before, reason=one.reason)


def _staged(kind: type[T], one: Commit[Any]) -> T:
    version = 0 if one.before is None else one.before.revision
    return kind(one.origin, one.action, one.after, version, one.reason)  # type: ignore[call-arg]


def _freed(at: FlagSet, stage_id: str) -> Update:
    staged = Attr("staged")
    return Update(dynamo.revision_key(at), [staged.remove()], staged == stage_id, lambda _: _Freed())


class _Freed(Exception):
    """Somebody else settled the same stage."""


def _subject(stage_id: str) -> str:
    return f"flag_stage/{stage_id}"
