"""The ledger under faults (issue 10, must show 2): each AWS call of whoever makes and hears reports may fail.

A seed draws what is reported, reversed, sent as an offline batch, which calls go wrong and how, which events come
twice, in another order or never. In the end every acknowledged report is stored once and no other, and the orders'
counters, the boards, the daily summary and the defects of the days equal what was acknowledged, after the jobs that
prove them. `make campaign SEED=2` draws another 10,000; the same seed is the same run. What was drawn is kept in
`.build/faults`.
"""

import gc
import json
import logging
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends

from enghub.core import clock
from enghub.core.config import CoreConfig, load
from enghub.mes.boards.wiring import reconciliation
from tests.cloud import BUILD
from tests.conftest import REGION, accounts
from tests.factories.faults import Crash
from tests.factories.http import Context, a_principal
from tests.factories.mes import FACTORY, REPORT, Floor
from tests.factories.quality import QUALITY
from tests.factories.queues import a_batch, failed
from tests.faults.harness import forget_process
from tests.faults.wire import Fault, Wire, wired
from tests.waiting import instead_of_sleeping

DAWN = datetime(2026, 3, 2, 6, tzinfo=UTC)
REPORTS, SAMPLE = 10_000, 40
CHUNK = 250
RATE = 0.03
"""Of the calls of AWS, so many go wrong."""
NEVER = 0.02
"""Of the deliveries to boards and summaries, so many never come: parked, and discarded by a person."""
ORDERS, FEW = 12, 2
"""Of a campaign, and of a sample."""
LINES = ("SMT-1", "SMT-2")
CONSUMERS = ("update_shift_board", "update_daily_summary", "follow_quality")


class Drawn(Mapping[int, Fault]):
    """Faults by the number of their call, drawn when it comes."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self.by_call: dict[int, Fault | None] = {}
        self.kinds = [fault for fault in Fault if fault is not Fault.PARTIAL]

    def get(self, key: int, default: Any = None) -> Any:
        if key not in self.by_call:
            self.by_call[key] = self._dice.choice(self.kinds) if self._dice.random() < RATE else None
        return self.by_call[key]

    def __getitem__(self, key: int) -> Fault:
        found: Fault = self.get(key)
        return found

    def __iter__(self) -> Iterator[int]:
        return iter(self.by_call)

    def __len__(self) -> int:
        return len(self.by_call)


@dataclass
class Run:
    """A floor, the faults, and what was acknowledged."""

    dice: random.Random
    orders: int = ORDERS
    now: datetime = DAWN
    floor: Floor = field(default_factory=lambda: Floor(a_principal(*QUALITY)))
    reports: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Acknowledged, by key, with ``reportId``."""
    reversed: set[str] = field(default_factory=set)
    refused: int = 0
    calls: int = 0
    faults: Counter[str] = field(default_factory=Counter)

    def tick(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def insist(self, act: Callable[[], tuple[int, dict[str, Any]]]) -> tuple[int, dict[str, Any]]:
        """Call until it is answered, as a terminal does: with the same key."""
        for _ in range(40):
            try:
                status, body = act()
            except Crash:
                forget_process()
                continue
            except Exception:  # the function died of it; the gateway answers 502
                continue
            if status < 500:
                return status, body
        raise AssertionError

    def made(self) -> dict[str, Any]:
        """Return the next report."""
        dice = self.dice
        good, defect = dice.randint(0, 6), dice.choice((0, 0, 0, 1, 2))
        number = dice.randrange(self.orders)
        at = self.now - timedelta(minutes=dice.randrange(300), seconds=dice.randrange(60))
        return {
            **REPORT,
            "workOrderId": f"WO-{number}",
            "goodQty": good + (not good and not defect),
            "defectQty": defect,
            "reworkQty": dice.randint(0, defect),
            "defectTypes": ["burr"] if defect else [],
            "station": f"ST-{number}",
            "shift": None,
            "shiftDate": None,
            "reportTime": clock.to_text(at),
        }

    def fits(self, report: dict[str, Any]) -> bool:
        """Tell whether its order still takes it: the rule, counted from what was acknowledged."""
        made = sum(_counted(one) for key, one in self._valid() if one["workOrderId"] == report["workOrderId"])
        return bool(made + _counted(report) <= PLANNED)

    def _valid(self) -> Iterator[tuple[str, dict[str, Any]]]:
        return ((key, one) for key, one in self.reports.items() if key not in self.reversed)

    def valid(self) -> list[dict[str, Any]]:
        """Return what counts."""
        return [one for _, one in self._valid()]


PLANNED = 2_400


def _counted(report: dict[str, Any]) -> int:
    counted: int = report["goodQty"] + report["defectQty"] - report["reworkQty"]
    return counted


def _plain(report: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in report.items() if value is not None}


def _report_one(run: Run, key: str) -> None:
    report = run.made()
    status, body = run.insist(lambda: run.floor.report(key=key, **report))
    if status == 201:
        run.reports[key] = {**report, **body["data"]}
        return
    assert (status, body["details"]["error"], run.fits(report)) == (422, "BEYOND_PLAN", False), body
    run.refused += 1


def _send_batch(run: Run, keys: list[str]) -> None:
    """A tablet sends what it kept, in any order, and all of it again until each is answered for good."""
    entries = {key: run.made() for key in keys}
    sent = [{**_plain(report), "key": key} for key, report in entries.items()]
    path = "/api/v1/production/reports/batch"
    for _ in range(40):
        status, body = run.insist(lambda: run.floor.call("report_batch", "POST", path, {"reports": sent}))
        assert status == 200, body
        answers = {one["key"]: one for one in body["data"]["items"]}
        for key in [key for key, one in answers.items() if one["status"] == 201]:
            run.reports.setdefault(key, {**entries[key], **answers[key]["report"]})
        if all(one["status"] in (201, 422) for one in answers.values()):
            run.refused += sum(one["status"] == 422 for one in answers.values())
            return
        run.tick(30)
    raise AssertionError


def _reverse_one(run: Run) -> None:
    candidates = [key for key in run.reports if key not in run.reversed]
    if not candidates:
        return
    key = run.dice.choice(candidates[-200:])
    report_id = run.reports[key]["reportId"]
    status, body = run.insist(lambda: run.floor.reverse(report_id))
    assert status in (200, 201), body
    run.reversed.add(key)


def _outbox() -> list[dict[str, Any]]:
    """Take every event out of the outbox, as the relay does."""
    table = dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION].tables[load(CoreConfig).table_name]
    found = []
    for rows in list(table.items.values()):
        for name, item in list(rows.items()):
            if item.attrs["entity"].value == "OUTBOX":
                found.append(json.loads(item.attrs["body"].value))
                del rows[name]
    return sorted((one for one in found if "event_type" in one), key=lambda one: str(one["event_id"]))


def _deliver(run: Run, told: list[dict[str, Any]]) -> None:
    """Bring events to every consumer: some twice, in any order, some never; what fails comes again."""
    dice = run.dice
    for name in CONSUMERS:
        consumer = run.floor.handler(name)
        mine = [one for one in told if one["event_type"] in consumer.readers]
        if name != "follow_quality":
            mine = [one for one in mine if dice.random() >= NEVER]
        waiting = [*mine, *(one for one in mine if dice.random() < 0.1)]
        dice.shuffle(waiting)
        for _ in range(60):
            if not waiting:
                break
            waiting = [one for start in range(0, len(waiting), 10) for one in _heard(consumer, waiting[start:][:10])]
            dice.shuffle(waiting)
        assert not waiting, (name, waiting[:3])


def _heard(consumer: Any, batch: list[dict[str, Any]]) -> list[dict[str, Any]]:
    try:
        again = failed(consumer(a_batch(*batch), Context()))
    except Crash:
        forget_process()
        return batch
    return [batch[int(one.rpartition("-")[2])] for one in again]


def _produce(run: Run, total: int) -> None:
    for number in range(run.orders):
        order = {"workOrderId": f"WO-{number}", "plannedQuantity": PLANNED, "lineId": LINES[number % 2]}
        run.floor.started(**order, stationId=f"ST-{number}", routingId=None, shiftDate=None, shift=None)
    _outbox()
    dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION].tables[load(CoreConfig).table_name].stream_shard = None
    drawn = Drawn(run.dice)
    wire = Wire(drawn)
    number = 0
    with wired(wire):
        while number < total:
            size = run.dice.randint(5, 20) if run.dice.random() < 0.05 else 1
            keys = [f"k-{number + one}" for one in range(size)]
            if size == 1:
                _report_one(run, keys[0])
            else:
                _send_batch(run, keys)
            before, number = number, number + size
            run.tick(size)
            if run.dice.random() < 0.03:
                _reverse_one(run)
            if number // CHUNK > before // CHUNK:
                _deliver(run, _outbox())
                gc.collect()  # each process that died left its clients
        for _ in range(5):  # what quality tells itself follows
            _deliver(run, _outbox())
    run.calls = len(wire.calls)
    run.faults.update(str(fault) for fault in drawn.by_call.values() if fault)
    assert sum(run.faults.values()) > run.calls * RATE / 2


def _prove(run: Run) -> None:
    """Let the jobs look, once what moved has settled."""
    run.tick(3_600)
    days = {(DAWN + timedelta(days=number)).date().isoformat() for number in (-1, 0, 1)}
    prove = run.floor.handler("prove_days")
    about = {"tenant_id": FACTORY.tenant_id, "factory_id": FACTORY.factory_id}
    for day in sorted(days):
        prove({**about, "date": day}, Context())
        assert prove({**about, "date": day}, Context())["differences"] == []
    rebuild = run.floor.handler("rebuild_shift_board")
    for number in (-1, 0, 1):
        for board in reconciliation().boards_on((DAWN + timedelta(days=number)).date()):
            asked = {**about, "date": board.shift_on.isoformat(), "shift": board.shift}
            rebuild(asked, Context())
            again = rebuild(asked, Context())
            assert (again["missing"], again["corrected"], again["in_doubt"]) == (0, 0, 0), again


def _stored(run: Run) -> None:
    """Every acknowledged report lies in the ledger once, and nothing else."""
    table = dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION].tables[load(CoreConfig).table_name]
    items = [item.attrs for rows in table.items.values() for item in rows.values()]
    kept = [one for one in items if one["entity"].value == "REPORT"]
    first = [one["report_id"].value for one in kept if "reverses" not in one]
    taken_back = [one["reverses"].value for one in kept if "reverses" in one]
    assert sorted(first) == sorted(one["reportId"] for one in run.reports.values())
    assert sorted(taken_back) == sorted(run.reports[key]["reportId"] for key in run.reversed)


def _figures(run: Run) -> None:
    """Counters, boards, summaries and defects equal what was acknowledged and not taken back."""
    valid = run.valid()
    for number in range(run.orders):
        mine = [one for one in valid if one["workOrderId"] == f"WO-{number}"]
        order = run.floor.read(f"WO-{number}")[1]["data"]
        sums = [sum(one[name] for one in mine) for name in ("goodQty", "defectQty")]
        assert [order["goodQuantity"], order["defectQuantity"]] == sums
        assert order["goodQuantity"] + order["defectQuantity"] - sum(one["reworkQty"] for one in mine) <= PLANNED
    for day in sorted({one["shiftDate"] for one in valid}):
        today = [one for one in valid if one["shiftDate"] == day]
        query = {"date": day, "by": "line"}
        rows = run.floor.call("read_daily_summary", "GET", "/api/v1/production/daily-summary", query=query)[1]
        found = {row["name"]: (row["goodQuantity"], row["defectQuantity"]) for row in rows["data"]["items"]}
        assert found == _by(today, "line"), rows
        for shift in sorted({one["shift"] for one in today}):
            query = {"date": day, "shift": shift}
            board = run.floor.call("read_shift_board", "GET", "/api/v1/dashboard/shift-board", query=query)[1]["data"]
            shown = {line["line"]: (line["goodQty"], line["defectQty"]) for line in board["lines"]}
            assert shown == _by([one for one in today if one["shift"] == shift], "line")
        for line in LINES:
            path = f"/api/v1/defects/days/{day}"
            pieces = run.floor.call("read_defects", "GET", path, query={"line": line})[1]["data"]["pieces"]
            assert pieces == _by(today, "line").get(line, (0, 0))[1]


def _by(reports: list[dict[str, Any]], name: str) -> dict[str, tuple[int, int]]:
    sums: dict[str, tuple[int, int]] = {}
    for one in reports:
        good, defect = sums.get(one[name], (0, 0))
        sums[one[name]] = (good + one["goodQty"], defect + one["defectQty"])
    return sums


def test_no_report_is_lost_or_doubled_and_every_figure_equals_the_ledger(pytestconfig: pytest.Config) -> None:
    seed, whole = pytestconfig.getoption("--seed"), pytestconfig.getoption("--campaign")
    run = Run(random.Random(f"ledger {seed}"), ORDERS if whole else FEW)
    began = time.monotonic()
    with ExitStack() as held:
        logging.disable()
        held.callback(logging.disable, logging.NOTSET)
        patch = held.enter_context(pytest.MonkeyPatch.context())
        instead_of_sleeping(patch)
        patch.setattr(clock, "_now", lambda _: run.now)
        held.enter_context(accounts(patch))("mes")
        forget_process()
        run.floor.plant(("ST-SMT-01", *(f"ST-{number}" for number in range(run.orders))))
        run.floor.call("change_plant", "PUT", "/api/v1/plant/lines/SMT-2", {"name": "SMT 2"})
        _produce(run, REPORTS if whole else SAMPLE)
        _prove(run)
        _stored(run)
        _figures(run)
    if whole:
        folder = BUILD / "faults" / f"seed-{seed}"
        folder.mkdir(parents=True, exist_ok=True)
        told = {
            "reports": len(run.reports),
            "reversed": len(run.reversed),
            "refused": run.refused,
            "calls": run.calls,
            "faults": run.faults,
            "seconds": round(time.monotonic() - began),
        }
        (folder / "ledger.json").write_text(json.dumps({**told, "history": run.reports}, default=str), "utf-8")
