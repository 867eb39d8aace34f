"""Readiness and cut-over: what people say, and what executions do."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from enghub.golive.comparisons.model import Difference, DifferenceKind
from enghub.golive.cutover import wiring
from enghub.golive.readiness import wiring as readiness
from enghub.golive.smoke.model import Report, Scenario, StepResult
from enghub.golive.verification import wiring as verification
from enghub.golive.verification.service import SliceResult
from tests.factories import stored
from tests.factories.go_lives import Installation, a_go_live
from tests.factories.http import Context
from tests.faults.harness import Flow, register

SENT: list[str] = []
"""The keys of what was sent out; emptied by `around`."""
ENVIRONMENT = {"BUCKET_NAME": "enghub-test-files"}
STEP = {"name": "go", "method": "POST", "url": "https://erp.example.com/go"}


@contextmanager
def recording() -> Iterator[None]:
    """Note what is sent, and send nothing."""
    SENT.clear()

    class Noting:
        def run(self, _: str, __: Scenario, values: Mapping[str, str]) -> Report:
            SENT.append(values["idempotencyKey"])
            return Report((StepResult("go", 200, 5),))

    made = (readiness.go_lives, wiring.cutovers, wiring.executions, wiring.scenarios, verification.verifications)
    for one in made:
        one.cache_clear()
    whole = wiring.scenarios
    wiring.scenarios = Noting  # type: ignore[assignment]
    try:
        yield
    finally:
        wiring.scenarios = whole
        for one in made:
            one.cache_clear()


@dataclass
class Night:
    """A go-live, and what follows from it."""

    hub: Installation = field(default_factory=Installation)
    go_live: str = ""
    run_id: str = ""
    body: dict[str, Any] = field(default_factory=dict)

    def post(self, path: str, body: Any = None, method: str = "POST", **options: Any) -> tuple[int, Any]:
        return self.hub.send(method, path, {} if body is None else body, **options)

    def task(self, name: str, **given: Any) -> Any:
        return self.hub.handler(name)({"tenant_id": "acme", "run_id": self.run_id, **given}, Context())


def prepared() -> Night:
    night = Night()
    night.go_live = f"/go-lives/{night.hub.data('POST', '/go-lives', a_go_live())['goLiveId']}"
    return night


def shown() -> Night:
    night = prepared()
    body = {"kind": "note", "value": "measured", "measures": {"lag": 0.5}}
    found = night.hub.data("POST", f"{night.go_live}/items/database-2/evidence", body)
    night.body = {"seen": found["latest"]["hash"]}
    return night


def planned() -> Night:
    night = prepared()
    action = {"steps": [STEP], "repeatable": True}
    tasks: list[dict[str, Any]] = [
        {"taskId": "one", "kind": "automatic", "action": action},
        {"taskId": "two", "kind": "manual", "after": ["one"]},
        {"taskId": "three", "kind": "approval", "after": ["two"]},
    ]
    more = {"stage": "s", "en": "task", "zh": "任务", "start": 0, "minutes": 5, "owner": "lena"}
    night.hub.data("PUT", f"{night.go_live}/cutover-plan", {"tasks": [{**more, **task} for task in tasks]})
    return night


def started() -> Night:
    night = planned()
    body = {"rehearsal": True, "byClock": False}
    night.run_id = night.hub.data("POST", f"{night.go_live}/cutover-runs", body)["runId"]
    return night


def begun() -> Night:
    night = started()
    night.task("advance_cutover", turn=1, loops=0)
    return night


def done() -> Night:
    night = begun()
    night.task("perform_task", task_id="one", attempt=1, back=False)
    return night


def asked() -> Night:
    night = done()
    found = night.hub.data("POST", f"/cutover-runs/{night.run_id}/tasks/two/end", {"passed": True})
    approval = next(one["approval"] for one in found["tasks"] if one["taskId"] == "three")
    night.body = {"verdict": "APPROVE", "seen": approval["seen"]}
    return night


def sent_once(_: Night) -> None:
    assert len(set(SENT)) == 1, "one attempt, one key, however often"


def ended(_: Night) -> None:
    assert len(stored.events("CutoverEnded")) == 1
    assert stored.items("RUN_LEASE") == []


def verifying() -> Night:
    night = prepared()
    wanted = {"source": "a", "target": "b", "tables": [{"source": "t"}]}
    night.run_id = night.hub.data("POST", f"{night.go_live}/verifications", wanted)["verificationId"]
    return night


def do_slice(night: Night) -> Any:
    found = SliceResult(5, {"MISSING": 1}, (Difference(DifferenceKind.MISSING, "t", "id=1", "", "there", ""),), None)
    service = verification.verifications()
    return service.do_slice("acme", night.run_id, 0, lambda *_: found)


def told_once(_: Night) -> None:
    assert len(stored.events("MigrationVerified")) == 1
    assert len(stored.items("VERIFICATION_SLICE")) == 1


def flow(name: str, arrange: Any, act: Any, **more: Any) -> None:
    register(Flow(name, "golive", arrange, act, around=recording, environment=ENVIRONMENT, **more))


KEYED = {"Idempotency-Key": "key-1"}
WAIVER = {"reason": "the line comes on Friday", "until": "2026-12-31T00:00:00Z"}
flow("create a go-live", Night, lambda night: night.post("/go-lives", a_go_live(), headers=KEYED))
flow("sign off an item", shown, lambda n: n.post(f"{n.go_live}/items/database-2/sign-off", n.body))
flow("waive an item", prepared, lambda n: n.post(f"{n.go_live}/items/database-2/waiver", WAIVER))
flow("cancel a go-live", prepared, lambda n: n.post(f"{n.go_live}/cancel", {"reason": "later"}))
flow("store a cut-over plan", prepared, lambda n: n.post(f"{n.go_live}/cutover-plan", {}, "PUT"))
flow(
    "start a cut-over",
    planned,
    lambda n: n.post(f"{n.go_live}/cutover-runs", {"rehearsal": True}, headers=KEYED),
    must=lambda _: None,
)
flow("look what is next in a cut-over", started, lambda n: n.task("advance_cutover", turn=1, loops=0))
flow(
    "do a task of a cut-over",
    begun,
    lambda n: n.task("perform_task", task_id="one", attempt=1, back=False),
    must=sent_once,
)
flow("end a task by hand", done, lambda n: n.post(f"/cutover-runs/{n.run_id}/tasks/two/end", {"passed": True}))
flow(
    "approve the last gate",
    asked,
    lambda n: n.post(f"/cutover-runs/{n.run_id}/tasks/three/vote", n.body),
    must=ended,
)
flow(
    "begin a verification",
    prepared,
    lambda n: n.post(
        f"{n.go_live}/verifications", {"source": "a", "target": "b", "tables": [{"source": "t"}]}, headers=KEYED
    ),
)
flow("do the last slice of a verification", verifying, do_slice, must=told_once)
flow("go back", done, lambda n: n.post(f"/cutover-runs/{n.run_id}/roll-back", {"reason": "we stop"}), must=ended)
