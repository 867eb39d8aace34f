"""A client that openapi-python-client makes from the published document works against the handlers, errors too."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import openapi_python_client
import pytest
from openapi_python_client.config import Config, ConfigFile, MetaType

from tests.factories.http import a_principal
from tests.factories.operations import Gateway
from tools.openapi import DOCUMENT
from tools.rights import declared

ORDER = {"workOrderId": "WO-1", "productId": "PROD-A001", "plannedQuantity": 100, "dueDate": "2026-03-02"}
PLACE = {"stationId": "ST-01", "lineId": "L-1", "shiftDate": "2026-03-02", "shift": "day"}
REPORT = {"workOrderId": "WO-1", "goodQty": 95, "operation": "OP-10", "station": "ST-01", "shift": "day"}


XML_ALONE = ["WARNING parsing POST /sandbox/plm/soap within sandbox. Endpoint will not be generated."]
"""SOAP has a contract of its own; its clients read the WSDL."""


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The name of the package that the generator makes."""
    folder = tmp_path_factory.mktemp("client") / "generated_client"
    config = Config.from_sources(ConfigFile(post_hooks=[]), MetaType.NONE, Path(DOCUMENT), "utf-8", True, folder)
    assert [str(error.header) for error in openapi_python_client.generate(config=config)] == XML_ALONE
    sys.path.insert(0, str(folder.parent))
    yield folder.name
    sys.path.remove(str(folder.parent))
    for module in [name for name in sys.modules if name.split(".")[0] == folder.name]:
        del sys.modules[module]


class Hub:
    """The generated client against the functions of this process."""

    def __init__(self, package: str) -> None:
        self.package = package
        transport = httpx.WSGITransport(app=Gateway("mes", a_principal(*declared()), english=False))
        client = self.module("client").AuthenticatedClient
        self.client = client("https://hub.example", "token", httpx_args={"transport": transport})

    def module(self, name: str) -> ModuleType:
        return importlib.import_module(f"{self.package}.{name}")

    def call(self, operation: str, *path: str, body: tuple[str, dict[str, Any]] | None = None, **sent: Any) -> Any:
        """Call an operation; ``body`` is the model's name and its content."""
        if body is not None:
            sent["body"] = getattr(self.module("models"), body[0]).from_dict(body[1])
        return self.module(f"api.mes.{operation}").sync(*path, client=self.client, **sent)


def test_ten_routes_and_an_error(account: Any, generated: str) -> None:
    account("mes")
    hub = Hub(generated)
    made = hub.call("create_work_order", body=("CreateWorkOrderRequest", {**ORDER, **PLACE}), idempotency_key="k1")
    again = hub.call("create_work_order", body=("CreateWorkOrderRequest", {**ORDER, **PLACE}), idempotency_key="k1")
    assert (made.success, made.data.work_order_id, again.data.version) == (True, "WO-1", 1)
    edited = hub.call("edit_work_order", "WO-1", body=("EditWorkOrderRequest", {"version": 1, "plannedQuantity": 120}))
    assert (edited.data.planned_quantity, edited.data.version) == (120, 2)
    assert (
        hub.call("take_step", "WO-1", "release", body=("WorkOrderStepRequest", {"version": 2})).data.status.value
        == "RELEASED"
    )
    assert hub.call("take_step", "WO-1", "start", body=("WorkOrderStepRequest", {"version": 3})).data.version == 4
    report = hub.call("report_production", body=("ReportRequest", REPORT), idempotency_key="r1")
    assert (report.data.good_qty, report.data.line) == (95, "L-1")
    assert [one.good_qty for one in hub.call("list_reports", work_order_id="WO-1").data.items] == [95]
    read = hub.call("read_work_order", "WO-1")
    assert (read.data.good_quantity, read.data.remaining) == (95, 25)
    assert [one.work_order_id for one in hub.call("list_work_orders", product_id="PROD-A001").data.items] == ["WO-1"]
    assert hub.call("read_shift_board", date=read.data.due_date, shift="day").data.lines == []
    assert hub.call("list_parked_mes").data.items == []

    taken = hub.call("create_work_order", body=("CreateWorkOrderRequest", {**ORDER, "plannedQuantity": 5}))
    assert (type(taken).__name__, taken.success, taken.code) == ("Error", False, "40901")
    assert taken.details.error == "WORK_ORDER_EXISTS"
    refused = hub.call("list_work_orders", accept_language="zh-CN")
    assert (refused.code, refused.details.field) == ("40001", "status")
    assert refused.message.startswith("status 无效：请在")
