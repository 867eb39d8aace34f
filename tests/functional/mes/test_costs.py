"""Standard costs, what orders cost, and the completion report that says it, through the functions (MES-04, MES-15)."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from enghub.core import outbox
from enghub.core.transactions import transact
from enghub.mes.factories import Factory
from enghub.mes.supply.dynamo import BOMS
from enghub.mes.supply.model import Bom, Line
from tests.factories.faults import answer_lost, intercepted
from tests.factories.http import NOW, Context, a_principal
from tests.factories.quality import QUALITY, Quality
from tests.factories.queues import a_batch, failed
from tests.factories.stored import events, waiting

BASE = "/api/v1/plant/standard-costs"
SINCE = {"validFrom": "2020-01-01", "currency": "CNY"}


@pytest.fixture
def quality(account: Any) -> Quality:
    account("mes")
    made = Quality()
    made.caller = a_principal(*QUALITY, "cost:read", "cost:manage")
    return made


def price(quality: Quality, name: str, amount: float, **fields: Any) -> tuple[int, dict[str, Any]]:
    body = {**SINCE, "amount": amount, **fields}
    return quality.call("change_plant", "PUT", f"{BASE}/{name}", body)


def cost(quality: Quality, number: str = "WO-1") -> dict[str, Any]:
    status, answer = quality.call("read_load", "GET", f"/api/v1/work-orders/{number}/cost")
    assert status == 200, answer
    data: dict[str, Any] = answer["data"]
    return data


def move(quality: Quality, what: str, **fields: Any) -> dict[str, Any]:
    body = {"warehouse": "W", "location": "A", **fields} if what == "receipts" else fields
    status, answer = quality.call("move_stock", "POST", f"/api/v1/inventory/{what}", body)
    assert status == 201, answer
    data: dict[str, Any] = answer["data"]
    return data


def complete(quality: Quality) -> Callable[[], list[str]]:
    """Complete the order; returns what tells planners, once more each time."""
    assert quality.step("WO-1", "complete", 3)[0] == 200
    told = [outbox.body_of(one) for one in waiting() if one.message_type == "WorkOrderCompleted"]
    return lambda: failed(quality.handler("tell_planners")(a_batch(*told), Context()))


def reports() -> list[dict[str, Any]]:
    notices = [event["data"] for event in events("NoticeRequested")]
    return [one["facts"] for one in notices if one["notice_type"] == "mes.completion_report"]


def test_an_order_is_costed_when_it_is_complete_and_says_where_each_figure_comes_from(quality: Quality) -> None:
    """80 pieces of 30 s and 4 lost: 0.7 h at 36 and 72; 168 C issued, 4 came back, at 0.5."""
    for name, amount in (("MATERIAL/C", 0.5), ("LABOUR/ALL", 36), ("MACHINE/ALL", 72), ("LABOUR/ST-SMT-01", 90)):
        assert price(quality, name, amount)[0] == 200
    quality.started()
    move(quality, "receipts", materialId="C", lotId="L1", quantity=500)
    issue = move(quality, "issues", materialId="C", quantity=168, workOrderId="WO-1")
    back = move(quality, "receipts", materialId="C", lotId="L1", quantity=4, workOrderId="WO-1")
    wrong = quality.report(goodQty=10)[1]["data"]["reportId"]
    assert quality.reverse(wrong)[0] == 201
    quality.report(key="key-2", goodQty=80, defectQty=4, defectTypes=["scratch"], reportTime="2026-03-02T07:57:00Z")
    again = complete(quality)
    assert [again(), again()] == [[], []]
    found = cost(quality)
    assert (found["material"], found["labour"], found["machine"], found["total"]) == (82, 63, 50.4, 195.4)
    assert (found["currency"], found["perPiece"], found["isProvisional"]) == ("CNY", 2.4425, False)
    assert found["ofScrap"] == round(195.4 / 84 * 4, 4)
    material, labour, machine = found["lines"]
    assert (material["source"], material["references"]) == ("ISSUES", [issue["movementId"], back["movementId"]])
    assert (labour["priceOf"], labour["price"], machine["priceOf"]) == ("ST-SMT-01", 90, "ALL")
    assert (labour["source"], labour["quantity"], labour["costVersion"]) == ("STANDARD_TIME", 0.7, 1)
    assert (found["rolledUp"]["total"], found["rolledUp"]["lacking"]) == (195.4, [])
    (told,) = reports()
    assert (told["cost"], told["costPerPiece"], told["costLacks"]) == ("195.4000", "2.4425", None)
    assert "MATERIAL C: 164.000000 (ISSUES) x 0.5 (from 2020-01-01, version 1)" in told["costFrom"]


def test_without_prices_it_is_provisional_and_null_and_a_price_said_later_for_that_day_completes_it(
    quality: Quality,
) -> None:
    quality.started(bomVersion=None)
    quality.report(goodQty=80)
    complete(quality)()
    found = cost(quality)
    assert (found["total"], found["material"], found["perPiece"], found["isProvisional"]) == (None, None, None, True)
    assert found["lacking"] == [
        "NO_PRICE LABOUR ST-SMT-01",
        "NO_PRICE MACHINE ST-SMT-01",
        "NEITHER_ISSUED_NOR_BOM",
    ]
    assert (reports()[0]["cost"], "NO_PRICE" in reports()[0]["costLacks"]) == (None, True)
    move(quality, "receipts", materialId="C", lotId="L1", quantity=500)
    move(quality, "issues", materialId="C", quantity=160, workOrderId="WO-1")
    price(quality, "MATERIAL/C", 0.5)
    price(quality, "LABOUR/ALL", 36)
    price(quality, "MACHINE/ALL", 0)
    assert (cost(quality)["total"], cost(quality)["rolledUp"]["total"]) == (104, None)
    price(quality, "MATERIAL/C", 9, validFrom="2999-01-01", version=1)
    assert cost(quality)["total"] == 104


def test_set_up_is_told_with_a_report_counts_once_and_goes_when_that_is_reversed(quality: Quality) -> None:
    price(quality, "LABOUR/ALL", 36)
    price(quality, "MACHINE/ALL", 72)
    quality.routing(operations=[{"operation": "OP-10", "standardSeconds": 20, "setupSeconds": 360}])
    quality.started()

    def lines() -> list[Any]:
        found = [one for one in cost(quality)["lines"] if "SETUP" in one["source"]]
        return [(one["source"], one["quantity"], one["amount"]) for one in found]

    assert lines() == []
    first = quality.report(goodQty=10, setupSeconds=720)[1]["data"]
    assert first["setupSeconds"] == 720
    quality.report("key-2", goodQty=10, setupSeconds=900, reportTime="2026-03-02T08:57:00Z")
    assert lines() == [("REPORTED_SETUP", 0.2, 7.2), ("REPORTED_SETUP", 0.2, 14.4)]
    assert quality.reverse(first["reportId"])[0] == 201
    assert lines() == [("REPORTED_SETUP", 0.25, 9), ("REPORTED_SETUP", 0.25, 18)]
    quality.report("key-3", goodQty=10, reportTime="2026-03-02T09:57:00Z")
    second = quality.call("read_production_reports", "GET", "/api/v1/production/reports", query={"workOrderId": "WO-1"})
    (told,) = [one for one in second[1]["data"]["items"] if one["setupSeconds"] == 900]
    assert quality.reverse(told["reportId"])[0] == 201
    assert lines() == [("STANDARD_SETUP", 0.1, 3.6), ("STANDARD_SETUP", 0.1, 7.2)]
    assert quality.report("key-4", goodQty=1, setupSeconds=-1)[1]["details"]["field"] == "setupSeconds"


def test_a_bom_stands_for_what_was_not_issued(quality: Quality) -> None:
    lines = (Line("C", Decimal(2), "pcs"), Line("C", Decimal(1), "pcs"))
    transact(BOMS.put(Bom(Factory("acme", "sh-01"), "PROD-A001", "V1", lines, NOW, NOW)))
    price(quality, "MATERIAL/C", 0.5)
    quality.started(bomVersion="V1")
    quality.report(goodQty=80, defectQty=10, defectTypes=["scratch"])
    found = cost(quality)
    assert (found["material"], found["lines"][0]["source"], found["lines"][0]["quantity"]) == (135, "BOM", 270)


def test_a_price_is_said_once_by_version_in_one_currency(quality: Quality) -> None:
    with intercepted("TransactWriteItems", answer_lost(1)):
        assert price(quality, "MATERIAL/C", 0.5)[0] == 200
    assert price(quality, "MATERIAL/C", 0.5)[1]["data"]["version"] == 1
    assert price(quality, "MATERIAL/C", 0.6)[1]["code"] == "40902"
    assert price(quality, "MATERIAL/C", 0.6, version=1)[1]["data"]["version"] == 2
    refused = price(quality, "MATERIAL/C", 0.6, version=2, currency="EUR")[1]["details"]
    assert (refused["error"], refused["field"]) == ("CURRENCY_FIXED", "currency")
    wrong: list[dict[str, Any]] = [{"amount": -1}, {"amount": 1e300}, {"currency": "yuan"}, {"validFrom": "2026-02-30"}]
    for fields in wrong:
        assert price(quality, "MATERIAL/D", **{"amount": 1, **fields})[0] == 400
    assert price(quality, "STEEL/D", 1)[0] in {400, 422}
    listed = quality.call("read_load", "GET", BASE, query={"kind": "MATERIAL"})[1]["data"]["items"]
    assert [(one["subject"], one["prices"][0]["amount"]) for one in listed] == [("C", 0.6)]
    assert quality.call("read_load", "GET", f"{BASE}/MATERIAL/C")[1]["data"] == listed[0]
    assert quality.call("read_load", "GET", f"{BASE}/MATERIAL/X")[0] == 404


def test_costs_are_seen_by_those_who_may_in_their_factory(quality: Quality) -> None:
    price(quality, "MATERIAL/C", 0.5)
    quality.started()
    path = "/api/v1/work-orders/WO-1/cost"
    assert quality.call("read_load", "GET", path, caller=a_principal(*QUALITY))[0] == 403
    stranger = a_principal("cost:read", "cost:manage", tenant="globex")
    assert quality.call("read_load", "GET", path, caller=stranger)[0] == 404
    assert quality.call("read_load", "GET", f"{BASE}/MATERIAL/C", caller=stranger)[0] == 404
    body = {**SINCE, "amount": 1}
    assert quality.call("change_plant", "PUT", f"{BASE}/MATERIAL/C", body, caller=a_principal(*QUALITY))[0] == 403
