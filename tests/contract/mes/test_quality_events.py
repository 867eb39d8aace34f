"""What quality and stock emit fits the promised schemas; made through their functions on a table in memory."""

import json
from typing import Any

import jsonschema_rs

from tests.factories.http import Context, a_principal
from tests.factories.quality import QUALITY, QUALITY_EVENTS, Quality
from tests.factories.queues import a_batch, failed
from tests.factories.stored import events
from tools.event_schemas import models, schema_of


def heard(quality: Quality, function: str, *types: str) -> None:
    """Deliver all events of some types."""
    found = [event for name in types for event in events(name)]
    assert failed(quality.handler(function)(a_batch(*found), Context())) == []


def everything(quality: Quality) -> None:
    """A bad lot, a signal with its case, a low yield, stock that moves."""
    quality.inspected()
    result = {"version": 1, "inspected": 50, "nonconforming": 9}
    quality.call("change_inspections", "POST", "/api/v1/inspections/orders/IQC-1/result", result)
    quality.monitored()
    quality.sample(40, 10.5, lotId="LOT-1")
    heard(quality, "follow_quality", "ChartSignalled")
    case = quality.call("read_defects", "GET", "/api/v1/ocap/cases", query={"lotId": "LOT-1"})[1]["data"]["items"][0]
    path = f"/api/v1/ocap/cases/{case['ocapId']}"
    for version, (step, answer) in enumerate((("CONTAIN", "DONE"), ("DATA", "YES"), ("CAUSE", "DONE")), start=1):
        body = {"version": version, "stepId": step, "answer": answer}
        quality.call("change_defects", "POST", f"{path}/answers", body)
    other = a_principal(*QUALITY, user="emp-900")
    quality.call("change_defects", "POST", f"{path}/verification", {"version": 4, "effective": True}, caller=other)
    quality.started()
    quality.report(goodQty=22, defectQty=10, defectTypes=["burr"])
    heard(quality, "follow_quality", "ProductionReported")
    quality.step("WO-1", "complete", 3)
    heard(quality, "follow_stock", "WorkOrderCompleted")
    receipt = {"materialId": "M", "lotId": "L1", "warehouse": "W", "location": "A", "quantity": 1.5}
    quality.call("move_stock", "POST", "/api/v1/inventory/receipts", receipt)


def test_every_event_of_quality_and_stock_fits_its_schema(account: Any) -> None:
    account("mes")
    everything(Quality())
    promised = {model.event_type(): model for model in models()}
    made = [event for event in events() if event["event_type"] in QUALITY_EVENTS]
    assert {event["event_type"] for event in made} == QUALITY_EVENTS
    for event in made:
        schema = json.loads(schema_of(promised[event["event_type"]]))
        jsonschema_rs.validate(schema, event["data"], validate_formats=True)
