"""Slots and queue in DynamoDB: changed only as they were seen; a slot comes back without being seen (UPG-10)."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from enghub.core import audit
from enghub.core.commits import Kept
from enghub.core.transactions import transact
from enghub.upgrade.queue.dynamo import AUDITED, DynamoQueue, giving_back, move_writes
from enghub.upgrade.queue.errors import QueueChanged
from enghub.upgrade.queue.model import QueueMove, QueueState, Slots
from tests.factories.upgrade import NOW, ORIGIN, TENANT


@pytest.fixture
def queue(account: Callable[..., str]) -> DynamoQueue:
    account("upgrade")
    return DynamoQueue(2)


def store(move: QueueMove) -> None:
    transact(*move_writes(TENANT, move))


def take(queue: DynamoQueue, *execution_ids: str) -> None:
    line = queue.line(TENANT)
    store(line.move(replace(line.slots, holders=line.slots.holders | set(execution_ids))))


def test_a_new_tenant_has_every_slot_and_an_empty_queue(queue: DynamoQueue) -> None:
    assert queue.line(TENANT) == QueueState(Kept(Slots(2), 0))
    assert queue.tenants() == ()


def test_tickets_come_back_in_order_and_leave_once(queue: DynamoQueue) -> None:
    for number in range(1, 12):
        line = queue.line(TENANT)
        slots, ticket = line.slots.ticket(f"e{number}", "A", NOW)
        store(line.move(slots, joins=ticket))
    assert [ticket.number for ticket in queue.line(TENANT).tickets] == list(range(1, 12))
    store(queue.line(TENANT).move(leaves=1))
    assert queue.line(TENANT).tickets[0].execution_id == "e2"
    with pytest.raises(QueueChanged):
        store(queue.line(TENANT).move(leaves=1))
    assert queue.tenants() == (TENANT,)


def test_two_who_saw_the_same_slots_do_not_both_take_one(queue: DynamoQueue) -> None:
    seen = queue.line(TENANT)
    store(seen.move(seen.slots.taken_by("a")))
    with pytest.raises(QueueChanged):
        store(seen.move(seen.slots.taken_by("b")))
    assert queue.line(TENANT).slots.holders == {"a"}


def test_two_slots_given_back_at_once_are_both_free_and_a_repeat_changes_nothing(queue: DynamoQueue) -> None:
    take(queue, "a", "b")
    seen = queue.line(TENANT)
    for execution_id in ("a", "b", "a"):
        transact(giving_back(TENANT, execution_id))
    assert queue.line(TENANT).slots.holders == frozenset()
    with pytest.raises(QueueChanged):
        store(seen.move(seen.slots.taken_by("c")))


def test_giving_back_what_was_never_taken_leaves_a_readable_queue(queue: DynamoQueue) -> None:
    transact(giving_back(TENANT, "before-there-were-slots"))
    assert queue.line(TENANT) == QueueState(Kept(Slots(2), 1))


def test_a_tenants_own_limit_is_kept_and_given_up(queue: DynamoQueue) -> None:
    queue.set_limit(queue.line(TENANT).kept, 7, ORIGIN)
    take(queue, "a")
    kept = queue.line(TENANT).kept
    slots = kept.value
    assert (slots.limit, slots.is_own, slots.holders) == (7, True, frozenset({"a"}))
    queue.set_limit(kept, None, ORIGIN)
    assert (queue.line(TENANT).slots.limit, queue.line(TENANT).slots.is_own) == (2, False)
    entries = audit.history(TENANT, AUDITED)
    assert [(dict(e.before), dict(e.after), e.user_id) for e in entries] == [
        ({"limit": None}, {"limit": 7}, "ada"),
        ({"limit": 7}, {"limit": None}, "ada"),
    ]
    assert audit.broken_at(entries) is None


def test_a_limit_that_saw_older_slots_is_refused(queue: DynamoQueue) -> None:
    seen = queue.line(TENANT)
    store(seen.move(seen.slots.taken_by("a")))
    with pytest.raises(QueueChanged):
        queue.set_limit(seen.kept, 7, ORIGIN)


def test_the_stages_number_holds_for_all_who_set_none_also_after_they_had_slots(queue: DynamoQueue) -> None:
    take(queue, "a")
    assert DynamoQueue(9).line(TENANT).slots.limit == 9
