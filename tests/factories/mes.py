"""Work orders, reports and a little factory that is driven through its handlers."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from enghub.core.identity import Principal
from enghub.mes.factories import Factory
from enghub.mes.reports.model import StationOperation
from enghub.mes.reports.service import ReportProduction
from enghub.mes.work_orders.model import Status, WorkOrder
from enghub.mes.work_orders.quantities import Progress
from tests.factories.handlers import load_handler
from tests.factories.http import NOW, a_principal, a_request, an_origin, invoke

FACTORY = Factory("acme", "sh-01")
PERMISSIONS = (
    "work_order:create",
    "work_order:read",
    "work_order:release",
    "work_order:start",
    "work_order:close",
    "work_order:hold",
    "report:reverse",
    "report:create",
    "report:read",
    "board:read",
    "plant:read",
    "plant:manage",
    "stop:report",
    "andon:answer",
    "device:send",
)
SHANGHAI: dict[str, Any] = {
    "name": "上海工厂 Shanghai",
    "calendar": {
        "zone": "Asia/Shanghai",
        "shifts": [
            {"name": "day", "start": "08:00", "end": "20:00", "breaks": [{"start": "12:00", "end": "13:00"}]},
            {"name": "night", "start": "20:00", "end": "08:00", "breaks": [{"start": "00:00", "end": "01:00"}]},
        ],
    },
    "reporting": {"oldestHours": 8784},
}
"""A factory whose days are not UTC's; its reports may be old, for tests report in March."""
PLAN: dict[str, Any] = {
    "workOrderId": "WO-1",
    "productId": "PROD-A001",
    "plannedQuantity": 100,
    "dueDate": "2026-03-04",
    "salesOrderId": "SO-7",
    "routingId": "R-1",
    "stationId": "ST-SMT-01",
    "lineId": "SMT-1",
    "standardSeconds": 30,
    "shiftDate": "2026-03-02",
    "shift": "day",
}
REPORT: dict[str, Any] = {
    "workOrderId": "WO-1",
    "goodQty": 10,
    "defectQty": 0,
    "defectTypes": [],
    "operation": "OP-10",
    "station": "ST-SMT-01",
    "shift": "day",
    "shiftDate": "2026-03-02",
    "reportTime": "2026-03-02T07:55:00Z",
    "producedBy": "emp-001",
}


def plain(*values: Any) -> tuple[Any, ...]:
    """Return values to be compared with numbers of whatever type."""
    return values


def an_order(**fields: Any) -> WorkOrder:
    """A complete work order, as planned; fields as in the model, and ``good`` and ``defect`` (scrap) of OP-10."""
    good, defect = fields.pop("good", Decimal(0)), fields.pop("defect", Decimal(0))
    if good or defect:
        fields["progress"] = {"OP-10": Progress(good, defect)}
    given: dict[str, Any] = {
        "factory": FACTORY,
        "work_order_id": "WO-1",
        "product_id": "PROD-A001",
        "planned_quantity": Decimal(100),
        "due_on": date(2026, 3, 4),
        "created_at": NOW,
        "station_id": "ST-SMT-01",
        "line_id": "SMT-1",
        **fields,
    }
    return WorkOrder(**given)


def an_order_in(status: Status, **fields: Any) -> WorkOrder:
    """A work order in a status."""
    return an_order(status=status, **fields)


def a_command(key: str = "key-1", good: Any = 10, defect: Any = 0, **fields: Any) -> ReportProduction:
    """A report as the API hands it over; the fingerprint follows from the numbers."""
    given: dict[str, Any] = {
        "origin": an_origin(),
        "client_key": key,
        "fingerprint": f"{good}/{defect}",
        "work_order_id": "WO-1",
        "good": Decimal(good),
        "defect": Decimal(defect),
        "defect_types": ("scratch",) if defect else (),
        "station_operation": StationOperation("ST-1", "OP-10"),
        "shift_on": date(2026, 3, 2),
        "shift": "day",
        "reported_at": NOW,
        "produced_by": "emp-001",
        **fields,
    }
    return ReportProduction(**given)


@dataclass
class Floor:
    """The mes functions on one table, called as the gateway calls them."""

    caller: Principal = field(default_factory=lambda: a_principal(*PERMISSIONS))
    handlers: dict[str, Any] = field(default_factory=dict)

    def call(
        self,
        function: str,
        method: str,
        path: str,
        body: Any = None,
        *,
        caller: Principal | None = None,
        headers: dict[str, str] | None = None,
        query: dict[str, str] | None = None,
    ) -> tuple[int, dict[str, Any]]:
        """Call a function; returns status and body."""
        event = a_request(method, path, body, caller=caller or self.caller, headers=headers, query=query)
        return invoke(self.handler(function), event)

    def handler(self, function: str) -> Any:
        """Return a function's handler, loaded once."""
        if function not in self.handlers:
            self.handlers[function] = load_handler("mes", function)
        return self.handlers[function]

    def create(self, caller: Principal | None = None, **fields: Any) -> tuple[int, dict[str, Any]]:
        """Plan a work order."""
        body = {name: value for name, value in {**PLAN, **fields}.items() if value is not None}
        return self.call("create_work_order", "POST", "/api/v1/work-orders", body, caller=caller)

    def step(self, number: str, step: str, version: int, **options: Any) -> tuple[int, dict[str, Any]]:
        """Take a step."""
        path = f"/api/v1/work-orders/{number}/{step}"
        return self.call("change_work_order", "POST", path, {"version": version}, **options)

    def edit(self, number: str, **fields: Any) -> tuple[int, dict[str, Any]]:
        """Change planned fields."""
        return self.call("change_work_order", "PATCH", f"/api/v1/work-orders/{number}", fields)

    def read(self, number: str, **options: Any) -> tuple[int, dict[str, Any]]:
        """Read one order."""
        return self.call("read_work_orders", "GET", f"/api/v1/work-orders/{number}", **options)

    def started(self, **fields: Any) -> str:
        """Plan, release and start a work order; returns its number."""
        status, body = self.create(**fields)
        assert status == 201, body
        number: str = body["data"]["workOrderId"]
        for version, step in ((1, "release"), (2, "start")):
            status, body = self.step(number, step, version)
            assert status == 200, body
        return number

    def plant(self, stations: tuple[str, ...] = ("ST-SMT-01",), **fields: Any) -> None:
        """Describe the factory, a line SMT-1 and its stations."""
        described: list[tuple[str, dict[str, Any]]] = [
            ("factory", {**SHANGHAI, **fields}),
            ("lines/SMT-1", {"name": "SMT 1"}),
            *((f"stations/{station}", {"name": station, "lineId": "SMT-1"}) for station in stations),
        ]
        for what, body in described:
            status, answer = self.call("change_plant", "PUT", f"/api/v1/plant/{what}", body)
            assert status == 200, answer

    def hold(self, number: str, version: int, step: str = "hold", **fields: Any) -> tuple[int, dict[str, Any]]:
        """Put a hold on an order, or lift it."""
        body = {"version": version, "reason": "because", **fields}
        return self.call("change_work_order", "POST", f"/api/v1/work-orders/{number}/{step}", body)

    def routing(self, routing_id: str = "R-1", **fields: Any) -> dict[str, Any]:
        """Describe a routing of two operations in sequence."""
        operations = [{"operation": "OP-10", "standardSeconds": 20}, {"operation": "OP-20", "standardSeconds": 30}]
        body = {"name": "two", "operations": operations, **fields}
        status, answer = self.call("change_plant", "PUT", f"/api/v1/plant/routings/{routing_id}", body)
        assert status == 200, answer
        data: dict[str, Any] = answer["data"]
        return data

    def batch(self, *reports: dict[str, Any], caller: Principal | None = None) -> tuple[int, dict[str, Any]]:
        """Report what a terminal kept; each report names its key."""
        body = {"reports": [{**REPORT, **one} for one in reports]}
        return self.call("report_batch", "POST", "/api/v1/production/reports/batch", body, caller=caller)

    def reverse(self, report_id: str, reason: str = "miscounted", **options: Any) -> tuple[int, dict[str, Any]]:
        """Reverse a report."""
        path = f"/api/v1/production/reports/{report_id}/reversal"
        return self.call("reverse_report", "POST", path, {"reason": reason}, **options)

    def report(
        self, key: str | None = "key-1", caller: Principal | None = None, **fields: Any
    ) -> tuple[int, dict[str, Any]]:
        """Report production."""
        headers = {} if key is None else {"Idempotency-Key": key}
        body = {name: value for name, value in {**REPORT, **fields}.items() if value is not None}
        return self.call("report_production", "POST", "/api/v1/production/report", body, caller=caller, headers=headers)
