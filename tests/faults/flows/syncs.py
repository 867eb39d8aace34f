"""A product sync, task by task, as the state machine retries them."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
import tenacity

from enghub.core.clock import system_clock
from enghub.plm.connections.model import Api
from enghub.plm.connections.store import Connections
from enghub.plm.gateways import wiring
from enghub.plm.gateways.plm_rest import RestPlm, RestPlms
from enghub.plm.gateways.plm_soap import SoapPlms
from enghub.plm.products.dynamo import DynamoProducts
from enghub.plm.products.gone.dynamo import DynamoGone
from enghub.plm.products.imports import ProductImport
from enghub.plm.syncs.dynamo import DynamoSyncRuns
from enghub.plm.syncs.plm_steps import PlmSteps
from enghub.sandbox.plm.scenario import Scenario
from tests.factories.plm import post, put_secrets, task
from tests.fakes.plm_server import PlmServer
from tests.fakes.soap_server import SOAP_API, SoapServer
from tests.faults.harness import Flow, register, retried


@contextmanager
def a_plm() -> Iterator[None]:
    """The PLM of the connection ``default``: twenty products."""
    server = PlmServer(Scenario(products=20))
    with pytest.MonkeyPatch.context() as patch:
        quick = lambda self, connection, tenant_id: RestPlm(  # noqa: E731
            self.connections.api(connection, tenant_id), self.client, wait=tenacity.wait_none()
        )
        patch.setattr(RestPlms, "of", quick)
        products = ProductImport(DynamoProducts(), lambda _: None)
        plms = RestPlms(Connections("test"), server)
        patch.setattr(
            wiring, "plm_steps", lambda: PlmSteps(DynamoSyncRuns(), plms, products, system_clock, DynamoGone())
        )
        yield


@contextmanager
def a_plm_by_soap() -> Iterator[None]:
    """The same PLM by SOAP: six products."""
    connections = SimpleNamespace(api=lambda *_: Api.of("default", SOAP_API))
    server = SoapServer(Scenario(products=6))
    soap = SoapPlms(connections, server, lambda *_: "UTC", wait=tenacity.wait_none())  # type: ignore[arg-type]
    products = ProductImport(DynamoProducts(), lambda _: None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            wiring, "plm_steps", lambda: PlmSteps(DynamoSyncRuns(), soap, products, system_clock, DynamoGone())
        )
        yield


def requested() -> str:
    put_secrets()
    status, body = post("start_sync", "/api/v1/plm/sync", {"mode": "FULL", "batchType": "LIGHT"})
    assert status == 202, body
    run_id: str = body["data"]["runId"]
    return run_id


def synced(run_id: str) -> Any:
    """Do what the state machine does."""
    run = {"tenant_id": "acme", "run_id": run_id, "pass_number": 1}
    retried(lambda: task("plan_sync", run))
    cursor, more = {"after": None, "next_number": 1}, True
    while more:
        listed = retried(partial(task, "list_batches", {**run, "cursor": cursor}))
        for batch in listed["batches"]:
            retried(partial(task, "sync_batch", {**run, "batch": batch}))
        cursor, more = listed["cursor"], listed["more"]
    return retried(lambda: task("finish_sync", {**run, "fault": None}))


def ask(_: None) -> Any:
    headers = {"Idempotency-Key": "key-1"}
    return post("start_sync", "/api/v1/plm/sync", {"mode": "FULL", "batchType": "LIGHT"}, headers=headers)


register(Flow("ask for a sync", "plm", put_secrets, ask, around=a_plm))
COMMITS = frozenset({"version"})
"""A listing that is repeated after a lost answer is one more write of its run."""
register(Flow("sync products by SOAP", "plm", requested, synced, around=a_plm_by_soap, counts=COMMITS))
register(Flow("sync products", "plm", requested, synced, around=a_plm, counts=COMMITS))
