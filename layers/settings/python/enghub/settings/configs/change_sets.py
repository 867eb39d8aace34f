"""Change sets: changes that no single transaction holds, in force at one moment (CFG-03). Pure.

A change is first held beside the item it is for, in small transactions. One write of the set then switches all of
them; who reads a held change asks the set whether it counts. Afterwards the items are settled, which no reader sees.
Decision 0115.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from enghub.core import codec
from enghub.core.commits import Commit, Kept
from enghub.core.events import dumps
from enghub.core.identity import Origin
from enghub.core.timers.model import CancelTimer, SetTimer
from enghub.settings.configs.commits import SET_DUE, ConfigCommit, retimed
from enghub.settings.configs.listing import Summary
from enghub.settings.configs.model import Config

ABANDONED = timedelta(minutes=2)
"""A set that nobody has switched by then is given up; longer than any function runs."""
UNSETTLED = timedelta(seconds=20)
"""A set that was switched is settled by its timer then, unless the process that switched it has done so."""


class SetState(StrEnum):
    """Where a change set stands."""

    PREPARING = "PREPARING"
    SWITCHED = "SWITCHED"
    """Its changes are in force; some items still hold them beside what was."""
    SETTLED = "SETTLED"
    ABORTED = "ABORTED"
    """Its changes will never be in force; some items still hold them."""
    RELEASED = "RELEASED"


IN_FORCE = frozenset({SetState.SWITCHED, SetState.SETTLED})


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """One set of changes of configuration items."""

    tenant_id: str
    set_id: str
    size: int
    created_by: str
    created_at: datetime
    state: SetState = SetState.PREPARING
    switched_at: datetime | None = None

    @property
    def subject(self) -> str:
        """What its timer wakes."""
        return f"change_set/{self.set_id}"


@dataclass(frozen=True, slots=True)
class HeldChange:
    """A change as an item holds it until its set is settled."""

    set_id: str
    action: str
    reason: str
    origin: Origin
    after: Config


@dataclass(frozen=True, slots=True)
class HeldSummary:
    """What a list will show of the item; nothing where the change deletes it."""

    set_id: str
    tenant_id: str
    after: Summary | None


def set_id_of(changes: Sequence[ConfigCommit]) -> str:
    """Return the id of the set of these changes: the same changes on the same versions by the same user are one set,
    so that a request sent again goes on where the first one stopped."""
    origin = changes[0].origin
    said = [
        [
            *(change.after.address.owner.layer, change.after.address.owner.tenant_id),
            *(change.after.address.owner.user_id, change.after.address.config_key),
            0 if change.before is None else change.before.revision,
            *(change.action, codec.dumps(change.after.content)),
        ]
        for change in changes
    ]
    return hashlib.sha256(dumps([origin.tenant_id, origin.user_id, said]).encode()).hexdigest()


def begun(changes: Sequence[ConfigCommit], before: Kept[ChangeSet] | None) -> Commit[ChangeSet]:
    """Return the beginning of a set, or its second beginning after it was given up."""
    origin = changes[0].origin
    after = ChangeSet(origin.tenant_id, set_id_of(changes), len(changes), origin.user_id, origin.at)
    timer = SetTimer(after.subject, SET_DUE, origin.at + ABANDONED, {"setId": after.set_id})
    return Commit(origin, "begun", after, before, timers=(timer,), reason=changes[0].reason)


def flipped(before: Kept[ChangeSet], origin: Origin, at: datetime) -> Commit[ChangeSet]:
    """Return the switch of a set: all its changes are in force from ``at`` on."""
    after = replace(before.value, state=SetState.SWITCHED, switched_at=at)
    timer = SetTimer(after.subject, SET_DUE, at + UNSETTLED, {"setId": after.set_id})
    return Commit(replace(origin, at=at), "switched", after, before, timers=(timer,))


def aborted(before: Kept[ChangeSet], origin: Origin) -> Commit[ChangeSet]:
    """Return the end of a set that never was in force."""
    return Commit(origin, "aborted", replace(before.value, state=SetState.ABORTED), before)


def finished(before: Kept[ChangeSet], origin: Origin, *, by_timer: bool = False) -> Commit[ChangeSet]:
    """Return that no item holds a change of the set any more."""
    state = SetState.SETTLED if before.value.state is SetState.SWITCHED else SetState.RELEASED
    timers = () if by_timer else (CancelTimer(before.value.subject, SET_DUE),)
    return Commit(origin, "", replace(before.value, state=state), before, timers=timers)


def switched(after: Config, at: datetime) -> Config:
    """Return what a held change makes of its item when its set is switched ``at`` that moment."""
    return replace(
        after,
        updated_at=at,
        created_at=at if after.created_at == after.updated_at else after.created_at,
        starts_at=None if after.starts_at is None else max(after.starts_at, at),
    )


def switched_summary(after: Summary, at: datetime) -> Summary:
    """Return what a list shows of an item from the switch on, until it is settled."""
    created = at if after.created_at == after.updated_at else after.created_at
    return replace(after, updated_at=at, created_at=created)


def settling(held: HeldChange, before: Kept[Config], at: datetime) -> ConfigCommit:
    """Return the commit that a held change was made of, as of the switch."""
    origin = replace(held.origin, at=at)
    return retimed(ConfigCommit(origin, held.action, switched(held.after, at), before, reason=held.reason))
