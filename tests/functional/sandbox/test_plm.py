"""The stand-in PLM through its function, down to its table (PLM-22)."""

import json
from typing import Any

import pytest

from enghub.core.clock import from_text, system_clock
from enghub.plm.connections.model import Api
from enghub.sandbox.plm import catalogue, soap
from enghub.sandbox.plm.scenario import BAD_ANSWERS
from tests.factories.http import Context, a_request
from tests.factories.plm import API, handler, put_secrets


@pytest.fixture(autouse=True)
def _sandbox(account: Any) -> None:
    account("sandbox")
    put_secrets()


def ask(
    method: str, path: str, body: Any = None, query: dict[str, str] | None = None, token: str | None = None
) -> tuple[int, Any]:
    bearer = token or Api.of("default", API).token(system_clock())
    event = a_request(method, f"/sandbox/plm/{path}", body, query=query, headers={"Authorization": f"Bearer {bearer}"})
    answer = handler("serve_plm", "sandbox")(event, Context())
    return answer["statusCode"], json.loads(answer["body"])


def products(**query: str) -> dict[str, Any]:
    status, body = ask("GET", "products", query=query)
    assert status == 200, body
    found: dict[str, Any] = body
    return found


def test_products_come_in_the_order_of_their_ids_each_once() -> None:
    ask("PUT", "scenario", {"products": 25})
    found: list[str] = []
    page = products(size="10")
    while True:
        found += [item["objectId"] for item in page["items"]]
        if page["after"] is None:
            break
        page = products(size="10", after=page["after"])
    assert found == [catalogue.object_id(number) for number in range(25)]


def test_pages_and_ranges_and_ids_alone_can_be_asked_for() -> None:
    assert [item["objectId"] for item in products(size="5", page="2")["items"]] == [
        catalogue.object_id(number) for number in range(10, 15)
    ]
    within = products(after="OBJ-0000003", upTo="OBJ-0000005")
    assert ([item["objectId"] for item in within["items"]], within["after"]) == (["OBJ-0000004", "OBJ-0000005"], None)
    assert products(size="2", fields="objectId")["items"] == [{"objectId": "OBJ-0000000"}, {"objectId": "OBJ-0000001"}]


def test_an_edit_brings_products_into_the_window() -> None:
    before = system_clock()
    ask("POST", "touches", {"first": 3, "last": 4})
    found = products(updatedSince=before.isoformat())["items"]
    assert [item["objectId"] for item in found] == ["OBJ-0000003", "OBJ-0000004"]
    assert all(from_text(item["updatedAt"]) >= before for item in found)
    assert products(updatedSince=before.isoformat(), updatedUntil=before.isoformat())["items"] == []


def test_it_fails_as_often_as_it_is_told() -> None:
    ask("PUT", "scenario", {"fail_next": 2})
    assert [ask("GET", "products")[0] for _ in range(3)] == [503, 503, 200]


def test_a_broken_object_breaks_its_batch_and_no_other() -> None:
    ask("PUT", "scenario", {"broken_object": "OBJ-0000007"})
    assert ask("GET", "products", query={"after": "OBJ-0000004", "upTo": "OBJ-0000009"})[0] == 503
    assert ask("GET", "products", query={"after": "OBJ-0000007", "upTo": "OBJ-0000009"})[0] == 200
    assert ask("GET", "products", query={"fields": "objectId"})[0] == 200
    ask("PUT", "scenario", {"reset": True})
    assert ask("GET", "scenario")[1]["broken_object"] == ""


@pytest.mark.parametrize(
    "token",
    ["x", "ZW5naHViOjE6MDA=", Api.of("d", {**API, "secret": "wrong"}).token(system_clock())],
    ids=["nonsense", "old", "another secret"],
)
def test_without_a_valid_token_nothing_is_answered(token: str) -> None:
    assert ask("GET", "products", token=token)[0] == 401


def test_an_old_token_is_refused() -> None:
    api = Api.of("default", API)
    old = api.token(from_text("2026-01-01T00:00:00Z"))
    assert ask("GET", "products", token=old)[0] == 401


@pytest.mark.parametrize("query", [{"size": "many"}, {"after": "x"}, {"updatedSince": "yesterday"}])
def test_a_malformed_question_is_refused(query: dict[str, str]) -> None:
    assert ask("GET", "products", query=query)[0] == 400
    assert ask("POST", "touches", {"first": 1})[0] == 400


def test_most_products_are_good_and_some_are_bad_in_each_known_way() -> None:
    every = [catalogue.record(number) for number in range(2000)]
    assert sum(not item["productName"] for item in every) == 10
    assert sum("/" in item["productCode"] for item in every) == 10
    assert sum(item["mappingType"] == "MANY_TO_MANY" for item in every) == 10
    assert len(every) - len({(item["productCode"], item["productVersion"]) for item in every}) == 10


def test_an_approval_is_taken_once_by_its_key_and_fails_as_the_scenario_says() -> None:
    status, found = ask("GET", "ppap/documents", query={"projectCode": "PRJ-7"})
    assert (status, len(found["items"])) == (200, 18)
    ask("PUT", "scenario", {"fail_next": 1})
    bearer = Api.of("default", API).token(system_clock())
    headers = {"Authorization": f"Bearer {bearer}", "Idempotency-Key": "push-1"}
    event = a_request("POST", "/sandbox/plm/ppap/approvals", {"projectCode": "PRJ-7"}, headers=headers)
    statuses = [handler("serve_plm", "sandbox")(event, Context())["statusCode"] for _ in range(3)]
    assert statuses == [503, 200, 200]
    assert len(ask("GET", "scenario")[1]["approvals"]) == 1


def test_suggestions_and_gates_are_taken_once_by_their_key() -> None:
    status, found = ask("GET", "apqp/projects/PRJ-7")
    assert (status, found["phase"], len(found["deliverables"])) == (200, "PLM_PHASE_2", 7)
    bearer = Api.of("default", API).token(system_clock())
    headers = {"Authorization": f"Bearer {bearer}", "Idempotency-Key": "push-1"}
    for path, body in (
        ("apqp/gates", {"phaseCode": "PLM_PHASE_1"}),
        ("improvements", {"requests": [{"requestId": "r"}]}),
    ):
        event = a_request("POST", f"/sandbox/plm/{path}", body, headers=headers)
        assert [handler("serve_plm", "sandbox")(event, Context())["statusCode"] for _ in range(2)] == [200, 200]
    scenario = ask("GET", "scenario")[1]
    assert (len(scenario["gates"]), scenario["improvements"]) == (1, [["push-1", ["r"]]])


def by_soap(content: str) -> tuple[int, str, str]:
    bearer = Api.of("default", API).token(system_clock())
    headers = {"Authorization": f"Bearer {bearer}", "Content-Type": "text/xml", "Idempotency-Key": "push-1"}
    answer = handler("serve_plm", "sandbox")(
        a_request("POST", "/sandbox/plm/soap", content, headers=headers), Context()
    )
    return answer["statusCode"], answer["multiValueHeaders"]["Content-Type"][0], answer["body"]


def asked(name: str, inner: str = "") -> tuple[int, str, str]:
    return by_soap(soap.envelope(f'<{name} xmlns="{soap.NAMESPACE}">{inner}</{name}>'))


def test_the_contract_is_served_to_anybody_and_every_operation_of_it_answers() -> None:
    served = handler("serve_plm", "sandbox")(a_request("GET", "/sandbox/plm/soap", query={"wsdl": ""}), Context())
    assert served["statusCode"] == 200
    assert f'location="{API["baseUrl"]}/soap"' in served["body"]
    project = "<projectCode>PRJ-7</projectCode>"
    said = {"TakeImprovements": "<requests><requestId>r-1</requestId></requests>"}
    for name in soap.OPERATIONS:
        status, kind, body = asked(name, said.get(name, "" if "List" in name or name == "GetProducts" else project))
        assert (status, kind) == (200, "text/xml; charset=utf-8"), body
        assert f"<{name}Response" in body
        assert f'name="{name}"' in served["body"]


def test_by_soap_it_fails_is_slow_and_spoils_as_it_does_by_rest() -> None:
    ask("PUT", "scenario", {"fail_next": 1, "products": 30, "broken_object": "OBJ-0000007"})
    assert asked("GetProducts", "<after>OBJ-0000009</after>")[0] == 503
    assert asked("GetProducts")[0] == 503
    assert asked("ListObjectIds")[0] == 200
    for name in BAD_ANSWERS:
        ask("PUT", "scenario", {"reset": True, "bad_answer": name})
        status, kind, body = asked("GetProducts", "<size>2</size>")
        spoilt = {"FAULT": "Server", "REFUSED": "Client", "HTML": "<title>", "ENTITIES": "<!DOCTYPE"}.get(name, "")
        assert spoilt in body, name
        assert (name in {"FAULT", "REFUSED"}) == (status == 500)
        assert ("html" in kind) == (name == "HTML")
    assert ask("PUT", "scenario", {"bad_answer": "RUDE"})[0] == 400


@pytest.mark.parametrize(
    "content",
    [
        "",
        "<a>",
        soap.envelope('<DropTables xmlns="urn:plm:2009"/>'),
        soap.envelope(""),
        '<!DOCTYPE x [<!ENTITY a "b">]>' + soap.envelope("&a;"),
        soap.envelope(f'<GetProject xmlns="{soap.NAMESPACE}"/>'),
        soap.envelope(f'<GetProducts xmlns="{soap.NAMESPACE}"><size>many</size></GetProducts>'),
    ],
)
def test_what_is_no_request_of_the_contract_is_a_fault_of_the_client(content: str) -> None:
    status, _, body = by_soap(content)
    assert (status, "<faultcode>s:Client" in body) == (400, True)


def test_without_a_token_soap_answers_a_fault() -> None:
    event = a_request("POST", "/sandbox/plm/soap", soap.envelope(""), headers={"Content-Type": "text/xml"})
    answer = handler("serve_plm", "sandbox")(event, Context())
    assert (answer["statusCode"], "s:Client" in answer["body"]) == (401, True)
