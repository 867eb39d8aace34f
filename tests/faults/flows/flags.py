"""Feature flags and gray releases."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

from enghub.core.marks import AlreadyHandled
from enghub.core.timers import dynamo as timers
from enghub.core.timers.model import DueTimer, TimerState, Wake
from enghub.settings import release_wiring
from enghub.settings.releases.model import Group, Measurement
from tests.factories import clients, flags, releases
from tests.factories.handlers import sample_event
from tests.factories.http import Context, a_principal
from tests.factories.queues import failed
from tests.factories.settings import handler, sent_to
from tests.faults.harness import Flow, register

KEYED = {"Idempotency-Key": "key-1"}


def flagged() -> None:
    assert flag_sent("POST", body=FLAG)[0] == 201
    assert flag_sent("POST", body={"flagKey": "base"})[0] == 201


def flag_sent(method: str, path: str = "", body: Any = None, **options: Any) -> tuple[int, str]:
    found = flags.answer(method, path, body, **options)
    return found["statusCode"], found["body"]


FLAG = {"flagKey": "new-ui", "salt": "s-1", "isEnabled": True, "targetRules": {"percentage": 5}}
UPDATE = {"targetRules": {"percentage": 50}, "prerequisites": [{"flag": "base", "variants": ["on"]}], "version": 1}
SWITCH = {"flags": [{"flagKey": key, "isEnabled": False} for key in ("new-ui", "base")]}

register(Flow("create a flag", "settings", lambda: None, lambda _: flag_sent("POST", body=FLAG, headers=KEYED)))
register(Flow("create a flag without a key", "settings", lambda: None, lambda _: flag_sent("POST", body=FLAG)))
register(Flow("change a flag", "settings", flagged, lambda _: flag_sent("PUT", "/new-ui", UPDATE)))
register(Flow("switch flags", "settings", flagged, lambda _: flag_sent("POST", "/batch", SWITCH)))
register(Flow("delete a flag", "settings", flagged, lambda _: flag_sent("DELETE", "/new-ui", version="1")))
register(
    Flow("store a segment", "settings", flagged, lambda _: flag_sent("PUT", "/segments/pilots", {"included": ["u-1"]}))
)


# --- clients of settings ---


def receipt_sent() -> tuple[int, str]:
    found = clients.sent("POST", "/receipts", clients.a_receipt(status="TAKEN_BACK", problem="too fast"))
    return found["statusCode"], found["body"]


def connected(_: Any) -> int:
    status: int = handler("hold_connections")(sample_event("settings", "hold_connections"), Context())["statusCode"]
    return status


def counted_again(_: Any) -> list[str]:
    return failed(handler("push_changes")(sample_event("settings", "push_changes"), Context()))


register(Flow("keep a client's receipt", "settings", lambda: None, lambda _: receipt_sent()))
register(Flow("connect a client", "settings", lambda: None, connected))
register(Flow("count a change for clients", "settings", lambda: None, counted_again, counts=frozenset({"number"})))


# --- gray releases ---


@contextmanager
def told() -> Iterator[None]:
    """Let the metrics say that a fifth of all requests fails; nobody is judged before somebody is in."""
    whole = release_wiring.releases
    service = replace(whole(), metrics=releases.Told(Measurement(Group(1000, 200, 20.0), Group(9000, 9, 20.0))))
    release_wiring.releases = lambda: service  # type: ignore[assignment]
    try:
        yield
    finally:
        release_wiring.releases = whole


def release_sent(method: str, path: str = "", body: Any = None, **options: Any) -> tuple[int, str]:
    found = releases.send(method, path, body, **options)
    return found["statusCode"], found["body"]


def drafted() -> str:
    assert flag_sent("POST", body={"flagKey": "new_feature_v2", "salt": "s-1"})[0] == 201
    made: str = json.loads(release_sent("POST", body=releases.DOCUMENTED)[1])["data"]["releaseId"]
    return made


def running() -> str:
    made = drafted()
    assert release_sent("POST", f"/{made}/start", {})[0] == 200
    return made


def grown() -> str:
    made = running()
    advance(made, 1)
    return made


def advance(release_id: str, turn: int) -> list[str]:
    """Let the queue bring the command of one turn."""
    command = {"environment": "PROD", "releaseId": release_id, "turn": turn}
    body = {"message_id": "m-1", "tenant_id": "acme", "payload": command}
    record = {"messageId": "m-1", "body": json.dumps(body), "attributes": {"ApproximateReceiveCount": "1"}}
    return failed(handler("advance_release")({"Records": [record]}, Context()))


def rung(release_id: str) -> None:
    """Let the release's timer ring; what rang before rings no more."""
    wake = Wake("acme", f"gray_release/PROD/{release_id}", "advance_release")
    timer = timers.read(wake)
    assert timer is not None
    if timer.state is TimerState.WAITING:
        due = DueTimer("acme", timer.subject, timer.purpose, timer.due, timer.version, timer.payload)
        with suppress(AlreadyHandled):
            release_wiring.timer_handlers()["advance_release"](due)


def registered(name: str, arrange: Callable[[], Any], act: Callable[[Any], Any], **more: Any) -> None:
    timers_place = (r"TIMER#WAITING#\d", r"\b[0-9a-f]{32}\b")
    register(Flow(name, "settings", arrange, act, around=told, volatile=timers_place, **more))


registered("draft a release", drafted, lambda _: release_sent("POST", body=releases.DOCUMENTED, headers=KEYED))
registered("start a release", drafted, lambda made: release_sent("POST", f"/{made}/start", {}))
registered("let a release's timer ring", running, rung)
registered("let a release grow", running, lambda made: advance(made, 1))
registered("let a release go back", grown, lambda made: advance(made, 2))
registered("cancel a release", grown, lambda made: release_sent("POST", f"/{made}/cancel", {}))


# --- with approvals ---

DECIDER = replace(
    a_principal(*flags.FLAG_RIGHTS, "approval_rule:change", "change_request:decide", user="bob"), roles=("TESTER",)
)
OF_A_TIMER = (r"\b[0-9a-f]{32}\b", r"WAITING#\d")
"""Its name and its shard follow from the id of what it wakes."""


def decided(method: str, path: str, body: Any) -> tuple[int, str]:
    found = sent_to("decide_change", method, f"/api/v1/settings/{path}", body, caller=DECIDER)
    return found["statusCode"], found["body"]


def ruled() -> None:
    flagged()
    rule = {"stages": [{"name": "owners", "roles": ["TESTER"]}]}
    assert decided("PUT", "approval-rules/flags", rule)[0] == 200


def waiting_for(change: Callable[[], tuple[int, str]]) -> tuple[str, str]:
    status, body = change()
    assert status == 202, body
    request = json.loads(body)["data"]
    return request["requestId"], request["seen"]


def agreed(request: tuple[str, str]) -> tuple[int, str]:
    return decided("POST", f"change-requests/{request[0]}/approve", {"seen": request[1]})


def a_change_waiting() -> tuple[str, str]:
    ruled()
    return waiting_for(lambda: flag_sent("PUT", "/new-ui", UPDATE))


def a_start_waiting() -> tuple[str, str]:
    made = drafted()
    rule = {"stages": [{"name": "owners", "roles": ["TESTER"]}]}
    assert decided("PUT", "approval-rules/releases", rule)[0] == 200
    return waiting_for(lambda: release_sent("POST", f"/{made}/start", {}))


GLASS = {**UPDATE, "breakGlass": True, "changeReason": "now"}
register(
    Flow(
        "submit a flag's change for approval",
        "settings",
        ruled,
        lambda _: flag_sent("PUT", "/new-ui", UPDATE, headers=KEYED),
        volatile=OF_A_TIMER,
    )
)
register(
    Flow(
        "change a flag before its approval",
        "settings",
        ruled,
        lambda _: flag_sent("PUT", "/new-ui", GLASS, headers=KEYED),
        volatile=OF_A_TIMER,
    )
)
register(Flow("approve a flag's change", "settings", a_change_waiting, agreed, volatile=OF_A_TIMER))
registered("approve a release's start", a_start_waiting, agreed)
