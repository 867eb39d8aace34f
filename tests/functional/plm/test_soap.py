"""A PLM by SOAP, through the functions down to the table, against the sandbox (PLM-18, PLM-22; cases PF20, PF21)."""

import json
from dataclasses import replace
from typing import Any

import boto3
import pytest
import tenacity

from enghub.core.clock import system_clock
from enghub.plm.connections.store import Connections
from enghub.plm.gateways import exchange, wiring
from enghub.plm.gateways.apqp import CalledProjects
from enghub.plm.gateways.feedback import CalledFeedback
from enghub.plm.gateways.plm_calls import PlmCalls
from enghub.plm.gateways.plm_file import FilePlm
from enghub.plm.gateways.plm_ppap import CalledPpaps
from enghub.plm.gateways.plm_rest import RestPlms
from enghub.plm.gateways.plm_soap import SoapPlms
from enghub.plm.products.dynamo import DynamoProducts
from enghub.plm.products.gone.dynamo import DynamoGone
from enghub.plm.products.imports import ProductImport
from enghub.plm.syncs.dynamo import DynamoSyncRuns
from enghub.plm.syncs.plm_steps import PlmSteps
from enghub.sandbox.plm import soap
from enghub.sandbox.plm.catalogue import Touch
from enghub.sandbox.plm.scenario import Scenario
from tests.conftest import REGION
from tests.factories.plm import get, post
from tests.factories.stored import emptied, items, products_hash
from tests.fakes.plm_server import PlmServer
from tests.fakes.soap_server import SOAP_API, SoapServer, a_page, a_product, said
from tests.functional.plm.test_sync import SYNC, executed, report

SAYS = {"items": [{"element": 1, "status": "READY", "document": "PRJ-7/element-1.pdf"}]}


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> tuple[PlmServer, SoapServer]:
    """The PLM by REST as connection ``default``, by SOAP as ``soap``; attempts follow each other at once."""
    store = boto3.client("secretsmanager", REGION)
    store.create_secret(Name="enghub/test/plm/api/soap", SecretString=json.dumps(SOAP_API))
    rest, other, connections = PlmServer(), SoapServer(), Connections.here()
    zone = lambda *_: "Asia/Shanghai"  # noqa: E731
    by_soap = SoapPlms(connections, other, zone, wait=tenacity.wait_none())  # type: ignore[arg-type]
    plms = wiring.ByProtocol(connections, RestPlms(connections, rest), lambda: by_soap)
    products = ProductImport(DynamoProducts(), lambda _: None)
    files = lambda run: FilePlm(exchange.bucket(), run)  # noqa: E731
    steps = PlmSteps(DynamoSyncRuns(), plms, products, system_clock, DynamoGone(), files, wiring.mapped())
    monkeypatch.setattr(wiring, "plm_steps", lambda: steps)
    return rest, other


@pytest.fixture
def server(servers: tuple[PlmServer, SoapServer]) -> SoapServer:
    return servers[1]


def synced(connection: str = "soap", mode: str = "FULL") -> dict[str, Any]:
    wanted = {"mode": mode, "batchType": "LIGHT", "connection": connection}
    status, body = post("start_sync", SYNC, wanted)
    assert status == 202, body
    executed(body["data"]["runId"])
    return report(body["data"]["runId"])


def given(server: SoapServer, *products: str) -> dict[str, Any]:
    """Sync exactly these products, as they are written."""
    ids = "".join(f"<objectId>OBJ-{number:07d}</objectId>" for number in range(1, len(products) + 1))
    listed = a_page(ids)
    listed = replace(listed, body=listed.body.replace(b"GetProductsResponse", b"ListObjectIdsResponse"))
    server.answers = [listed, a_page("".join(products))]
    return synced()


def rejected(data: dict[str, Any]) -> list[tuple[str, ...]]:
    return sorted((one["objectId"], one["reason"], one["field"]) for one in data["rejected"])


def stored() -> dict[str, Any]:
    _, body = get("read_products", "/api/v1/plm/products", {"productCode": "SNS-4000-0001"})
    found: dict[str, Any] = body["data"]["items"][0]
    return found


def test_the_same_source_by_rest_and_by_soap_gives_the_same_products(servers: tuple[PlmServer, SoapServer]) -> None:
    rest, by_soap_too = servers
    rest.scenario = by_soap_too.scenario = Scenario(products=450, touches=(Touch(20, 34, system_clock()),))
    first, by_rest = synced("default"), products_hash()
    emptied()
    second, by_soap = synced("soap"), products_hash()
    assert by_rest == by_soap
    assert first["records"] == second["records"]
    assert rejected(first) == rejected(second)
    by_soap_too.scenario = Scenario(
        products=450, touches=(Touch(20, 34, system_clock()), Touch(40, 41, system_clock()))
    )
    assert synced("soap", "INCREMENTAL")["records"]["updated"] >= 2
    assert products_hash() != by_rest


def test_pages_that_are_shifted_lose_nothing_and_pages_that_repeat_are_named(server: SoapServer) -> None:
    server.scenario = Scenario(products=150, pages="SHIFTED")
    data = synced()
    assert (data["status"], len(items("PRODUCT"))) == ("SUCCEEDED", 150 - 2)
    server.scenario = Scenario(products=150, pages="REPEATED")
    data = synced()
    assert data["status"] == "FAILED"
    assert "cursor does not advance" in data["failedBatches"][0]["failure"]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("GARBAGE", "no XML, HTTP 200, application/octet-stream"),
        ("HTML", "an HTML page instead of SOAP, HTTP 200: Maintenance until 06:00"),
        ("TRUNCATED", "the XML breaks off after"),
        ("FAULT", "a SOAP fault, s:Server: ORA-12541: no listener"),
        ("REFUSED", "a SOAP fault, s:Client: unknown view"),
        ("ENTITIES", "document types and entities are not read"),
        ("OVERSIZED", "more than 4000000 bytes"),
    ],
)
def test_a_person_reads_what_was_answered_instead(server: SoapServer, answer: str, words: str) -> None:
    proper = server._answered
    listing = Scenario(products=20)

    def spoilt(name: str, values: dict[str, Any]) -> tuple[int, str, str]:
        server.scenario = listing if name == "ListObjectIds" else replace(listing, bad_answer=answer)
        return proper(name, values)

    server._answered = spoilt  # type: ignore[method-assign]
    data = synced()
    assert data["status"] == "FAILED"
    assert words in data["failedBatches"][0]["failure"]
    assert items("PRODUCT") == []


def test_absent_keeps_nil_clears_and_empty_is_an_empty_text(server: SoapServer) -> None:
    own = a_product(1, materialCode="MAT-OWN")
    assert given(server, own)["records"]["created"] == 1
    later = {"updatedAt": "2026-03-02T08:00:00Z"}
    kept = a_product(
        1,
        productName=None,
        unit=None,
        productGroup=None,
        lifecycleState=None,
        mappingType=None,
        materialCode=None,
        **later,
    )
    assert given(server, kept)["records"]["updated"] == 1
    assert (stored()["plmProductName"], stored()["qmsMaterialCode"]) == ("Wheel speed sensor", "MAT-OWN")
    later = {"updatedAt": "2026-03-03T08:00:00Z"}
    assert given(server, a_product(1, **later))["records"]["updated"] == 1
    assert stored()["qmsMaterialCode"] == "MAT-SNS-4000-0001"
    later = {"updatedAt": "2026-03-04T08:00:00Z"}
    data = given(server, a_product(1, materialCode="", **later))
    assert [(one["field"], one["reason"]) for one in data["rejected"]] == [("materialCode", "REQUIRED")]


def test_a_new_product_that_leaves_out_what_it_needs_is_rejected_and_the_rest_lands(server: SoapServer) -> None:
    data = given(
        server,
        a_product(1, productName=None),
        a_product(2, unit='<unit xsi:nil="true"/>'),
        a_product(3, updatedAt="  :  :  "),
        a_product(4, productCode=None),
        a_product(5, updatedAt="2026-03-01T24:00:00"),
    )
    assert {(one["field"], one["reason"]) for one in data["rejected"]} == {
        ("productName", "REQUIRED"),
        ("unit", "REQUIRED"),
        ("updatedAt", "FORMAT"),
        ("productCode", "REQUIRED"),
    }
    (kept,) = [one for one in items("PRODUCT") if one["status"] == "SYNCED"]
    assert kept["plm_updated_at"] == "2026-03-01T16:00:00.000000Z"


def test_a_product_written_while_it_is_completed_is_completed_again(
    server: SoapServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    given(server, a_product(1))
    real, calls = DynamoProducts.load, [0]

    def late(self: Any, tenant_id: str, keys: Any, codes: Any) -> Any:
        calls[0] += 1
        if calls[0] == 3:  # after the mapping and the material were read to complete the record
            monkeypatch.setattr(DynamoProducts, "load", real)
            given(server, a_product(1, productName="Renamed", updatedAt="2026-03-02T08:00:00Z"))
            monkeypatch.setattr(DynamoProducts, "load", late)
        return real(self, tenant_id, keys, codes)

    monkeypatch.setattr(DynamoProducts, "load", late)
    given(server, a_product(1, productName=None, unit="KG", updatedAt="2026-03-03T08:00:00Z"))
    assert stored()["plmProductName"] == "Renamed"


def test_every_other_operation_goes_by_soap_too(server: SoapServer) -> None:
    calls = PlmCalls(Connections.here(), server)  # type: ignore[arg-type]
    documents = CalledPpaps(calls).documents("soap", "acme", "PRJ-7")
    assert documents[0] == SAYS["items"][0]
    assert len(documents) == 18
    project = CalledProjects(calls).project("soap", "acme", "PRJ-7")
    assert (project["phase"], len(project["deliverables"])) == ("PLM_PHASE_2", 7)
    CalledPpaps(calls).push("soap", "acme", "p-1", {"projectCode": "PRJ-7", "approvalStatus": "APPROVED"})
    gate = {"projectCode": "PRJ-7", "approvers": ["lead", "quan"], "conditions": "", "conditionsUntil": None}
    CalledProjects(calls).gate("soap", "acme", "p-2", gate)
    request = {"requestId": "r-1", "productCode": "SNS", "issueFrequency": 6, "supportingData": {"trend": [1, 2]}}
    CalledFeedback(lambda: calls).suggest("soap", "acme", "p-3", [request])
    assert server.keys[-3:] == ["p-1", "p-2", "p-3"]
    assert server.asked[-2][1]["approvers"] == ["lead", "quan"]
    (told,) = server.asked[-1][1]["requests"]
    assert json.loads(told["supportingData"]) == {"trend": [1, 2]}


def test_one_element_alone_is_a_list_too(server: SoapServer) -> None:
    calls = PlmCalls(Connections.here(), server)  # type: ignore[arg-type]
    server.answers = [said(soap.answer("GetPpapDocuments", SAYS))]
    assert CalledPpaps(calls).documents("soap", "acme", "PRJ-7") == SAYS["items"]
    done = {"code": "PRELIM-BOM", "status": "DONE", "document": ""}
    server.answers = [said(soap.answer("GetProject", {"phase": "PLM_PHASE_2", "deliverables": [done]}))]
    assert CalledProjects(calls).project("soap", "acme", "PRJ-7")["deliverables"] == [done]


def test_nothing_by_soap_is_loaded_for_a_connection_by_rest(servers: tuple[PlmServer, SoapServer]) -> None:
    def never() -> Any:
        pytest.fail("what speaks SOAP was asked for")

    connections = Connections.here()
    plms = wiring.ByProtocol(connections, RestPlms(connections, servers[0]), never)
    assert plms.of("default", "acme").products(None, None, None, 5).after is not None


def test_a_protocol_that_is_none_is_a_connection_that_is_not_set_up() -> None:
    store = boto3.client("secretsmanager", REGION)
    wrong = {**SOAP_API, "protocol": "CORBA"}
    store.create_secret(Name="enghub/test/plm/api/corba", SecretString=json.dumps(wrong))
    status, body = post("start_sync", SYNC, {"mode": "FULL", "connection": "corba"})
    assert (status, body["details"]["error"]) == (500, "CONNECTION_MISCONFIGURED")
