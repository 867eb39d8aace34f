"""Stores changes of configuration items that no single transaction holds: as a change set (decision 0115).

A set's steps are transactions of their own, each safe to repeat: begin; hold the changes beside their items, some
fifty at a time; switch, which is one write; settle the items; finish. A set that is not switched in time is given up,
its changes are released. A repeat of the request, or the set's timer, goes on where the last one stopped.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from enghub.core import codec, log
from enghub.core.aggregates import Items, many
from enghub.core.claims import Claim
from enghub.core.clock import Clock, system_clock
from enghub.core.codec import RawItem
from enghub.core.commits import Commit, Kept
from enghub.core.dynamo import MAX_READ_KEYS, Attr, key
from enghub.core.errors import EngHubError, Unavailable, VersionConflict
from enghub.core.idempotency import puts
from enghub.core.identity import Origin
from enghub.core.timers import dynamo as timers
from enghub.core.timers.model import DueTimer
from enghub.core.transactions import Check, Delete, Update, Write, absent, transact
from enghub.settings.configs import change_sets, dynamo
from enghub.settings.configs.change_sets import IN_FORCE, ChangeSet, HeldChange, HeldSummary, SetState
from enghub.settings.configs.commits import ConfigCommit
from enghub.settings.configs.dynamo import CONFIGS, HELD, HELD_SET, HOLDING, LEAVING
from enghub.settings.configs.events import configuration_changed
from enghub.settings.configs.held import SETS, change_in, set_partition
from enghub.settings.configs.listing import summary_of
from enghub.settings.configs.model import Address, Config, Content
from enghub.settings.configs.repository import Held, Outdated

SETTLED_AT_ONCE = 200
"""Items of a set that the request itself settles; those of a larger one are left to the set's timer."""
_MEMBERS_EACH = 200
Answered = Callable[[Mapping[Address, Config]], Any]


@dataclass(frozen=True, slots=True)
class Members:
    """Some items of a set."""

    addresses: tuple[Address, ...]


MEMBERS = Items(Members, "CHANGE_SET_MEMBERS")


def save_as_set(
    commits: Sequence[ConfigCommit],
    claim: Claim | None,
    answered: Answered,
    alongside: Sequence[Any] = (),
    clock: Clock = system_clock,
) -> Mapping[Address, Config]:
    """Store commits that no transaction holds; see ``ConfigRepository.save``."""
    origin = commits[0].origin
    begun, wanted = _begin(commits)
    if begun.value.state in IN_FORCE:  # the same request, sent twice at once: the other one switched it
        return _stored(commits, begun.value)
    try:
        changed = {commit.after.address for commit in commits}
        for chunk in _chunks(wanted, _held_writes, fixed=2):
            transact(*_holding(chunk, begun.value, changed))
        flip = change_sets.flipped(begun, origin, max(clock(), origin.at))
        switched = _switch(flip, [*puts(claim, answered(_stored(commits, flip.after))), *alongside])
    except Unavailable:
        raise
    except Exception:  # what is refused once is refused for good: a repeat begins a new set
        _give_up(begun, origin)
        raise
    if begun.value.size <= SETTLED_AT_ONCE:
        _try_to_finish(switched, origin)
    return _stored(commits, switched.value)


def _stored(commits: Sequence[ConfigCommit], switched: ChangeSet) -> Mapping[Address, Config]:
    assert switched.switched_at is not None  # noqa: S101 - it is in force
    at = switched.switched_at
    return {commit.after.address: change_sets.switched(commit.after, at) for commit in commits}


def _key(tenant_id: str, set_id: str) -> tuple[str, str]:
    return set_partition(tenant_id, set_id), "SET"


def _read(tenant_id: str, set_id: str) -> Kept[ChangeSet] | None:
    return SETS.read(_key(tenant_id, set_id))


# --- begin, hold, switch ---


def _begin(commits: Sequence[ConfigCommit]) -> tuple[Kept[ChangeSet], Sequence[ConfigCommit]]:
    """Return the set of these commits, begun now or by an earlier try that stopped half-way, and what it lacks."""
    origin, set_id = commits[0].origin, change_sets.set_id_of(commits)
    before = _read(origin.tenant_id, set_id)
    if before is not None and before.value.state is SetState.ABORTED:
        before = _finish(before, origin)
    if before is not None and before.value.state is not SetState.RELEASED:
        items = _items([commit.after.address for commit in commits])
        held = {address for address, item in items.items() if item.get(HELD_SET, {}).get("S") == set_id}
        return before, [commit for commit in commits if commit.after.address not in held]
    made = change_sets.begun(commits, before)
    addresses = [commit.after.address for commit in commits]
    partition = set_partition(origin.tenant_id, set_id)
    members = [
        MEMBERS.put(Members(chunk), at=(partition, key("MEMBERS", number)))
        for number, chunk in enumerate(_pieces(addresses, _MEMBERS_EACH))
    ]
    try:
        return SETS.save(made, *members), commits
    except VersionConflict as error:
        raise Unavailable(reason="the same changes are being made at this moment") from error


def _holding(commits: Sequence[ConfigCommit], begun: ChangeSet, changed: set[Address]) -> list[Write]:
    preparing = Attr("state") == SetState.PREPARING
    writes: list[Write] = [
        Check(*_key(begun.tenant_id, begun.set_id), preparing, lambda _: Unavailable(reason="the set was given up"))
    ]
    for commit in commits:
        writes += _holding_one(commit, begun)
    return [
        *writes,
        *dynamo.count_writes(dynamo.counted(commits)),
        *dynamo.reference_writes(dynamo.added(commits), (), changed),
    ]


def _holding_one(commit: ConfigCommit, begun: ChangeSet) -> Iterator[Write]:
    after, address = commit.after, commit.after.address
    change = HeldChange(begun.set_id, commit.action, commit.reason, commit.origin, after)
    held = {HELD: codec.dumps(change), HELD_SET: begun.set_id} | ({LEAVING: True} if after.is_deleted else {})
    if commit.before is None:
        nothing = CONFIGS.put(_nothing_yet(commit), absent(), lambda: Outdated(address), more=held)
        yield replace(nothing, refusal=lambda stored: _refused(address, begun, stored))
    else:
        same = (Attr("version") == commit.before.revision) & Attr(HELD_SET).does_not_exist()
        actions = [Attr(name).set(value) for name, value in held.items()]
        yield Update(dynamo.item_key(address), actions, same, lambda stored: _refused(address, begun, stored))
    shown = None if after.is_deleted else summary_of(after, commit.origin.at)
    listed = codec.dumps(HeldSummary(begun.set_id, begun.tenant_id, shown))
    entry = {HELD: listed, HELD_SET: begun.set_id, "entity": dynamo.SUMMARIES.entity}
    yield Update(dynamo.card_key(address), [Attr(name).set(value) for name, value in entry.items()])
    if after.is_deleted:
        yield dynamo.unreferenced(address)


def _nothing_yet(commit: ConfigCommit) -> Config:
    """Return what an item that a set creates is until then: deleted, in version 0."""
    return replace(commit.after, content=Content(""), version=0, is_deleted=True, references=(), others=())


def _refused(address: Address, begun: ChangeSet, stored: RawItem | None) -> Exception:
    holder = (stored or {}).get(HELD_SET, {}).get("S")
    if holder == begun.set_id:
        return Unavailable(reason="the same changes are being made at this moment")
    return Outdated(address) if holder is None else Held(address)


def _switch(flip: Commit[ChangeSet], more: Sequence[Write]) -> Kept[ChangeSet]:
    """Let all changes of a set be in force: one transaction, whatever their number."""
    try:
        return SETS.save(flip, *more)
    except VersionConflict as error:
        now = _read(flip.after.tenant_id, flip.after.set_id)
        if now is not None and now.value.state in IN_FORCE:
            return now
        raise Unavailable(reason="the set was given up") from error


# --- settle or release, finish ---


def _give_up(begun: Kept[ChangeSet], origin: Origin) -> None:
    """Take a set back as far as possible now; its timer does the rest."""
    try:
        _finish(SETS.save(change_sets.aborted(begun, origin)), origin)
    except EngHubError:
        log.warning("a change set that was refused is left to its timer", set_id=begun.value.set_id)


def _try_to_finish(switched: Kept[ChangeSet], origin: Origin) -> None:
    try:
        _finish(switched, origin)
    except EngHubError:
        log.warning("a change set that was switched is left to its timer", set_id=switched.value.set_id)


def _finish(before: Kept[ChangeSet], origin: Origin, due: DueTimer | None = None) -> Kept[ChangeSet]:
    """Settle every item of a set that was switched, release every one of a set that was not; then it is over."""
    one = before.value
    addresses = [
        a for chunk in MEMBERS.each(set_partition(one.tenant_id, one.set_id), prefix="MEMBERS") for a in chunk.addresses
    ]
    for some in _pieces(addresses, MAX_READ_KEYS):
        _let_go(some, one)
    more = () if due is None else (timers.fired(due, origin.at),)
    try:
        return SETS.save(change_sets.finished(before, origin, by_timer=due is not None), *more)
    except VersionConflict:  # somebody else finished it at the same time
        return _read(one.tenant_id, one.set_id) or before


def _let_go(addresses: Sequence[Address], one: ChangeSet) -> None:
    held = [
        (change, CONFIGS.kept(item))
        for item in _items(addresses).values()
        if (change := change_in(item)) is not None and change.set_id == one.set_id
    ]
    at = one.switched_at if one.state in IN_FORCE else None
    writes = _releasing if at is None else _settling
    when = one.created_at if at is None else at
    commits = [change_sets.settling(change, before, when) for change, before in held]
    for chunk in _chunks(commits, _released_writes if at is None else _settled_writes, fixed=1):
        try:
            transact(*writes(chunk, one.set_id))
        except (Held, Outdated) as error:  # another process is settling the same items
            raise Unavailable(reason="a change set is being settled by somebody else") from error


def _settling(commits: Sequence[ConfigCommit], set_id: str) -> list[Write]:
    return [
        *(write for commit in commits for write in dynamo.writes_of_one(_announced(commit), set_id)),
        *dynamo.count_writes(dynamo.deleted(commits)),
        *dynamo.reference_writes((), dynamo.removed(commits)),
    ]


def _announced(commit: ConfigCommit) -> ConfigCommit:
    created = commit.before is not None and commit.before.revision == 0
    return replace(commit, events=(configuration_changed(replace(commit, before=None) if created else commit),))


def _releasing(commits: Sequence[ConfigCommit], set_id: str) -> list[Write]:
    writes: list[Write] = []
    for commit in commits:
        assert commit.before is not None  # noqa: S101 - an item that holds a change is stored
        address, before = commit.after.address, commit.before.value
        mine = Attr(HELD_SET) == set_id
        refused = lambda _, address=address: Held(address)  # noqa: E731 - one line each
        remove = [Attr(name).remove() for name in HOLDING]
        if before.version == 0:
            writes.append(Delete(dynamo.item_key(address), mine, refused))
        else:
            writes.append(Update(dynamo.item_key(address), remove, mine, refused))
        card = dynamo.card_key(address)
        writes.append(Delete(card) if before.is_deleted else Update(card, remove))
    return [
        *writes,
        *dynamo.count_writes(dynamo.counted(commits, -1)),
        *dynamo.reference_writes((), dynamo.added(commits)),
    ]


def _items(addresses: Sequence[Address]) -> dict[Address, RawItem]:
    by_key = {dynamo.item_key(address): address for address in addresses}
    return {by_key[at]: item for at, item in many(list(by_key))}


def _held_writes(commit: ConfigCommit) -> int:
    return 2 + commit.after.is_deleted + 3 * len(commit.added)


def _settled_writes(commit: ConfigCommit) -> int:
    return 5 + 2 * len(commit.timers) + 2 * len(commit.removed)


def _released_writes(commit: ConfigCommit) -> int:
    return 2 + 2 * len(commit.added)


def _chunks(
    commits: Sequence[ConfigCommit], writes: Callable[[ConfigCommit], int], fixed: int
) -> Iterator[list[ConfigCommit]]:
    """Yield the commits in pieces that each fit into one transaction; ``fixed`` writes are each piece's own, one of
    them per layer."""
    owners = len({commit.after.address.owner for commit in commits})
    room = dynamo.ROOM - fixed * owners
    piece: list[ConfigCommit] = []
    used = 0
    for commit in commits:
        if piece and used + writes(commit) > room:
            yield piece
            piece, used = [], 0
        piece.append(commit)
        used += writes(commit)
    if piece:
        yield piece


def _pieces(addresses: Sequence[Address], size: int) -> Iterator[tuple[Address, ...]]:
    for start in range(0, len(addresses), size):
        yield tuple(addresses[start : start + size])


def rung(due: DueTimer, at: datetime) -> None:
    """Do what the timer of a set is for: settle what was switched, give up what was not (once; see ``timers.fired``).

    Raises:
        AlreadyHandled: it was done, or the timer was moved.
    """
    origin = Origin(due.tenant_id, "", "system", at, request_id=due.version)
    found = _read(due.tenant_id, due.payload["setId"])
    if found is not None and found.value.state is SetState.PREPARING:
        found = SETS.save(change_sets.aborted(found, origin))
    if found is None or found.value.state in {SetState.SETTLED, SetState.RELEASED}:
        transact(timers.fired(due, at))
        return
    _finish(found, origin, due)
