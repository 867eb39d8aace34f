"""The scenario in the sandbox's table."""

from collections.abc import Callable

from pynamodb.exceptions import UpdateError

from enghub.core import clock
from enghub.core.aggregates import Items
from enghub.core.codec import Layout
from enghub.core.dynamo import Attr, table
from enghub.core.errors import Unavailable
from enghub.core.strictjson import parse_json, write_json
from enghub.core.transactions import transact
from enghub.sandbox.plm.catalogue import Touch
from enghub.sandbox.plm.scenario import Scenario

KEY = ("SANDBOX#PLM", "SCENARIO")
SCENARIOS = Items(
    Scenario,
    "SCENARIO",
    key=lambda _: KEY,
    layout=Layout(
        forms={
            "touches": (
                lambda found: write_json([[touch.first, touch.last, clock.to_text(touch.at)] for touch in found]),
                lambda text: tuple(Touch(first, last, clock.from_text(at)) for first, last, at in parse_json(text)),
            )
        }
    ),
)


def load() -> Scenario:
    """Return the stored scenario, the usual one when none is."""
    return SCENARIOS.get(KEY) or Scenario()


def save(scenario: Scenario) -> None:
    """Store the scenario."""
    transact(SCENARIOS.put(scenario))


def taken_once(key: str, change: Callable[[Scenario, str], Scenario]) -> Scenario:
    """Return the scenario after what was told under a key; the same key changes nothing twice.

    Raises:
        Unavailable: the scenario wants it to fail.
    """
    scenario = load()
    if scenario.fail_next and take_failure():
        raise Unavailable
    changed = change(scenario, key)
    if changed is not scenario:
        save(changed)
    return changed


def take_failure() -> bool:
    """Use up one of the failures that ``fail_next`` asks for; False when none is left."""
    attribute = Attr("fail_next")
    try:
        table().update_item(KEY[0], range_key=KEY[1], actions=[attribute.set(attribute - 1)], condition=attribute > 0)
    except UpdateError:
        return False
    return True
