"""Slots and queue: never above the limit, nobody overtaken, nobody lost (UPG-10)."""

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from enghub.core.commits import Kept
from enghub.upgrade.queue.model import QueueState, Slots, Ticket
from tests.factories.upgrade import NOW

SITES = st.sampled_from(["A", "B", "C", "D"])


def test_one_that_waits_for_its_site_does_not_hold_up_those_behind_it() -> None:
    line = QueueState(Kept(Slots(2, frozenset({"run"}))), (Ticket(1, "first", "A", NOW), Ticket(2, "second", "B", NOW)))
    found = line.next(lambda site: site == "A")
    assert found is not None
    assert found.execution_id == "second"


def test_a_newcomer_begins_at_once_only_when_a_slot_remains_for_all_who_wait() -> None:
    waiting = (Ticket(1, "first", "A", NOW),)
    assert not QueueState(Kept(Slots(2, frozenset({"run"}))), waiting).may_begin("new")
    assert QueueState(Kept(Slots(3, frozenset({"run"}))), waiting).may_begin("new")


def test_a_place_names_those_ahead() -> None:
    place = QueueState(Kept(Slots()), (Ticket(1, "first", "A", NOW), Ticket(4, "second", "B", NOW))).position("second")
    assert place is not None
    assert (place.position, place.ahead) == (2, ("first",))


def test_a_lowered_limit_admits_nobody_until_enough_have_ended() -> None:
    assert not QueueState(Kept(Slots(1, frozenset({"a", "b"}))), (Ticket(1, "c", "C", NOW),)).next(lambda _: False)


class Queueing(RuleBasedStateMachine):
    """Requests, ends and admissions in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.line = QueueState(Kept(Slots(2)))
        self.sites: dict[str, str] = {}
        self.running: set[str] = set()
        self.ended: set[str] = set()

    def busy(self, site: str) -> bool:
        return site in {self.sites[who] for who in self.running}

    @rule(site=SITES)
    def asks(self, site: str) -> None:
        who = f"{len(self.sites)}"
        self.sites[who] = site
        if self.line.may_begin(who) and not self.busy(site) and self.line.waiting_for(site) is None:
            self.line = QueueState(Kept(self.line.slots.taken_by(who)), self.line.tickets)
            self.running.add(who)
        else:
            slots, ticket = self.line.slots.ticket(who, site, NOW)
            self.line = QueueState(Kept(slots), (*self.line.tickets, ticket))

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def ends(self, data: st.DataObject) -> None:
        who = data.draw(st.sampled_from(sorted(self.running)))
        self.running.remove(who)
        self.ended.add(who)
        self.line = QueueState(Kept(self.line.slots.without(who)), self.line.tickets)

    @rule()
    def admits(self) -> None:
        while (ticket := self.line.next(self.busy)) is not None:
            ahead = [t for t in self.line.tickets if t.number < ticket.number]
            assert all(self.busy(t.site_id) for t in ahead)
            left = tuple(t for t in self.line.tickets if t != ticket)
            self.line = QueueState(Kept(self.line.slots.taken_by(ticket.execution_id)), left)
            self.running.add(ticket.execution_id)

    @invariant()
    def never_above_the_limit_and_one_per_site(self) -> None:
        assert self.line.slots.holders == self.running
        assert len(self.running) <= 2
        assert len({self.sites[who] for who in self.running}) == len(self.running)

    @invariant()
    def in_order_and_nothing_lost(self) -> None:
        numbers = [ticket.number for ticket in self.line.tickets]
        assert numbers == sorted(set(numbers))
        waiting = {ticket.execution_id for ticket in self.line.tickets}
        assert waiting | self.running | self.ended == set(self.sites)
        assert len(waiting) + len(self.running) + len(self.ended) == len(self.sites)


TestQueueing = Queueing.TestCase
