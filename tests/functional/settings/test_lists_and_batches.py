"""Configuration items many at once: in one request, and in lists (CFG-02, CFG-03)."""

from dataclasses import replace
from typing import Any

import pytest

from enghub.core.transactions import transact
from enghub.settings.configs.dynamo import SUMMARIES, card_key
from enghub.settings.configs.listing import summary_of
from tests.factories.settings import a_creation, an_address
from tests.faults.wire import Wire, wired
from tests.functional.settings.test_configs import data, refused, text


@pytest.fixture(autouse=True)
def table(account: Any) -> None:
    account("settings")


# --- batch ---


def test_a_batch_changes_everything_at_once() -> None:
    data("POST", body=text("a", "1"))
    data("POST", body=text("b", "1"))
    items = [text("a", "2", version=1), text("b", "2", version=1)]
    found = data("POST", "/batch", {"configs": items, "changeReason": "both"})
    assert found["changed"] == [{"configKey": "a", "version": 2}, {"configKey": "b", "version": 2}]


def test_a_batch_with_bad_items_changes_nothing_and_names_each() -> None:
    data("POST", body=text("a", "1"))
    data("POST", body=text("n", "1", configType="NUMBER"))
    items = [
        text("a", "2", version=1),
        text("n", "x", version=1),
        text("gone", "2", version=1),
        text("a", "3", version=1),
        text("n", "2", version=7),
    ]
    status, code, details = refused("POST", "/batch", {"configs": items})
    assert (status, code) == (422, "42201")
    assert [(found["index"], found["code"]) for found in details["errors"]] == [
        (1, "40001"),
        (2, "40401"),
        (3, "40001"),
        (4, "40001"),
    ]
    assert data("GET", "/a")["configValue"] == "1"


def test_a_batch_may_add_references_to_one_item_many_times_and_to_its_own_items() -> None:
    for name in ("x", "y", "z"):
        data("POST", body=text(name, "1"))
    items = [text("x", "${z}", version=1), text("y", "${z} ${x}", version=1)]
    data("POST", "/batch", {"configs": items})
    assert len(refused("DELETE", "/z", version="1")[2]["dependants"]) == 2
    assert len(refused("DELETE", "/x", version="2")[2]["dependants"]) == 1


# --- lists ---


def test_a_list_is_filtered_sorted_and_paged() -> None:
    data("POST", body=text("mail.host", "a", category="mail", tags=["x", "y"], scope="MODULE"))
    data("POST", body=text("mail.port", "25", category="mail", tags=["x"], description="Der Port"))
    data("POST", body=text("theme", "dark", category="ui", scope="FEATURE"))

    def keys(**query: str) -> list[str]:
        return [item["configKey"] for item in data("GET", **query)["items"]]

    assert keys() == ["theme", "mail.port", "mail.host"]
    assert keys(sort="config_key", order="asc") == ["mail.host", "mail.port", "theme"]
    assert keys(scope="FEATURE") == ["theme"]
    assert keys(category="mail", order="asc") == ["mail.host", "mail.port"]
    assert keys(keyword="PORT") == ["mail.port"]
    assert keys(tags="y") == ["mail.host"]
    assert keys(startTime="2999-01-01T00:00:00Z") == []
    second = data("GET", page="2", size="2")
    assert ([item["configKey"] for item in second["items"]], second["total"], second["pages"]) == (["mail.host"], 3, 2)


def filled(many: int) -> None:
    """Put a layer of many items into the table behind the API."""
    commit = a_creation()
    summary = summary_of(commit.after, commit.origin.at)
    for number in range(many):
        name = f"key-{number:04}"
        transact(SUMMARIES.put(replace(summary, config_key=name), at=card_key(an_address(name))))


def test_a_layer_is_gone_through_by_key_at_the_cost_of_a_page() -> None:
    filled(45)
    data("POST", body=text("key-0020.x", "1", category="mail"))
    seen: list[str] = []
    after: str | None = ""
    while after is not None:
        with wired(Wire()) as wire:
            found = data("GET", after=after, size="20")
        assert (wire.calls, found["total"]) == (["dynamodb.Query"], None)
        seen += [item["configKey"] for item in found["items"]]
        after = found["nextAfter"]
    assert seen == sorted([*(f"key-{number:04}" for number in range(45)), "key-0020.x"])
    found = data("GET", after="key-0010", category="mail")
    assert ([item["configKey"] for item in found["items"]], found["nextAfter"]) == (["key-0020.x"], None)
    assert data("GET", after="key-0044")["items"] == []


@pytest.mark.parametrize("query", [{"page": "0"}, {"size": "101"}, {"sort": "value"}, {"layer": "moon"}, {"tags": ""}])
def test_a_bad_list_parameter_is_named(query: dict[str, str]) -> None:
    status, code, details = refused("GET", **query)
    assert (status, code) == (400, "40001")
    assert details["field"].split(".")[0] == next(iter(query))


def test_a_long_value_is_left_out_of_lists() -> None:
    data("POST", body=text("long", "x" * 2_000))
    assert data("GET")["items"][0]["configValue"] is None
    assert len(data("GET", "/long")["configValue"]) == 2_000
