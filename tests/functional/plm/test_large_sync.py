"""A full sync of very many products (issue 11, must show 3): exact, as dear per product, in a process that stays small.

`make test` takes some hundreds, a campaign 10,000 and 100,000. The memory is that of a fresh process which syncs
batches, while the store and all that grows is in another one.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from bench.processes import environment
from enghub.plm.syncs.model import BATCHES_PER_EXECUTION
from enghub.sandbox.plm.catalogue import SPOILED_EVERY
from enghub.sandbox.plm.scenario import Scenario
from tests.cloud import BUILD
from tests.factories.alert_costs import Cost, counted
from tests.factories.plm import get, task
from tests.fakes import moto_door
from tests.fakes.plm_server import PlmServer
from tests.functional.plm.test_sync import SYNC, one, report, requested, server

__all__ = ["server"]  # the fixture

MOST_MEGABYTES = 256
SPOILED = {17, 57, 97, 137, 177}
"""Of each 200 records of the sandbox's catalogue, those that are bad on purpose."""
EVENTS_OF_A_BATCH, EVENTS_OF_AN_EXECUTION = 40, 25_000
"""Of Step Functions' history: a batch that fails at every try, and all that one execution may have."""


@dataclass(frozen=True)
class Done:
    """A sync that is over."""

    run: dict[str, Any]
    executions: list[list[dict[str, Any]]]
    """The batches of each execution of the state machine."""
    costs: list[Cost]
    """Of each batch."""
    report: dict[str, Any]


def synced(server: PlmServer, products: int, batch_type: str) -> Done:
    """Do what the state machine does with a catalogue of so many products."""
    server.scenario = Scenario(products=products)
    run_id = requested("FULL", batch_type)
    run: dict[str, Any] = {"tenant_id": "acme", "run_id": run_id, "pass_number": 1}
    executions: list[list[dict[str, Any]]] = [[]]
    costs: list[Cost] = []
    task("plan_sync", run)
    cursor, more = {"after": None, "next_number": 1}, True
    while more:
        listed = task("list_batches", {**run, "cursor": cursor})
        for batch in listed["batches"]:
            with counted() as cost:
                one(run, batch)
            costs.append(cost)
        executions[-1] += listed["batches"]
        if listed["hand_over"]:
            executions.append([])
        cursor, more = listed["cursor"], listed["more"]
    task("finish_sync", {**run, "fault": None})
    return Done(run, executions, costs, report(run_id, pageSize="100"))


def rejected(run_id: str) -> Iterator[str]:
    """Yield the ids of all records that a run rejected."""
    query = {"pageSize": "100"}
    while True:
        _, body = get("read_syncs", f"{SYNC}/{run_id}", query)
        yield from (found["objectId"] for found in body["data"]["rejected"])
        if (cursor := body["data"]["cursor"]) is None:
            return
        query["cursor"] = cursor


def test_every_product_is_taken_once_at_the_same_cost_and_each_bad_one_is_named(
    server: PlmServer, request: pytest.FixtureRequest
) -> None:
    products, batch_type = (100_000, "HEAVY") if request.config.getoption("--campaign") else (800, "LIGHT")
    done = synced(server, products, batch_type)
    bad = [f"OBJ-{number:07d}" for number in range(products) if number % SPOILED_EVERY in SPOILED]
    assert done.report["status"] == "SUCCEEDED"
    good = {"created": products - len(bad), "updated": 0, "unchanged": 0}
    assert done.report["records"] == {**good, "rejected": len(bad)}
    assert sorted(rejected(done.run["run_id"])) == bad
    spent = [(cost.calls, cost.write_units) for cost in done.costs]
    assert max(calls for calls, _ in spent) <= min(calls for calls, _ in spent) + 1
    assert max(units for _, units in spent) <= min(units for _, units in spent) * 1.03
    for batches in done.executions:
        assert len(batches) <= BATCHES_PER_EXECUTION
        assert len(batches) * EVENTS_OF_A_BATCH < EVENTS_OF_AN_EXECUTION


CHILD = """
import json, sys
from bench.processes import peak_mb
from enghub.plm.gateways.plm_rest import RestPlm, RestPlms
from enghub.sandbox.plm.scenario import Scenario
from tests.factories.plm import task
from tests.fakes.plm_server import PlmServer
wanted = json.loads(sys.stdin.read())
server = PlmServer(scenario=Scenario(products=wanted["products"]))
RestPlms.of = lambda self, connection, tenant: RestPlm(self.connections.api(connection, tenant), server)
for batch in wanted["batches"]:
    task("sync_batch", {**wanted["run"], "batch": batch})
print(peak_mb(), file=sys.stderr)
"""


def test_a_fresh_process_that_syncs_batches_stays_small(server: PlmServer, request: pytest.FixtureRequest) -> None:
    is_whole = request.config.getoption("--campaign")
    products, size, most = (100_000, 1_000, 20) if is_whole else (200, 100, 1)
    server.scenario = Scenario(products=products)
    run_id = requested("FULL", "HEAVY" if is_whole else "LIGHT")
    run: dict[str, Any] = {"tenant_id": "acme", "run_id": run_id, "pass_number": 1}
    task("plan_sync", run)
    batches = task("list_batches", {**run, "cursor": {"after": None, "next_number": 1}})["batches"][:most]
    with moto_door.opened() as address:
        done = subprocess.run(
            [sys.executable, "-c", CHILD],
            cwd=BUILD.parent,
            env={**environment(), "AWS_ENDPOINT_URL": address},
            input=json.dumps({"run": run, "batches": batches, "products": products}),
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr[-2000:]
    assert float(done.stderr.splitlines()[-1]) < MOST_MEGABYTES
    found = report(run_id)
    assert found["batches"]["done"] == len(batches)
    assert found["records"]["created"] == sum(
        number % SPOILED_EVERY not in SPOILED for number in range(len(batches) * size)
    )
