"""The scenario in the sandbox's table."""

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import UpdateError

from enghub.core import clock
from enghub.core.dynamo import Record, table
from enghub.core.transactions import Put, transact
from enghub.sandbox.plm.catalogue import Touch
from enghub.sandbox.plm.scenario import Scenario

_PK, _SK = "SANDBOX#PLM", "SCENARIO"


class ScenarioRecord(Record):
    """The stored scenario."""

    ENTITY = "SCENARIO"

    products = NumberAttribute()
    delay_ms = NumberAttribute()
    fail_next = NumberAttribute()
    broken_object = UnicodeAttribute()
    webhook_times = NumberAttribute()
    touches = JSONAttribute()


def load() -> Scenario:
    """Return the stored scenario, the usual one when none is."""
    record = ScenarioRecord.read(_PK, _SK)
    if record is None:
        return Scenario()
    return Scenario(
        products=int(record.products),
        delay_ms=int(record.delay_ms),
        fail_next=int(record.fail_next),
        broken_object=record.broken_object,
        webhook_times=int(record.webhook_times),
        touches=tuple(Touch(first, last, clock.from_text(at)) for first, last, at in record.touches),
    )


def save(scenario: Scenario) -> None:
    """Store the scenario."""
    transact(
        Put(
            ScenarioRecord(
                pk=_PK,
                sk=_SK,
                products=scenario.products,
                delay_ms=scenario.delay_ms,
                fail_next=scenario.fail_next,
                broken_object=scenario.broken_object,
                webhook_times=scenario.webhook_times,
                touches=[[touch.first, touch.last, clock.to_text(touch.at)] for touch in scenario.touches],
            )
        )
    )


def take_failure() -> bool:
    """Use up one of the failures that ``fail_next`` asks for; False when none is left."""
    attribute = ScenarioRecord.fail_next
    try:
        table().update_item(_PK, range_key=_SK, actions=[attribute.set(attribute - 1)], condition=attribute > 0)
    except UpdateError:
        return False
    return True
