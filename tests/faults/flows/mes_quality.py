"""Control charts, inspections, what quality does with events."""

from typing import Any

from enghub.core import outbox
from tests.factories.http import Context
from tests.factories.quality import Quality
from tests.factories.queues import a_batch, failed
from tests.factories.stored import waiting
from tests.faults.harness import Flow, register


def monitored() -> Quality:
    quality = Quality()
    quality.monitored()
    return quality


register(Flow("define a characteristic", "mes", Quality, lambda quality: quality.define()))
register(Flow("a sample that signals", "mes", monitored, lambda quality: quality.sample(45, 10.4, key="sample-1")))


def rejected() -> Quality:
    quality = Quality()
    quality.inspected()
    return quality


def reject(quality: Quality) -> object:
    body = {"version": 1, "inspected": 50, "nonconforming": 9}
    path, key = "/api/v1/inspections/orders/IQC-1/result", {"Idempotency-Key": "result-1"}
    return quality.call("change_inspections", "POST", path, body, headers=key)


register(Flow("a lot is rejected", "mes", rejected, reject))


def with_defects() -> tuple[Quality, list[dict[str, Any]]]:
    """A floor that reported too many defects: 32 pieces, 10 of them defective."""
    quality = Quality()
    quality.started()
    quality.report(goodQty=22, defectQty=10, defectTypes=["burr"])
    return quality, [outbox.body_of(record) for record in waiting()]


def hear(state: tuple[Quality, list[dict[str, Any]]]) -> list[str]:
    quality, told = state
    return failed(quality.handler("follow_quality")(a_batch(*told), Context()))


register(Flow("quality hears of defects", "mes", with_defects, hear))


def stocked() -> Quality:
    quality = Quality()
    body = {"materialId": "M", "lotId": "L1", "warehouse": "W", "location": "A", "quantity": 10}
    quality.call("move_stock", "POST", "/api/v1/inventory/receipts", body)
    return quality


def issued(quality: Quality) -> object:
    body, key = {"materialId": "M", "quantity": 4, "workOrderId": "W1"}, {"Idempotency-Key": "issue-1"}
    return quality.call("move_stock", "POST", "/api/v1/inventory/issues", body, headers=key)


register(Flow("stock is issued", "mes", stocked, issued))
