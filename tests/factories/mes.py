"""Work orders, reports and a little factory that is driven through its handlers."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from enghub.core.identity import Principal
from enghub.mes.factories import Factory
from enghub.mes.work_orders.model import Status, WorkOrder
from tests.factories.handlers import load_handler
from tests.factories.http import NOW, a_principal, a_request, invoke

FACTORY = Factory("acme", "sh-01")
PERMISSIONS = (
    "work_order:create",
    "work_order:read",
    "work_order:release",
    "work_order:start",
    "work_order:close",
    "report:create",
    "report:read",
    "board:read",
)
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


def an_order(**fields: Any) -> WorkOrder:
    """A complete work order, as planned; fields as in the model."""
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

    def report(
        self, key: str | None = "key-1", caller: Principal | None = None, **fields: Any
    ) -> tuple[int, dict[str, Any]]:
        """Report production."""
        headers = {} if key is None else {"Idempotency-Key": key}
        body = {name: value for name, value in {**REPORT, **fields}.items() if value is not None}
        return self.call("report_production", "POST", "/api/v1/production/report", body, caller=caller, headers=headers)
