"""The scenario, and what was received, in the sandbox's table."""

from datetime import date

from pynamodb.exceptions import UpdateError

from enghub.core import clock
from enghub.core.aggregates import Items
from enghub.core.codec import Key
from enghub.core.dynamo import Attr, key, table
from enghub.core.transactions import absent, transact
from enghub.sandbox.erp.scenario import Scenario
from enghub.sandbox.erp.service import ORDER, Received

KEY = ("SANDBOX#ERP", "SCENARIO")
MOST_LISTED = 1000
_ORDERS = "SANDBOX#ERP-ORDERS"
SCENARIOS = Items(Scenario, "SCENARIO", key=lambda _: KEY)


def _received_key(name: str) -> Key:
    return key("SANDBOX#ERP-RECEIVED", name), "RECEIVED"


RECEIVED = Items(
    Received,
    "ERP_RECEIVED",
    key=lambda one: _received_key(one.key),
    more=lambda one: {
        "gsi1pk": _day(one.received_at.date()),
        "gsi1sk": key(clock.to_text(one.received_at), one.key),
        "gsi2pk": _ORDERS if one.kind == ORDER else None,
        "gsi2sk": one.key if one.kind == ORDER else None,
    },
)


def _day(day: date) -> str:
    return key("SANDBOX#ERP-DAY", day.isoformat())


class _Known(Exception):
    """Something of that key was taken before."""


def load() -> Scenario:
    """Return the stored scenario, the usual one when none is."""
    return SCENARIOS.get(KEY) or Scenario()


def save(scenario: Scenario) -> None:
    """Store the scenario."""
    transact(SCENARIOS.put(scenario))


def take(received: Received) -> Received:
    """Keep what came, once by its key; returns what is kept."""
    try:
        transact(RECEIVED.put(received, absent(), _Known))
    except _Known:
        return RECEIVED.get(_received_key(received.key)) or received
    return received


def of_day(day: date) -> list[Received]:
    """Return what was received on a day (UTC), at most MOST_LISTED, without acknowledgements of orders."""
    found = RECEIVED.page(_day(day), index="gsi1", limit=MOST_LISTED).items
    return [one for one in found if one.kind != ORDER]


def answered_orders() -> set[str]:
    """Return the orders of which an acknowledgement came."""
    return {one.subject for one in RECEIVED.each(_ORDERS, index="gsi2")}


def lose_answer() -> bool:
    """Use up one of the answers that ``lost_answers`` asks to be lost; False when none is left."""
    attribute = Attr("lost_answers")
    try:
        table().update_item(KEY[0], range_key=KEY[1], actions=[attribute.set(attribute - 1)], condition=attribute > 0)
    except UpdateError:
        return False
    return True
