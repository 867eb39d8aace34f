"""The chapter of a go-live: a gate that blocks, a probe, a waiver, a cut-over that goes back, one that succeeds."""

from typing import Any

from enghub_cli.story.teller import Teller

GOLIVE = "/api/v1/golive"
KEPT = ("security-2", "cache-1")
"""The items of the checklist that the story keeps: one with a probe, one that is waived."""


def system_goes_live(tell: Teller) -> None:
    """From the template to done."""
    tell.chapter("6  A system goes live")
    tell.sign_in("lena", "TENANT_ADMIN")
    checklist = tell.call("lena", "GET", f"{GOLIVE}/content/readiness", expect=200, show=_counted)
    items = [one["id"] for part in _sections(checklist) for one in part["items"]]
    wanted = {
        "name": f"ERP {tell.run}",
        "system": "erp",
        "liveAt": "2027-01-09T00:00:00+08:00",
        "zone": "Asia/Shanghai",
        "team": [{"userId": "lena", "name": "Lena", "roles": ["commander", "operations"]}],
        "without": [name for name in items if name not in KEPT],
    }
    made = tell.call("lena", "POST", f"{GOLIVE}/go-lives", wanted, expect=201, show=_due)
    path = f"{GOLIVE}/go-lives/{made['goLiveId']}"
    _gates(tell, path)
    _plan(tell, path, expected="200")
    first = _run(tell, path)
    tell.say("The smoke test fails: the run goes back by itself, as its plan says.")
    tell.wait("lena", first, lambda run: run["state"] == "ROLLED_BACK", show=_stand)
    _plan(tell, path, expected="401", version=1)
    second = _run(tell, path)
    tell.wait("lena", second, lambda run: run["state"] == "DONE", show=_stand)
    _after(tell, path)


def _after(tell: Teller, path: str) -> None:
    tell.say("It is live. Nobody asks for them: the checks of the first month are planned, the first ones are due.")
    tell.wait("lena", path, lambda one: one["state"] == "LIVE", show=lambda one: one["state"])
    tell.call("lena", "GET", f"{path}/aftercare", expect=200, show=_asked)
    said = {"passed": True, "result": "no alarm, response times as before"}
    tell.call("lena", "POST", f"{path}/aftercare/checks/day1-1", said, expect=200, show=_asked)


def _gates(tell: Teller, path: str) -> None:
    tell.say("A window does not close while something in it blocks.")
    tell.call("lena", "POST", f"{path}/windows/weeks4/close", {}, expect=422)
    waiver = {"reason": "the cache arrives on Friday", "until": "2027-01-31T00:00:00Z"}
    tell.call("lena", "POST", f"{path}/items/cache-1/waiver", waiver, expect=200, show=_item)
    tell.say(
        "A probe asks whether calls without a token are refused; what it reads is evidence, and meets the criterion."
    )
    probe = {"kind": "http", "url": f"{tell.cloud.api_base}{GOLIVE}/go-lives"}
    tell.call("lena", "PUT", f"{path}/items/security-2", {"owner": "lena", "probe": probe}, expect=200, show=_item)
    read = tell.call("lena", "POST", f"{path}/items/security-2/probe", {}, expect=201, show=_item)
    seen = {"seen": read["latest"]["hash"]}
    tell.call("lena", "POST", f"{path}/items/security-2/sign-off", seen, expect=200, show=_item)
    for window in ("weeks4", "weeks2", "week1", "days3"):
        tell.call("lena", "POST", f"{path}/windows/{window}/close", {}, expect=200, show=lambda _: "closed")
    summary = tell.call("lena", "GET", f"{path}/summary", expect=200, show=lambda one: {"isReady": one["isReady"]})
    decision = {"answer": "GO", "seen": summary["hash"], "reason": "all gates are passed"}
    tell.call("lena", "POST", f"{path}/decision", decision, expect=200, show=lambda one: one["decision"]["answer"])


def _plan(tell: Teller, path: str, expected: str, version: int | None = None) -> None:
    """Store a plan; its smoke test calls the hub without a token, and expects this status."""

    def call(status: str) -> dict[str, Any]:
        asked = {"source": "status", "test": "==", "value": status}
        url = f"{tell.cloud.api_base}{GOLIVE}/go-lives"
        return {"steps": [{"name": "ask", "method": "GET", "url": url, "assertions": [asked]}]}

    more = {"stage": "night", "zh": "任务", "start": 0, "minutes": 5, "owner": "lena"}
    back = {"en": "Take changes again", "zh": "恢复写入", "minutes": 2, "action": call("401")}
    tasks = [
        {**more, "taskId": "freeze", "en": "Freeze", "kind": "automatic", "action": call("401"), "rollback": back},
        {**more, "taskId": "look", "en": "Look at the data", "kind": "manual", "after": ["freeze"]},
        {**more, "taskId": "approve", "en": "Approve the start", "kind": "approval", "after": ["look"]},
        {**more, "taskId": "smoke", "en": "Sign in", "kind": "smoke", "after": ["approve"], "action": call(expected)},
    ]
    body = {"tasks": tasks, **({"version": version} if version else {})}
    show = _path
    tell.call("lena", "PUT", f"{path}/cutover-plan", body, expect=200, show=show)


def _run(tell: Teller, path: str) -> str:
    """Start a run, do what waits for people, and return its address."""
    made = tell.call(
        "lena", "POST", f"{path}/cutover-runs", {"byClock": False}, expect=201, show=lambda one: one["state"]
    )
    run = f"{GOLIVE}/cutover-runs/{made['runId']}"
    tell.wait("lena", run, lambda one: _task(one, "look")["state"] == "READY", show=_stand)
    said = {"passed": True, "result": "the balances agree"}
    tell.call("lena", "POST", f"{run}/tasks/look/end", said, expect=200, show=_stand)
    asked = tell.wait("lena", run, lambda one: _task(one, "approve")["approval"] is not None, show=_stand)
    vote = {"verdict": "APPROVE", "seen": _task(asked, "approve")["approval"]["seen"]}
    tell.call("lena", "POST", f"{run}/tasks/approve/vote", vote, expect=200, show=_stand)
    return run


def _sections(data: dict[str, Any]) -> list[dict[str, Any]]:
    return [section for window in data["content"]["windows"] for section in window["sections"]]


def _counted(data: dict[str, Any]) -> dict[str, Any]:
    return {"items": sum(len(section["items"]) for section in _sections(data))}


def _due(data: dict[str, Any]) -> dict[str, Any]:
    return {"due": {window["windowId"]: window["due"] for window in data["windows"]}}


def _item(data: dict[str, Any]) -> dict[str, Any]:
    return {"itemId": data["itemId"], "state": data["state"], "lacking": data["lacking"]}


def _path(data: dict[str, Any]) -> dict[str, Any]:
    return {"criticalPath": data["criticalPath"]["tasks"], "minutes": data["criticalPath"]["minutes"]}


def _task(data: dict[str, Any], task_id: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in data["tasks"] if one["taskId"] == task_id)
    return found


def _asked(data: dict[str, Any]) -> dict[str, Any]:
    asked = [f"{one['checkId']} {one['text']['en']} {one['text']['zh']}" for one in data["next"]]
    return {"checks": len(data["checks"]), "askedNow": asked, "nextAt": data["nextAt"]}


def _stand(data: dict[str, Any]) -> dict[str, Any]:
    return {"state": data["state"], **{one["taskId"]: one["state"] for one in data["tasks"]}}
