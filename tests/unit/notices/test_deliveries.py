"""A delivery from its first try to its end."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enghub.notices.channels.model import Kind
from enghub.notices.deliveries.model import (
    LEASE,
    LONGEST_WAIT_SECONDS,
    MAX_ATTEMPTS,
    Delivery,
    NotDeliverable,
    State,
    delivery_id,
)
from enghub.notices.deliveries.planning import Settings, planned
from tests.factories.notices import NOW, a_notice, hook_at, mail_to, requested


def a_delivery() -> Delivery:
    asked = requested(addresses=mail_to("ada@example.com"))
    (made,) = planned(a_notice(asked), asked, Settings("acme"), NOW)
    return made


def test_a_delivery_is_tried_again_later_and_later_then_parked() -> None:
    found, now, waits = a_delivery(), NOW, []
    while found.state is State.PENDING:
        found = found.claimed(now).delayed(now, "451")
        if found.next_at is not None:
            waits.append((found.next_at - now).total_seconds())
            now = found.next_at
    assert (found.state, found.attempts, found.reason) == (State.PARKED, MAX_ATTEMPTS, "451")
    assert len(waits) == MAX_ATTEMPTS - 1
    assert all(30 <= wait <= LONGEST_WAIT_SECONDS for wait in waits)
    assert waits[-1] > waits[0]


@given(st.floats(0, 100_000))
def test_what_a_receiver_asks_to_wait_is_waited_up_to_an_hour(asked: float) -> None:
    later = a_delivery().delayed(NOW, "429", asked).next_at
    assert later is not None
    assert later >= NOW + timedelta(seconds=min(asked, LONGEST_WAIT_SECONDS))


def test_only_what_is_due_is_sent_also_when_its_sender_was_lost() -> None:
    made = a_delivery()
    assert made.is_due(NOW)
    held = made.claimed(NOW)
    assert not held.is_due(NOW + LEASE / 2)
    assert held.is_due(NOW + LEASE)
    for over in (held.sent(NOW), held.parked("550"), replace(made, state=State.COLLECTED)):
        assert not over.is_due(NOW + timedelta(days=9))
    assert not made.postponed(NOW + timedelta(minutes=1)).is_due(NOW)


def test_only_a_parked_one_is_sent_again_or_discarded_and_keeps_its_id() -> None:
    made = a_delivery()
    for state in set(State) - {State.PARKED}:
        with pytest.raises(NotDeliverable):
            replace(made, state=state).redriven(NOW)
        with pytest.raises(NotDeliverable):
            replace(made, state=state).discarded("no")
    again = made.parked("550").redriven(NOW)
    assert (again.delivery_id, again.attempts, again.is_due(NOW)) == (made.delivery_id, 0, True)
    assert made.parked("550").discarded("left the company").reason == "left the company"


def test_the_id_says_nothing_of_the_address_and_a_log_not_the_whole_of_it() -> None:
    made = a_delivery()
    assert "ada" not in made.delivery_id
    assert made.shown == "a***@example.com"
    asked = requested(addresses=hook_at("https://user:pass@h.com/in?token=t#x"))
    (hook,) = planned(a_notice(asked), asked, Settings("acme"), NOW)
    assert hook.shown == "h.com/in"
    assert delivery_id("1", Kind.EMAIL, "a") != delivery_id("1", Kind.WEBHOOK, "a")
