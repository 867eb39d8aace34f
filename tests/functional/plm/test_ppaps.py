"""PPAPs through their functions; the PLM may be away, refuse, or hear twice (PLM-14, PLM-15)."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from enghub.core.clock import system_clock
from enghub.kit.outbound.calls import Answer
from enghub.kit.outbound.errors import OutboundFailed
from enghub.plm.connections.store import Connections
from enghub.plm.gateways import ppaps as wiring
from enghub.plm.gateways.plm_calls import PlmCalls
from enghub.plm.gateways.plm_ppap import CalledPpaps
from enghub.plm.ppaps.dynamo import DynamoPpaps
from enghub.plm.ppaps.service import PpapBook
from tests.factories.http import Context, a_principal, a_request
from tests.factories.plm import a_notification, call, deliver, handler, process, queued
from tests.factories.stored import commands, events

ENGINEER = a_principal("ppap:read", "ppap:change", "ppap:decide", user="quan")
BASE = "/api/v1/plm/ppaps"
SAID = {"status": "APPROVED", "approvedOn": "2026-03-02", "approver": "Ada", "customerFeedback": "可以"}


class Plm:
    """The PLM's side behind the one way out: approvals by key, documents, statuses or failures to answer with."""

    def __init__(self) -> None:
        self.approvals: dict[str, dict[str, Any]] = {}
        self.answers: list[int | Exception] = []
        self.lost = 0
        self.documents: list[dict[str, Any]] = []

    def request(self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None, **_: Any) -> Answer:
        assert headers["Authorization"].startswith("Bearer ")
        if self.answers:
            answer = self.answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return Answer(answer, {}, b"", 1)
        if method == "GET":
            assert "projectCode=PRJ-7" in url
            return Answer(200, {}, json.dumps({"items": self.documents}).encode(), 1)
        self.approvals[headers["Idempotency-Key"]] = json.loads(body or b"")
        if self.lost:
            self.lost -= 1
            raise OutboundFailed("ReadTimeout")
        return Answer(204, {}, b"", 1)


@pytest.fixture
def remote(monkeypatch: pytest.MonkeyPatch) -> Any:
    server = Plm()
    rest: Any = CalledPpaps(PlmCalls(Connections.here(), server))  # type: ignore[arg-type]
    later = [timedelta()]
    book = PpapBook(DynamoPpaps(), rest, lambda: system_clock() + later[0])
    server.wait = lambda span: later.__setitem__(0, later[0] + span)  # type: ignore[attr-defined]
    for name in ("read_ppaps", "change_ppaps", "push_ppap_approval", "sweep_ppap_pushes", "reopen_ppaps"):
        handler(name)
        monkeypatch.setattr(f"functions.plm.{name}.handler.ppaps", lambda: book)
    assert wiring.ppaps is not None
    return server


def ask(method: str, path: str, body: Any = None, **options: Any) -> tuple[int, dict[str, Any]]:
    name = "read_ppaps" if method == "GET" else "change_ppaps"
    return call(name, a_request(method, path, body, caller=options.pop("caller", ENGINEER), **options))


def created(**fields: Any) -> str:
    status, body = ask("POST", BASE, {"projectCode": "PRJ-7", "productCode": "SNS-4000-0001", **fields})
    assert status == 201, body
    identifier: str = body["data"]["ppapId"]
    return identifier


def submitted(remote: Plm) -> str:
    ppap_id = created()
    remote.documents = [{"element": n, "status": "READY", "document": f"doc-{n}"} for n in range(1, 19)]
    status, body = ask("POST", f"{BASE}/{ppap_id}/documents")
    assert (status, body["data"]["status"]) == (200, "SUBMITTED")
    return ppap_id


def pushed() -> None:
    for command in commands("push_ppap_approval"):
        for _ in range(2):
            assert handler("push_ppap_approval")(queued(command), Context())["batchItemFailures"] == []


def sweep() -> None:
    handler("sweep_ppap_pushes")({}, Context())


def state(ppap_id: str) -> str:
    found: str = ask("GET", f"{BASE}/{ppap_id}")[1]["data"]["plmSync"]
    return found


def test_documents_come_from_the_plm_and_the_answer_goes_back_once(remote: Plm) -> None:
    ppap_id = submitted(remote)
    for _ in range(2):
        assert ask("POST", f"{BASE}/{ppap_id}/decision", SAID)[1]["data"]["plmSync"] == "PENDING"
    pushed()
    sweep()
    assert state(ppap_id) == "SYNCED"
    (approval,) = remote.approvals.values()
    assert approval == {
        "projectCode": "PRJ-7",
        "approvalStatus": "APPROVED",
        "approvalDate": "2026-03-02",
        "approver": "Ada",
        "comments": "",
        "customerFeedback": "可以",
    }
    assert [event["data"]["status"] for event in events("PpapDecided")] == ["APPROVED"]


def test_documents_that_are_missing_submit_nothing(remote: Plm) -> None:
    ppap_id = created()
    remote.documents = [{"element": n, "status": "READY"} for n in range(1, 18)]
    found = ask("POST", f"{BASE}/{ppap_id}/documents")[1]["data"]
    assert (found["status"], found["missing"]) == ("PREPARING", [18])
    assert ask("POST", f"{BASE}/{ppap_id}/submit")[0] == 422


def test_an_approval_survives_an_outage_and_arrives_once_though_its_answer_was_lost(remote: Plm) -> None:
    ppap_id = submitted(remote)
    ask("POST", f"{BASE}/{ppap_id}/decision", SAID)
    remote.answers = [503, OutboundFailed("ConnectError"), 503]
    pushed()
    assert state(ppap_id) == "PENDING"
    for _ in range(2):
        remote.wait(timedelta(minutes=10))  # type: ignore[attr-defined]
        sweep()
    assert (state(ppap_id), remote.approvals) == ("PENDING", {})
    remote.lost = 1
    for _ in range(2):
        remote.wait(timedelta(hours=2))  # type: ignore[attr-defined]
        sweep()
    assert state(ppap_id) == "SYNCED"
    assert len(remote.approvals) == 1, "told twice under one key"


def test_a_refusal_of_the_plm_is_seen_and_not_asked_again(remote: Plm) -> None:
    ppap_id = submitted(remote)
    ask("POST", f"{BASE}/{ppap_id}/decision", SAID)
    remote.answers = [422]
    pushed()
    found = ask("GET", f"{BASE}/{ppap_id}")[1]["data"]
    assert (found["plmSync"], "422" in found["plmProblem"], remote.approvals) == ("FAILED", True, {})


def test_an_interim_approval_ends_with_its_pieces(remote: Plm) -> None:
    ppap_id = submitted(remote)
    assert ask("POST", f"{BASE}/{ppap_id}/decision", {**SAID, "status": "INTERIM"})[0] == 422
    ask("POST", f"{BASE}/{ppap_id}/decision", {**SAID, "status": "INTERIM", "pieces": 5000})
    assert ask("POST", f"{BASE}/{ppap_id}/shipments", {"pieces": 4999})[1]["data"]["status"] == "INTERIM"
    assert ask("POST", f"{BASE}/{ppap_id}/shipments", {"pieces": 5000})[1]["data"]["status"] == "INTERIM_ENDED"


def test_a_change_reopens_the_ppaps_of_its_products(remote: Plm) -> None:
    ppap_id = submitted(remote)
    deliver(a_notification("ECN-7"))
    process(*commands("process_change"))
    (event,) = events("ChangePointCreated")
    for _ in range(2):
        body = {"detail-type": "ChangePointCreated", "detail": event}
        assert handler("reopen_ppaps")(queued(body), Context())["batchItemFailures"] == []
    found = ask("GET", f"{BASE}/{ppap_id}")[1]["data"]
    assert (found["status"], found["missing"]) == ("PREPARING", [1, 2, 4, 6, 7, 9, 10, 11, 18])
    assert len(found["reopenedBy"]) == 1


def test_elements_lists_and_strangers(remote: Plm) -> None:
    ppap_id = created(level=4, customerElements=[7])
    assert ask("POST", BASE, {"projectCode": "P", "productCode": "X", "level": 4})[0] == 422
    path = f"{BASE}/{ppap_id}/elements/13"
    assert ask("PUT", path, {"status": "NOT_APPLICABLE"})[0] == 422
    assert ask("PUT", path, {"status": "NOT_APPLICABLE", "reason": "no appearance item"})[0] == 200
    assert ask("PUT", f"{BASE}/{ppap_id}/elements/19", {"status": "READY"})[0] == 400
    listed = ask("GET", BASE, query={"productCode": "SNS-4000-0001"})[1]["data"]["items"]
    assert [one["ppapId"] for one in listed] == [ppap_id]
    assert ask("GET", f"{BASE}/{ppap_id}", caller=a_principal("ppap:read", tenant="globex"))[0] == 404
    weak = replace(ENGINEER, permissions=frozenset({"ppap:change"}))
    assert ask("POST", f"{BASE}/{ppap_id}/decision", SAID, caller=weak)[0] == 403
