"""A cut-over through the API and its executions, against a system that answers (OPS-04, OPS-05, OPS-07)."""

from collections.abc import Iterator
from typing import Any

import pytest

from enghub.golive.cutover.dynamo import KIND
from enghub.kit.runs.dynamo import lost
from tests.factories import stored
from tests.factories.go_lives import ENGINEER, Installation
from tests.factories.handlers import sample_event
from tests.factories.http import Context
from tests.fakes.erp_server import Erp, erp_server
from tests.functional.golive.cutover.test_readiness import sign_off_all, small


@pytest.fixture
def erp() -> Iterator[Erp]:
    with erp_server() as found:
        yield found


def call(erp: Erp, path: str, **more: Any) -> dict[str, Any]:
    return {"steps": [{"name": path.strip("/"), "method": "POST", "url": f"{erp.url}{path}", "body": "{}", **more}]}


def a_task(task_id: str, *after: str, **changed: Any) -> dict[str, Any]:
    task = {"taskId": task_id, "stage": "one", "en": task_id, "zh": "任务", "kind": "manual", "start": 0, "minutes": 5}
    return {**task, "owner": "omar", "after": list(after), **changed}


def back(erp: Erp, path: str) -> dict[str, Any]:
    return {"en": "take it back", "zh": "撤回", "minutes": 2, "action": call(erp, path)}


def tasks(erp: Erp) -> list[dict[str, Any]]:
    """Read only, migrate, verify, approve, start, smoke test, announce."""
    smoke = {
        "steps": [
            {
                "name": "make",
                "method": "POST",
                "url": f"{erp.url}/orders",
                "body": "{}",
                "extracts": [{"name": "order", "source": "data.id"}],
            },
            {
                "name": "read",
                "method": "GET",
                "url": f"{erp.url}/orders/{{{{order}}}}",
                "assertions": [{"source": "data.state", "test": "==", "value": "READY"}],
            },
        ]
    }
    return [
        a_task("freeze", kind="automatic", action=call(erp, "/freeze"), rollback=back(erp, "/thaw")),
        a_task("migrate", "freeze", kind="automatic", action=call(erp, "/migrate")),
        a_task("look", "migrate"),
        a_task("approve", "look", kind="approval", owner="lena"),
        a_task("start", "approve", kind="automatic", action=call(erp, "/start"), rollback=back(erp, "/stop")),
        a_task("smoke", "start", kind="smoke", action=smoke),
        a_task("announce", "smoke"),
    ]


def planned(hub: Installation, erp: Erp, go_live: str) -> str:
    hub.data("PUT", f"{go_live}/cutover-plan", {"tasks": tasks(erp), "noReturn": "announce"})
    return go_live


def decided(hub: Installation, erp: Erp) -> str:
    """Return a go-live that may go, with a plan."""
    go_live = small(hub)
    sign_off_all(hub, go_live)
    seen = hub.data("GET", f"{go_live}/summary")["hash"]
    hub.data("POST", f"{go_live}/decision", {"answer": "GO", "seen": seen, "reason": "all is done"})
    return planned(hub, erp, go_live)


def begun(hub: Installation, go_live: str, **options: Any) -> str:
    run_id: str = hub.data("POST", f"{go_live}/cutover-runs", {"byClock": False, **options})["runId"]
    hub.execute(run_id)
    return run_id


def states(hub: Installation, run_id: str) -> dict[str, str]:
    found = hub.data("GET", f"/cutover-runs/{run_id}")
    return {one["taskId"]: one["state"] for one in found["tasks"]}


def end(hub: Installation, run_id: str, task_id: str) -> Any:
    body = {"passed": True, "result": "seen"}
    found = hub.data("POST", f"/cutover-runs/{run_id}/tasks/{task_id}/end", body, caller=ENGINEER)
    hub.execute(run_id)
    return found


def approve(hub: Installation, run_id: str, verdict: str = "APPROVE") -> Any:
    run = hub.data("GET", f"/cutover-runs/{run_id}")
    seen = next(one["approval"]["seen"] for one in run["tasks"] if one["taskId"] == "approve")
    body = {"verdict": verdict, "seen": seen, "comment": "as seen"}
    found = hub.data("POST", f"/cutover-runs/{run_id}/tasks/approve/vote", body)
    hub.execute(run_id)
    return found


def test_a_cutover_from_freeze_to_done(hub: Installation, erp: Erp) -> None:
    run_id = begun(hub, decided(hub, erp))
    assert erp.paths() == ["/freeze", "/migrate"]
    hub.later(minutes=3)
    end(hub, run_id, "look")
    approve(hub, run_id)
    assert erp.paths()[2:] == ["/start", "/orders", "/orders/7"]
    hub.later(minutes=4)
    end(hub, run_id, "announce")
    run = hub.data("GET", f"/cutover-runs/{run_id}")
    assert (run["state"], run["criticalPath"]["minutes"]) == ("DONE", 7)
    assert len({key for _, _, key in erp.asked}) == len(erp.asked), "every call carries a key of its own"
    assert [event["data"]["state"] for event in stored.events("CutoverEnded")] == ["DONE"]
    assert stored.items("RUN_LEASE") == []
    assert hub.data("POST", f"/go-lives/{run['goLiveId']}/cutover-runs", {"rehearsal": True})["state"] == "RUNNING"


def test_a_failed_smoke_test_goes_back_in_reverse_and_a_second_run_succeeds(hub: Installation, erp: Erp) -> None:
    go_live = decided(hub, erp)
    erp.status["/orders"] = 500
    first = begun(hub, go_live)
    end(hub, first, "look")
    approve(hub, first)
    run = hub.data("GET", f"/cutover-runs/{first}")
    assert (run["state"], run["reason"]) == ("ROLLED_BACK", "smoke: make: status < 400")
    assert erp.paths()[-2:] == ["/stop", "/thaw"]
    told = [event["data"]["notice_type"] for event in stored.events("NoticeRequested")]
    assert {"golive.cutover_rolling_back", "golive.cutover_rolled_back", "golive.cutover_waits"} <= set(told)
    erp.status.clear()
    hub.later(minutes=1)
    second = begun(hub, go_live)
    end(hub, second, "look")
    approve(hub, second)
    end(hub, second, "announce")
    assert [one["state"] for one in hub.data("GET", f"{go_live}/cutover-runs")["items"]] == ["DONE", "ROLLED_BACK"]


def test_a_run_needs_a_decision_to_go_and_is_alone(hub: Installation, erp: Erp, go_live: str) -> None:
    planned(hub, erp, go_live)
    assert hub.refused("POST", f"{go_live}/cutover-runs", {})[1]["error"] == "NOT_DECIDED_TO_GO"
    begun(hub, go_live, rehearsal=True)
    assert hub.refused("POST", f"{go_live}/cutover-runs", {"rehearsal": True})[1]["error"] == "RUN_GOES_ON"


def test_work_that_came_to_no_end_is_not_done_again(hub: Installation, erp: Erp, go_live: str) -> None:
    run_id = hub.data("POST", f"{planned(hub, erp, go_live)}/cutover-runs", {"rehearsal": True})["runId"]
    names = {"tenant_id": "acme", "run_id": run_id}
    told = hub.handler("advance_cutover")({**names, "turn": 1, "loops": 0}, Context())
    (work,) = told["work"]
    from enghub.golive.cutover import wiring  # noqa: PLC0415
    from enghub.golive.cutover.model import Work  # noqa: PLC0415

    wiring.executions()._sent("acme", run_id, Work(**work))
    hub.handler("perform_task")({**names, **work}, Context())
    assert erp.asked == []
    assert states(hub, run_id)["freeze"] == "UNCERTAIN"
    assert hub.data("GET", f"/cutover-runs/{run_id}")["state"] == "HELD"
    hub.data("POST", f"/cutover-runs/{run_id}/tasks/freeze/again", {})
    hub.execute(run_id)
    assert erp.paths() == ["/freeze", "/migrate"]


def test_a_lost_execution_is_taken_up_in_a_fresh_one(hub: Installation, erp: Erp, go_live: str) -> None:
    run_id = begun(hub, planned(hub, erp, go_live), rehearsal=True)
    hub.later(minutes=5)
    assert [one.run_id for one in lost(KIND, hub.now)] == [run_id]
    hub.handler("sweep_cutovers")({}, Context())
    assert sorted(one["payload"]["turn"] for one in stored.commands("launch_cutover")) == [1, 2]
    assert hub.execute(run_id) == "END", "the old execution has nothing to say any more"
    assert hub.execute(run_id, turn=2) == "WAIT"
    assert list(lost(KIND, hub.now)) == []


def test_a_long_run_goes_on_in_a_fresh_execution_before_its_history_is_full(
    hub: Installation, erp: Erp, go_live: str
) -> None:
    run_id = begun(hub, planned(hub, erp, go_live), rehearsal=True)
    told = hub.handler("advance_cutover")({"tenant_id": "acme", "run_id": run_id, "turn": 1, "loops": 999}, Context())
    assert told["next"] == "WAIT"
    told = hub.handler("advance_cutover")({"tenant_id": "acme", "run_id": run_id, "turn": 1, "loops": 1000}, Context())
    assert told["next"] == "END"
    assert sorted(one["payload"]["turn"] for one in stored.commands("launch_cutover")) == [1, 2]


def test_only_who_is_named_may_end_skip_and_go_back(hub: Installation, erp: Erp, go_live: str) -> None:
    from tests.factories.http import a_principal  # noqa: PLC0415

    run_id = begun(hub, planned(hub, erp, go_live), rehearsal=True)
    mia = a_principal("golive:work", "golive:decide", user="mia")
    path = f"/cutover-runs/{run_id}"
    assert hub.refused("POST", f"{path}/tasks/look/end", {"passed": True}, caller=mia)[1]["error"] == "NOT_THE_OWNER"
    reason = {"reason": "we stop here"}
    assert hub.refused("POST", f"{path}/roll-back", reason, caller=mia)[1]["error"] == "ONLY_DECIDERS"
    assert hub.refused("POST", f"{path}/tasks/look/skip", reason, caller=mia)[1]["error"] == "ONLY_DECIDERS"
    hub.data("POST", f"{path}/roll-back", reason)
    assert hub.data("POST", f"{path}/roll-back", reason)["state"] == "ROLLING_BACK", "the same word again"
    hub.execute(run_id)
    assert (erp.paths()[-1], hub.data("GET", path)["state"]) == ("/thaw", "ROLLED_BACK")


def test_a_vote_names_the_evidence_it_saw(hub: Installation, erp: Erp, go_live: str) -> None:
    run_id = begun(hub, planned(hub, erp, go_live), rehearsal=True)
    end(hub, run_id, "look")
    body = {"verdict": "APPROVE", "seen": "0" * 64}
    path = f"/cutover-runs/{run_id}/tasks/approve/vote"
    assert hub.refused("POST", path, body)[1]["error"] == "SEEN_ANOTHER"
    assert hub.refused("POST", path, {**body, "seen": "x"})[1]["field"] == "seen"


def test_progress_is_told_and_a_plan_keeps_versions(hub: Installation, erp: Erp, go_live: str) -> None:
    planned(hub, erp, go_live)
    assert hub.refused("PUT", f"{go_live}/cutover-plan", {})[0] == 409
    plan = hub.data("PUT", f"{go_live}/cutover-plan", {"version": 1})
    assert (plan["version"], len(plan["tasks"]), plan["deciders"]) == (2, 47, ["lena"])
    run_id = begun(hub, go_live, rehearsal=True)
    hub.data("POST", f"/cutover-runs/{run_id}/progress", {"percent": 40})
    told = hub.data("POST", f"/cutover-runs/{run_id}/progress", {"percent": 20})
    assert told["moved"]["percent"] == 40, "it never goes back"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"tasks": [a_task("a", "b"), a_task("b", "a")]}, "tasks"),
        ({"tasks": [a_task("a", owner="ghost")]}, "tasks.0.owner"),
        ({"tasks": [a_task("a", kind="smoke")]}, "tasks.0.action"),
        ({"deciders": ["ghost"]}, "deciders.0"),
        ({"tasks": [a_task("a", minutes=-1)]}, "tasks.0.minutes"),
    ],
)
def test_a_plan_that_cannot_run_is_refused(hub: Installation, go_live: str, changed: Any, field: str) -> None:
    status, details = hub.refused("PUT", f"{go_live}/cutover-plan", changed)
    assert (status, details["field"]) == (400, field)
    assert stored.items("CUTOVER_PLAN") == []


def test_smoke_tests_are_tried_on_demand(hub: Installation, erp: Erp, go_live: str) -> None:
    planned(hub, erp, go_live)
    assert hub.data("POST", f"{go_live}/smoke-tests", {})["passed"] is True
    erp.status["/orders"] = 503
    found = hub.data("POST", f"{go_live}/smoke-tests", {"taskIds": ["smoke"]})
    assert (found["passed"], found["reports"]["smoke"]["said"]) == (False, "make: status < 400")
    assert hub.refused("POST", f"{go_live}/smoke-tests", {"taskIds": ["look"]})[0] == 404


def test_the_samples_of_events_are_taken(hub: Installation) -> None:
    for name in ("launch_cutover", "sweep_cutovers", "advance_cutover"):
        hub.handler(name)(sample_event("golive", name), Context())
