"""What the services of the factory floor emit fits the promised schemas, and so does what a consumer reads."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import jsonschema_rs

from enghub.mes import published
from enghub.mes.factories import Factory
from enghub.mes.reports.model import StationOperation
from enghub.mes.reports.reversing import ReverseReport, Reversing
from enghub.mes.reports.service import Reporting, ReportProduction
from enghub.mes.work_orders.model import Step
from enghub.mes.work_orders.service import CreateWorkOrder, EditWorkOrder, HoldWorkOrder, TakeStep, WorkOrders
from tests.factories.http import NOW, an_origin
from tests.factories.mes import a_command
from tests.factories.quality import QUALITY_EVENTS
from tests.fakes.mes import FakeReports, FakeWorkOrders, Floor
from tools.event_schemas import models, schema_of

ELSEWHERE = {
    *("LineStopped", "LineStarted", "AndonRaised", "AndonChanged"),
    *("EquipmentStateChanged", "MaintenanceRequested", "MaintenanceChanged"),
}
"""Emitted by services of which other tests tell."""


def a_whole_life() -> Floor:
    """Every event there is, by the services themselves."""
    floor = Floor()
    orders, reports = WorkOrders(FakeWorkOrders(floor)), Reporting(FakeReports(floor))
    planned: dict[str, Any] = {
        "product_id": "PROD-A001",
        "planned_quantity": Decimal("100.5"),
        "due_on": date(2026, 3, 4),
        "unit": "kg",
        "line_id": "SMT-1",
        "station_id": "ST-1",
    }
    for number in ("A", "B"):
        orders.create(CreateWorkOrder(an_origin(), number, planned))
        orders.edit(EditWorkOrder(an_origin(), number, 1, {"sales_order_id": "SO-1"}))
    orders.take(TakeStep(an_origin(), "B", 2, Step.CANCEL))
    steps = (Step.RELEASE, Step.START, Step.PAUSE, Step.RESUME)
    for version, step in enumerate(steps, start=2):
        orders.take(TakeStep(an_origin(), "A", version, step))
    recorded = reports.report(
        ReportProduction(
            origin=an_origin(),
            client_key="k",
            fingerprint="f",
            work_order_id="A",
            good=Decimal("1.25"),
            defect=Decimal(1),
            defect_types=("短路",),
            station_operation=StationOperation("ST-1", "OP-10"),
            shift_on=None,
            shift="day",
            reported_at=NOW,
            produced_by="emp-001",
        )
    )
    Reversing(FakeReports(floor)).reverse(ReverseReport(an_origin(), recorded.report.report_id, "miscounted"))
    reports.report(a_command("again", work_order_id="A", shift_on=None, shift="day"))
    orders.hold(HoldWorkOrder(an_origin(), "A", "ecn/ECN-1", "capacitor changed"))
    orders.lift_hold(HoldWorkOrder(an_origin(), "A", "ecn/ECN-1", "approved"))
    for version, step in ((8, Step.COMPLETE), (9, Step.CLOSE)):
        orders.take(TakeStep(an_origin(), "A", version, step))
    assert orders.get(Factory("acme", "sh-01"), "A").version == 10
    return floor


def test_every_event_the_services_emit_fits_its_schema() -> None:
    events = a_whole_life().events
    promised = {model.event_type(): model for model in models() if issubclass(model, published.MesEvent)}
    assert {event.event_type for event in events} == set(promised) - ELSEWHERE - QUALITY_EVENTS
    for event in events:
        data = json.loads(event.to_json())["data"]
        jsonschema_rs.validate(json.loads(schema_of(promised[event.event_type])), data, validate_formats=True)
