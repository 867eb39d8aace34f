"""The daily summary follows the ledger, and a job proves it (MES-05, MES-15, MES-22)."""

from datetime import timedelta
from typing import Any

import pytest

from enghub.core import clock, dynamo, outbox
from enghub.core.clock import system_clock
from enghub.core.dynamo import Attr
from enghub.core.transactions import Update, transact
from tests.factories.faults import Crash, answer_lost, crash, intercepted
from tests.factories.http import Context
from tests.factories.mes import Floor
from tests.factories.queues import a_batch, failed
from tests.factories.stored import waiting

DAY = "2026-03-02"


def hear(floor: Floor) -> list[str]:
    """Bring every event that waits to the summary, as often as it is called."""
    told = [outbox.body_of(record) for record in waiting()]
    return failed(floor.handler("update_daily_summary")(a_batch(*told), Context()))


def rows(floor: Floor, by: str = "line") -> dict[str, tuple[float, float, float | None, int]]:
    query = {"date": DAY, "by": by}
    status, body = floor.call("read_daily_summary", "GET", "/api/v1/production/daily-summary", query=query)
    assert status == 200, body
    items = body["data"]["items"]
    return {one["name"]: (one["goodQuantity"], one["defectQuantity"], one["yield"], one["reports"]) for one in items}


def prove(floor: Floor) -> dict[str, Any]:
    event = {"tenant_id": "acme", "factory_id": "sh-01", "date": DAY}
    found: dict[str, Any] = floor.handler("prove_days")(event, Context())
    return found


def worked(floor: Floor) -> list[str]:
    """Three reports, one of them reversed; returns their ids, oldest first."""
    floor.started()
    sent = [
        floor.report(goodQty=8, defectQty=2, defectTypes=["scratch"], reworkQty=1),
        floor.report(key="k-2", goodQty=50, producedBy="emp-002", operation="OP-20"),
        floor.report(key="k-3", goodQty=5, station="ST-2"),
    ]
    ids = [body["data"]["reportId"] for _, body in sent]
    assert floor.reverse(ids[1])[0] == 201
    return ids


def aged(*keys: str) -> None:
    """Let reports be stored ten minutes ago, so that a proof judges them."""
    earlier = clock.to_text(system_clock() - timedelta(minutes=10))
    for key in keys:
        at = dynamo.key("T", "acme", "F", "sh-01", "REPORT", key), "REPORT"
        transact(Update(at, [Attr("recorded_at").set(earlier)]))


def test_a_day_is_summed_up_by_line_product_employee_and_operation(floor: Floor) -> None:
    worked(floor)
    assert hear(floor) == []
    assert hear(floor) == []
    assert rows(floor) == {"SMT-1": (13, 2, 0.8667, 2)}
    assert rows(floor, "factory") == {"": (13, 2, 0.8667, 2)}
    assert rows(floor, "product") == {"PROD-A001": (13, 2, 0.8667, 2)}
    assert rows(floor, "employee") == {"emp-001": (13, 2, 0.8667, 2), "emp-002": (0, 0, None, 0)}
    assert rows(floor, "operation") == {"OP-10": (13, 2, 0.8667, 2), "OP-20": (0, 0, None, 0)}


def test_what_was_lost_on_the_way_is_added_and_what_is_wrong_is_set_right(floor: Floor) -> None:
    worked(floor)
    told = [outbox.body_of(record) for record in waiting()]
    floor.handler("update_daily_summary")(a_batch(*told[:-1]), Context())
    aged("key-1", "k-2", "k-3")
    row = dynamo.key("T", "acme", "F", "sh-01", "SUMMARY", DAY), dynamo.key("line", "SMT-1")
    long_ago = clock.to_text(system_clock() - timedelta(minutes=10))
    transact(Update(row, [Attr("good").set(99), Attr("updated_at").set(long_ago)]))
    found = prove(floor)
    assert (found["corrected"], found["differences"]) == (1, [])
    assert rows(floor)["SMT-1"][0] == 63  # the reversal is too young to be judged
    hear(floor)
    assert rows(floor)["SMT-1"][0] == 13


def test_a_day_of_which_no_event_ever_came_is_built_from_the_ledger(floor: Floor) -> None:
    floor.started()
    floor.report()
    floor.report(key="k-2")
    aged("key-1", "k-2")
    assert prove(floor)["added"] == 2
    assert rows(floor)["SMT-1"] == (20, 0, 1, 2)
    assert hear(floor) == []
    assert rows(floor)["SMT-1"] == (20, 0, 1, 2)
    again = prove(floor)
    assert (again["added"], again["corrected"], again["differences"]) == (0, 0, [])


def test_counters_of_an_order_that_differ_from_the_ledger_are_named(floor: Floor) -> None:
    floor.started()
    floor.report()
    at = dynamo.key("T", "acme", "F", "sh-01", "WO", "WO-1"), "WO"
    transact(Update(at, [Attr("good|OP-10").set(11)]))
    hear(floor)
    assert prove(floor)["differences"] == ["work order WO-1, OP-10: order 11/0/0, ledger 10/0/0"]


@pytest.mark.parametrize("fault", [answer_lost(1), crash()])
def test_an_event_whose_answer_is_lost_counts_once(floor: Floor, fault: Any) -> None:
    floor.started()
    floor.report()
    try:
        with intercepted("TransactWriteItems", fault):
            hear(floor)
    except Crash:
        assert rows(floor) == {}
    hear(floor)
    assert rows(floor)["SMT-1"] == (10, 0, 1, 1)
