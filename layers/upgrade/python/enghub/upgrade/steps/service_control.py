"""Stops and starts the business system through the hook that the site declares (UPG-05)."""

import json
from typing import ClassVar, Literal

from enghub.kit.work.slices import Cursor, Slice, done, more
from enghub.upgrade.stepping.hooks import expect
from enghub.upgrade.stepping.step import BaseStep, StepContext, Takes


class _ServiceControl(BaseStep):
    """Calls the hook once (it is told by key, so a repeat has no second effect) and polls `status` when declared."""

    takes: ClassVar[Takes] = frozenset()
    transactions: ClassVar[bool] = False
    action: ClassVar[Literal["stop", "start"]]
    reached: ClassVar[frozenset[str]]

    def run(self, context: StepContext, cursor: Cursor) -> Slice:
        """Ask, then wait until the site's status hook says so; without hooks, record that nothing was configured."""
        url = context.hooks.url(self.action)
        if url is None:
            context.log("warning", f"no {self.action} hook is declared for site {context.facts.site_id}")
            return done({"serviceControl": "not configured", "action": self.action})
        polls = int(cursor.get("polls", 0))
        if polls == 0:
            key = f"{context.facts.execution_id}-{context.facts.step_id}"
            body = {"action": self.action, "siteId": context.facts.site_id, "executionId": context.facts.execution_id}
            expect(
                f"service {self.action}",
                url,
                context.hooks.call(f"service {self.action}", "POST", url, body=body, key=key),
            )
            context.log("info", f"service {self.action} asked")
        status_url = context.hooks.url("status")
        if status_url is None:
            return done({"serviceControl": "asked", "action": self.action})
        answer = expect("service status", status_url, context.hooks.call("service status", "GET", status_url))
        state = _state(answer.text)
        if state in self.reached:
            return done({"serviceControl": state, "action": self.action})
        return more({"polls": polls + 1}, wait_seconds=min(2 + polls, 15))

    def rollback(self, context: StepContext, cursor: Cursor) -> Slice:
        """Bring the business system back: whatever was stopped is started, nothing is stopped."""
        if self.action == "stop":
            return StartService().run(context, cursor)
        return done({"rollback": "nothing to undo"})


def _state(text: str) -> str:
    try:
        body = json.loads(text)
    except ValueError:
        return text.strip().lower()
    return str(body.get("status", "")).lower() if isinstance(body, dict) else str(body).lower()


class StopService(_ServiceControl):
    """Stops the business system before the outage's steps."""

    summary: ClassVar[str] = "Stop the business system by the site's `stop` hook"
    action: ClassVar[Literal["stop", "start"]] = "stop"
    reached: ClassVar[frozenset[str]] = frozenset({"stopped", "down"})


class StartService(_ServiceControl):
    """Starts the business system after the outage's steps."""

    summary: ClassVar[str] = "Start the business system by the site's `start` hook"
    action: ClassVar[Literal["stop", "start"]] = "start"
    reached: ClassVar[frozenset[str]] = frozenset({"running", "up", "started"})
