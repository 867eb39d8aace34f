"""What is stored comes back the same, for every dataclass that a context keeps: found by its declaration."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from enghub.core.aggregates import Aggregate, Items
from enghub.core.codec import Layout, Unreadable, raw
from tests.factories.generated import instances

LAYERS = Path(__file__).parents[3] / "layers"


def declared() -> Iterator[tuple[str, Items[Any]]]:
    """Yield every declaration in a module named dynamo."""
    for path in sorted(LAYERS.glob("*/python/enghub/**/dynamo.py")):
        module = ".".join(path.relative_to(LAYERS).with_suffix("").parts[2:])
        if "Aggregate(" in (text := path.read_text("utf-8")) or "Items(" in text:
            for name, value in vars(import_module(module)).items():
                if isinstance(value, Items):
                    yield f"{module}.{name}", value


DECLARED = dict(declared())
LARGE = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
"""Some aggregates hold much: a run of a cut-over its tasks, a routing its operations."""


def test_there_are_aggregates_to_look_at() -> None:
    assert "enghub.mes.work_orders.dynamo.WORK_ORDERS" in DECLARED


@pytest.mark.parametrize("name", DECLARED)
@settings(max_examples=25, deadline=None, suppress_health_check=LARGE)
@given(st.data())
def test_what_is_stored_comes_back(name: str, data: st.DataObject) -> None:
    items = DECLARED[name]
    value = data.draw(instances(items.kind))
    stored = items.item(value, None if items.key else ("partition", "sort"))
    assert items.value(stored) == value
    assert items.value({**stored, "of_a_later_version": {"S": "x"}}) == value
    assert all(len(attribute) == 1 for attribute in stored.values())


@pytest.mark.parametrize("name", [name for name, items in DECLARED.items() if isinstance(items, Aggregate)])
@settings(max_examples=10, deadline=None, suppress_health_check=LARGE)
@given(st.data())
def test_what_the_audit_and_the_lists_show_has_a_stored_form(name: str, data: st.DataObject) -> None:
    aggregate = DECLARED[name]
    assert isinstance(aggregate, Aggregate)
    value = data.draw(instances(aggregate.kind))
    assert aggregate.identity(value) is not None
    for key, attributes in aggregate.entries(value).items():
        assert all(key)
        assert all(raw(attribute) for attribute in attributes.values() if attribute is not None)


@pytest.mark.parametrize("name", DECLARED)
@settings(max_examples=5, deadline=None, suppress_health_check=LARGE)
@given(st.data())
def test_an_attribute_that_is_missing_or_broken_is_named(name: str, data: st.DataObject) -> None:
    items = DECLARED[name]
    if items.layout != Layout(given=items.layout.given, of_key=items.layout.of_key):
        return  # its attributes have other names than its fields
    value = data.draw(instances(items.kind))
    stored = items.item(value, None if items.key else ("partition", "sort"))
    first = next(iter(stored))
    with pytest.raises(Unreadable, match=f"{items.kind.__name__}.*{first}"):
        items.value({**stored, first: {"NULL": True}})
