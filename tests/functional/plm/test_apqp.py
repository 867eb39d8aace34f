"""APQP projects through their functions; the PLM's status comes in, passed gates go out once (PLM-13)."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from enghub.core.clock import system_clock
from enghub.core.identity import Principal
from enghub.core.timers.dynamo import read
from enghub.core.timers.model import Wake
from enghub.kit.outbound.calls import Answer
from enghub.plm.apqp.catalogue import OUTPUTS, Phase
from enghub.plm.apqp.dynamo import DynamoProjects
from enghub.plm.apqp.service import ProjectBook
from enghub.plm.connections.store import Connections
from enghub.plm.gateways.apqp import CalledProjects, ppap_of
from enghub.plm.gateways.plm_calls import PlmCalls
from tests.factories.http import Context, a_principal, a_request
from tests.factories.plm import call, handler, queued
from tests.factories.stored import commands, events

BASE = "/api/v1/plm/apqp/projects"
RIGHTS = ("apqp:read", "apqp:change", "apqp:sign", "ppap:read", "ppap:change", "ppap:decide")


def person(user: str, role: str, **options: Any) -> Principal:
    made = a_principal(*RIGHTS, user=user, **options)
    return Principal(made.user_id, made.tenant_id, made.factory_ids, (role,), made.permissions, made.authenticated_at)


LEAD, QUALITY, CHIEF = (
    person(*one) for one in (("lead", "PLM_ADMIN"), ("quan", "QUALITY_ENGINEER"), ("chief", "PLM_ADMIN"))
)


class Plm:
    """The PLM's side behind the one way out."""

    def __init__(self) -> None:
        self.told: dict[str, Any] = {"phase": "PLM_PHASE_2", "deliverables": []}
        self.gates: dict[str, dict[str, Any]] = {}
        self.answers: list[int] = []

    def request(self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None, **_: Any) -> Answer:
        if self.answers:
            return Answer(self.answers.pop(0), {}, b"", 1)
        if method == "GET":
            assert url.endswith("/apqp/projects/PRJ-7")
            return Answer(200, {}, json.dumps(self.told).encode(), 1)
        self.gates[headers["Idempotency-Key"]] = json.loads(body or b"")
        return Answer(200, {}, b"", 1)


@pytest.fixture(autouse=True)
def remote(monkeypatch: pytest.MonkeyPatch) -> Plm:
    server = Plm()
    calls = PlmCalls(Connections.here(), server)  # type: ignore[arg-type]
    later = [timedelta()]
    book = ProjectBook(DynamoProjects(), CalledProjects(calls), ppap_of, lambda: system_clock() + later[0])
    server.wait = lambda span: later.__setitem__(0, span)  # type: ignore[attr-defined]
    for name in ("read_apqp", "change_apqp", "push_apqp_gate"):
        handler(name)
        monkeypatch.setattr(f"functions.plm.{name}.handler.projects", lambda: book)
    return server


def ask(method: str, path: str = "", body: Any = None, caller: Principal = LEAD, **more: Any) -> tuple[int, Any]:
    name = "read_apqp" if method == "GET" else "change_apqp"
    status, answer = call(name, a_request(method, f"{BASE}{path}", body, caller=caller, **more))
    return status, answer.get("data", answer)


def created(**fields: Any) -> None:
    body = {"projectCode": "PRJ-7", "productCode": "ECU-1", "title": "Brake controller", **fields}
    assert ask("POST", body=body)[0] == 201


def done(phase: Phase) -> None:
    for code in OUTPUTS[phase]:
        assert ask("PUT", f"/PRJ-7/deliverables/{code}", {"status": "DONE"})[0] == 200


def passed(phase: int) -> dict[str, Any]:
    assert ask("POST", f"/PRJ-7/gates/{phase}/request", {})[0] == 200
    for who in (CHIEF, QUALITY):
        for _ in range(2):
            status, found = ask("POST", f"/PRJ-7/gates/{phase}/decision", {"verdict": "APPROVE"}, who)
            assert status == 200, found
    gate: dict[str, Any] = found["gates"][phase - 1]
    return gate


def pushed() -> None:
    for command in commands("push_apqp_gate"):
        for _ in range(2):
            assert handler("push_apqp_gate")(queued(command), Context())["batchItemFailures"] == []


def test_a_phase_is_done_signed_by_two_and_told_once(remote: Plm) -> None:
    created()
    assert ask("POST", "/PRJ-7/gates/1/request", {})[0] == 422
    done(Phase.PLAN)
    assert passed(1)["status"] == "PASSED"
    pushed()
    (told,) = remote.gates.values()
    assert told["projectCode"] == "PRJ-7"
    assert (told["phaseCode"], told["gateStatus"], told["approvers"]) == ("PLM_PHASE_1", "PASSED", ["chief", "quan"])
    found = ask("GET", "/PRJ-7")[1]
    assert (found["phase"], found["gates"][0]["plmSync"]) == (2, "SYNCED")
    assert [event["data"]["phase"] for event in events("ApqpGatePassed")] == [1]
    assert ask("GET")[1]["items"] == [
        {
            "projectCode": "PRJ-7",
            "productCode": "ECU-1",
            "title": "Brake controller",
            "phase": 2,
            "openDeliverables": 36,
        }
    ]


def test_a_plm_that_is_away_is_told_by_a_timer(remote: Plm) -> None:
    created()
    done(Phase.PLAN)
    passed(1)
    remote.answers = [503]
    pushed()
    found = ask("GET", "/PRJ-7")[1]["gates"][0]
    assert (found["plmSync"], "503" in found["plmProblem"]) == ("PENDING", True)
    timer = read(Wake("acme", "apqp/PRJ-7/1", "apqp_push"))
    assert timer is not None
    remote.wait(timedelta(minutes=1))  # type: ignore[attr-defined]
    pushed()
    assert ask("GET", "/PRJ-7")[1]["gates"][0]["plmSync"] == "SYNCED"
    assert len(remote.gates) == 1


def test_the_plms_status_comes_in_and_undoes_nothing(remote: Plm) -> None:
    created()
    ask("PUT", "/PRJ-7/deliverables/DFMEA", {"status": "DONE", "document": "ours"})
    remote.told["deliverables"] = [
        {"code": "DFMEA", "status": "OPEN"},
        {"code": "DRAWINGS", "status": "DONE", "document": "D-1 B"},
        {"code": "MAGIC", "status": "DONE"},
        {"code": "DESIGN-GOALS", "status": "FINE"},
    ]
    found = ask("POST", "/PRJ-7/plm-status")[1]
    states = {one["code"]: one["status"] for one in found["deliverables"]}
    assert (states["DFMEA"], states["DRAWINGS"], states["DESIGN-GOALS"]) == ("DONE", "DONE", "OPEN")
    assert (found["plmPhase"], found["ignored"]) == (2, ["MAGIC DONE", "DESIGN-GOALS FINE"])
    assert ask("POST", "/PRJ-7/plm-status")[1]["revision"] == found["revision"], "the same again changes nothing"
    remote.told["phase"] = "PLM_PHASE_9"
    status, refused = ask("POST", "/PRJ-7/plm-status")
    assert (status, "PLM_PHASE_9" in refused["message"]) == (422, True)


def test_the_last_gate_before_series_needs_the_ppap() -> None:
    created()
    for phase in (1, 2, 3):
        done(Phase(phase))
        passed(phase)
    body = {"projectCode": "PRJ-7", "productCode": "ECU-1"}
    assert call("change_ppaps", a_request("POST", "/api/v1/plm/ppaps", body, caller=QUALITY))[0] == 201
    done(Phase.VALIDATION)
    status, refused = ask("POST", "/PRJ-7/gates/4/request", {})
    assert (status, "PPAP" in refused["message"]) == (422, True)


def test_bad_input_and_strangers() -> None:
    created(deliverables=[{"code": "ROHS", "phase": 2, "name": "RoHS declaration"}])
    assert ask("POST", body={"projectCode": "PRJ-7", "productCode": "X", "title": "again"})[0] == 409
    assert ask("PUT", "/PRJ-7/deliverables/NONE", {"status": "DONE"})[0] == 404
    assert ask("PUT", "/PRJ-7/deliverables/ROHS", {"status": "NOT_APPLICABLE"})[0] == 422
    assert ask("POST", "/PRJ-7/gates/6/request", {})[0] == 400
    assert ask("POST", "/PRJ-7/gates/1/decision", {"verdict": "APPROVE"}, CHIEF)[0] == 409
    assert ask("GET", "/PRJ-7", caller=person("x", "PLM_ADMIN", tenant="globex"))[0] == 404
    assert ask("GET", "/PRJ-7", caller=a_principal("ppap:read"))[0] == 403
