"""Go-lives, and one installation of the context with a clock that tests turn on."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from enghub.core.identity import Principal
from tests.factories.handlers import load_handler
from tests.factories.http import Context, a_principal, a_request

BASE = "/api/v1/golive"
LEAD = a_principal(
    *("golive:read", "golive:manage", "golive:work", "golive:sign-off", "golive:waive", "golive:decide"), user="lena"
)
ENGINEER = a_principal("golive:read", "golive:work", user="omar")
LIVE_AT = "2026-12-12T00:00:00+08:00"
"""A Saturday, as in the document."""
TEAM = [
    {"userId": "lena", "name": "Lena", "roles": ["commander"]},
    {"userId": "omar", "name": "Omar", "roles": ["operations", "database"]},
]


def a_go_live(**changed: Any) -> dict[str, Any]:
    """Return a request for a go-live."""
    wanted = {"name": "ERP 3", "system": "erp", "liveAt": LIVE_AT, "zone": "Asia/Shanghai", "team": TEAM}
    return {**wanted, **changed}


class Installation:
    """The context as others see it, with a clock of its own."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 28, 10, 0, tzinfo=UTC)
        self._handlers: dict[str, Any] = {}

    def later(self, **span: float) -> None:
        self.now += timedelta(**span)

    def handler(self, name: str) -> Any:
        if name not in self._handlers:
            self._handlers[name] = load_handler("golive", name)
        return self._handlers[name]

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        caller: Principal = LEAD,
        query: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
    ) -> tuple[int, Any]:
        """Call the API, whichever function answers; an answer that is no JSON comes as text."""
        event = a_request(method, f"{BASE}{path}", body, caller=caller, query=query, headers=headers)
        answer = self.handler(function_of(method, path))(event, Context())
        text = answer["body"]
        is_json = text.startswith("{")
        return answer["statusCode"], json.loads(text) if is_json else text

    def execute(self, run_id: str, turn: int = 1) -> str:
        """Do what an execution of run_cutover does, until it waits; return what it was told last."""
        names = {"tenant_id": "acme", "run_id": run_id}
        while True:
            told = self.handler("advance_cutover")({**names, "turn": turn, "loops": 0}, Context())
            if told["next"] != "PERFORM":
                return str(told["next"])
            for work in told["work"]:
                self.handler("perform_task")({**names, **work}, Context())

    def data(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        status, answer = self.send(method, path, body, **options)
        assert status < 300, answer
        return answer.get("data") if isinstance(answer, dict) else answer

    def refused(self, method: str, path: str, body: Any = None, **options: Any) -> tuple[int, Mapping[str, Any]]:
        status, answer = self.send(method, path, body, **options)
        assert status >= 400, answer
        return status, answer["details"]


ENDINGS = {
    "probe": "probe_readiness",
    "cutover-plan": "change_cutover",
    "cutover-runs": "change_cutover",
    "smoke-tests": "run_smoke_tests",
    **dict.fromkeys(("evidence", "uploads", "sign-off", "waiver", "reopen"), "change_readiness"),
}


AFTERCARE = ("/aftercare", "/feedback", "/satisfaction", "/handover")


def function_of(method: str, path: str) -> str:
    """Return which function answers."""
    if path.startswith("/actions"):
        return "read_drills" if method == "GET" else "change_drills"
    if any(word in path for word in AFTERCARE) and not path.startswith("/content/"):
        return "read_aftercare" if method == "GET" else "change_aftercare"
    if "verifications" in path:
        return "read_verification" if method == "GET" else "change_verification"
    is_cutover = path.startswith("/ramps") or ("cutover" in path and not path.startswith("/content/"))
    if method == "GET" and path.startswith("/ramps"):
        return "read_ramps"
    if method == "GET":
        return "read_cutover" if is_cutover else "read_golive"
    if is_cutover:
        return "change_cutover"
    if method == "PUT":
        return "change_readiness"
    return ENDINGS.get(path.rsplit("/", 1)[-1], "change_golive")
