"""Slots and queue in DynamoDB: changed only as they were seen; a slot comes back without being seen (UPG-10)."""

from collections.abc import Callable

import pytest

from enghub.core.transactions import transact
from enghub.upgrade.queue.dynamo import DynamoQueue, giving_back, move_writes
from enghub.upgrade.queue.errors import QueueChanged
from enghub.upgrade.queue.model import Line, Move, Slots
from tests.factories.upgrade import NOW, ORIGIN, TENANT


@pytest.fixture
def queue(account: Callable[..., str]) -> DynamoQueue:
    account("upgrade")
    return DynamoQueue(2)


def store(move: Move) -> None:
    transact(*move_writes(TENANT, move))


def test_a_new_tenant_has_every_slot_and_an_empty_queue(queue: DynamoQueue) -> None:
    assert queue.line(TENANT) == Line(Slots(2))
    assert queue.tenants() == ()


def test_tickets_come_back_in_order_and_leave_once(queue: DynamoQueue) -> None:
    for number in range(1, 12):
        slots, ticket = queue.line(TENANT).slots.ticket(f"e{number}", "A", NOW)
        store(Move(slots, joins=ticket))
    assert [ticket.number for ticket in queue.line(TENANT).tickets] == list(range(1, 12))
    store(Move(queue.line(TENANT).slots, leaves=1))
    assert queue.line(TENANT).tickets[0].execution_id == "e2"
    with pytest.raises(QueueChanged):
        store(Move(queue.line(TENANT).slots, leaves=1))
    assert queue.tenants() == (TENANT,)


def test_two_who_saw_the_same_slots_do_not_both_take_one(queue: DynamoQueue) -> None:
    seen = queue.line(TENANT).slots
    store(Move(seen.taken_by("a")))
    with pytest.raises(QueueChanged):
        store(Move(seen.taken_by("b")))
    assert queue.line(TENANT).slots.holders == {"a"}


def test_two_slots_given_back_at_once_are_both_free_and_a_repeat_changes_nothing(queue: DynamoQueue) -> None:
    store(Move(queue.line(TENANT).slots.taken_by("a").taken_by("b")))
    seen = queue.line(TENANT).slots
    for execution_id in ("a", "b", "a"):
        transact(giving_back(TENANT, execution_id))
    assert queue.line(TENANT).slots.holders == frozenset()
    with pytest.raises(QueueChanged):
        store(Move(seen.taken_by("c")))


def test_giving_back_what_was_never_taken_leaves_a_readable_queue(queue: DynamoQueue) -> None:
    transact(giving_back(TENANT, "before-there-were-slots"))
    assert queue.line(TENANT) == Line(Slots(2, record_version=1))


def test_a_tenants_own_limit_is_kept(queue: DynamoQueue) -> None:
    line = queue.line(TENANT)
    queue.set_limit(Slots(7, line.slots.holders, line.slots.next_number, line.slots.record_version), ORIGIN)
    assert queue.line(TENANT).slots.limit == 7
