"""Many writers at once on the local cloud's table, a third of their transactions meeting another one (must show 3).

The emulator never raises a TransactionConflict itself, so it is answered here, before the request leaves. The
writers are threads of this process with the product's own services; `make test` tries some of them, a campaign all.
"""

import logging
import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from threading import Barrier, Lock
from typing import Any
from uuid import uuid4

import pytest

from enghub.core import dynamo
from enghub.core.errors import EngHubError, RuleViolated, Unavailable
from enghub.core.identity import Origin
from enghub.mes.factories import Factory
from enghub.mes.reports.model import StationOperation
from enghub.mes.reports.service import ReportProduction
from enghub.mes.reports.wiring import reporting
from enghub.mes.stock.errors import InsufficientStock
from enghub.mes.stock.model import Lot, Movement, Place, Purpose
from enghub.mes.stock.service import Receive, Take
from enghub.mes.stock.wiring import stock
from enghub.mes.wiring import work_orders
from enghub.mes.work_orders.model import Step
from enghub.mes.work_orders.service import CreateWorkOrder, TakeStep, WorkOrders
from enghub_cli.context import Cloud
from tests.conftest import create_table, forget_clients
from tests.factories.floor_api import SECONDS
from tests.faults.wire import cancelled

pytestmark = pytest.mark.e2e

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
WRITERS, SOME = 500, 40
REPORTERS = 50
SHELF = Place("W", "A", "L1")


@pytest.fixture
def conflicts(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """A table of its own on the local cloud; every third transaction is told that it met another one."""
    name = f"contention-{uuid4().hex[:8]}"
    for variable, value in {
        **dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "test"),
        **dict.fromkeys(("AWS_DEFAULT_REGION", "AWS_REGION"), "us-east-1"),
        **{"AWS_ENDPOINT_URL": cloud.running.endpoint, "STAGE": "local", "CONTEXT": "mes", "TABLE_NAME": name},
    }.items():
        monkeypatch.setenv(variable, value)
    forget_clients()
    create_table(name, cloud.client("dynamodb"))
    met, sent, lock, dice = [0], [0], Lock(), random.Random(3)

    def send(request: Any, **_: Any) -> Any:
        with lock:
            sent[0] += 1
            if dice.random() >= 1 / 3:
                return None
            met[0] += 1
        return cancelled(request)

    logging.getLogger("urllib3.connectionpool").disabled = True  # more threads than kept connections
    dynamo.connection().client.meta.events.register_first("before-send.dynamodb.TransactWriteItems", send)
    yield met
    assert met[0] > sent[0] / 6  # of few, a third may be less
    cloud.client("dynamodb").delete_table(TableName=name)
    logging.getLogger("urllib3.connectionpool").disabled = False
    forget_clients()


def an_origin(tenant: str, number: int = 0) -> Origin:
    at = NOW + timedelta(milliseconds=number)
    return Origin(tenant, "sh-01", f"emp-{number}", at, f"request-{number}", "", "")


def at_once(writers: int, write: Callable[[int], Any]) -> list[Any]:
    """Let every writer begin at the same moment; returns what each got, errors of ours as values."""
    start = Barrier(writers, timeout=SECONDS)

    def one(number: int) -> Any:
        start.wait()
        for _ in range(20):
            try:
                return write(number)
            except Unavailable as error:
                last = error
            except EngHubError as error:
                return error
        return last

    with ThreadPoolExecutor(writers) as pool:
        return list(pool.map(one, range(writers)))


def test_many_writers_on_one_balance_lose_nothing_and_never_take_what_is_not_there(
    conflicts: list[int], pytestconfig: pytest.Config
) -> None:
    """Three of five take 1 to 3 pieces, the others put some in: there are never enough for all who take."""
    writers = WRITERS if pytestconfig.getoption("--campaign") else SOME
    tenant = f"t-{uuid4().hex[:8]}"
    factory = Factory(tenant, "sh-01")
    lot = Lot(factory, "L1", "M", "pcs", received_at=NOW)
    begin = Decimal(writers // 2)
    stock().receive(Receive(an_origin(tenant), lot, SHELF, begin, Purpose()))

    def write(number: int) -> Movement:
        origin, quantity = an_origin(tenant, number + 1), Decimal(1 + number % 3)
        if number % 5 < 3:
            return stock().issue(Take(origin, "M", quantity, Purpose(reference=f"w-{number}"), "L1"))
        return stock().receive(Receive(origin, lot, SHELF, quantity / 4, Purpose(reference=f"w-{number}")))

    answers = at_once(writers, write)
    (balance,) = stock().balances(factory, "M")
    page = stock().movements(factory, "L1", 100, None)
    kept = list(page.items)
    while page.cursor is not None:
        page = stock().movements(factory, "L1", 100, page.cursor)
        kept += page.items
    stored = {one.movement_id: one for one in kept}
    assert len(stored) == len(kept)
    said = [one for one in answers if isinstance(one, Movement)]
    assert {one.movement_id for one in said} <= set(stored)
    refused = [one for one in answers if not isinstance(one, Movement)]
    assert refused
    assert all(isinstance(one, InsufficientStock) for one in refused), refused[:3]
    assert len(said) + len(refused) == writers
    assert len(kept) == len(said) + 1
    ledger = sum((one.quantity if one.to else -one.quantity for one in kept), Decimal(0))
    assert balance.on_hand == balance.available == ledger >= 0
    assert conflicts[0]


def test_fifty_reporters_on_one_order_are_exact_when_their_transactions_meet(conflicts: list[int]) -> None:
    tenant = f"t-{uuid4().hex[:8]}"
    factory, orders = Factory(tenant, "sh-01"), work_orders()
    planned = {
        **{"product_id": "P", "planned_quantity": Decimal(100), "due_on": NOW.date()},
        **{"line_id": "L", "station_id": "ST-1"},
    }
    orders.create(CreateWorkOrder(an_origin(tenant), "WO-1", planned))
    _start(orders, tenant)

    def write(number: int) -> Any:
        return reporting().report(
            ReportProduction(
                origin=an_origin(tenant, number),
                client_key=f"k-{number}",
                fingerprint="f",
                work_order_id="WO-1",
                good=Decimal(1 + number % 4),
                defect=Decimal(0),
                defect_types=(),
                station_operation=StationOperation(f"ST-{number}", "OP-10"),
                shift_on=NOW.date(),
                shift="day",
                reported_at=NOW,
                produced_by=f"emp-{number}",
            )
        )

    answers = at_once(REPORTERS, write)
    stored = [one for one in answers if not isinstance(one, EngHubError)]
    refused = [one for one in answers if isinstance(one, EngHubError)]
    assert refused
    assert all(isinstance(one, RuleViolated) for one in refused), refused[:3]
    order = orders.get(factory, "WO-1")
    assert order.good == sum(one.report.good for one in stored)
    assert 97 <= order.good <= 100
    assert order.reports == len(stored)
    assert conflicts[0]


def _start(orders: WorkOrders, tenant: str) -> None:
    for version, step in enumerate((Step.RELEASE, Step.START), start=1):
        for _ in range(5):
            try:
                orders.take(TakeStep(an_origin(tenant), "WO-1", version, step))
                break
            except Unavailable:
                continue
