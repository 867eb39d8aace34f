"""Looks whether the site's services are well, restarts those that are not, and reports readiness (UPG-15)."""

import json
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from enghub.core.i18n import Text
from enghub.kit.work.errors import WorkFailed
from enghub.kit.work.slices import Cursor, Progress, Slice, done, more
from enghub.upgrade.problems import Problem
from enghub.upgrade.stepping.hooks import expect, plain
from enghub.upgrade.stepping.step import BaseStep, StepContext, Takes
from enghub.upgrade.steps import parameters as read

NOT_READY = Text("Not ready for the upgrade: {failed}", "升级前检查未通过：{failed}")
NO_STATUS = Text(
    "Service {service} has neither a status_url nor does the site have a `status` hook",
    "服务 {service} 未配置 status_url，局点也没有 status 钩子",
)
_WELL = frozenset({"up", "ok", "running", "healthy", "started", "pass"})
Url = Annotated[str, Field(pattern=r"^https?://[^\s]+$", max_length=2000)]


class Service(BaseModel):
    """One service: where it tells its state, and how it is restarted."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[\w.:-]+$")]
    status_url: Url | None = None
    """Answers 200 and, in JSON, `status`; without it the site's `status` hook is asked with `?service=name`."""
    restart: bool = True
    """Ask the site's `restart` hook when it is not well."""
    attempts: Annotated[int, Field(ge=1, le=10)] = 3
    wait_seconds: Annotated[int, Field(ge=1, le=300)] = 10
    """Between a restart and the next look."""
    timeout_seconds: Annotated[float, Field(gt=0, le=60)] = 5
    critical: bool = True


class ServiceCheck(BaseStep):
    """Every service is asked; one that is not well is restarted, looked at again, and fails the step in the end."""

    takes: ClassVar[Takes] = frozenset({"services"})
    transactions: ClassVar[bool] = False
    summary: ClassVar[str] = "Service status with restart attempts and a readiness report; parameter `services`"
    writes: ClassVar[bool] = False

    def validate(self, parameters: Mapping[str, Any]) -> tuple[Problem, ...]:
        """See `Step.validate`."""
        found = read.problems(parameters, "services", Service)
        return found or read.repeated([s.name for s in read.read_list(parameters, "services", Service)], "services")

    def run(self, context: StepContext, cursor: Cursor) -> Slice:
        """Ask all; the cursor holds how often each was restarted."""
        services = read.read_list(context.parameters, "services", Service)
        restarts = restarts_of(context, cursor)
        states = {service.name: _state(service, context) for service in services}
        waits = [
            service.wait_seconds
            for service in services
            if service.restart
            and not states[service.name]["well"]
            and ask_restart(context, service.name, restarts, service.attempts)
        ]
        well = sum(1 for state in states.values() if state["well"])
        progress = Progress(well, len(services), "services")
        if waits:
            return more({"restarts": restarts, "run": context.facts.run}, progress, wait_seconds=max(waits))
        report = [{"service": name, **state, "restarts": restarts.get(name, 0)} for name, state in states.items()]
        failed = [s.name for s in services if s.critical and not states[s.name]["well"]]
        result = {"ready": not failed, "services": report}
        if failed:
            details = ", ".join(
                f"{name} ({states[name]['state']}, restarted {restarts.get(name, 0)} times)" for name in failed
            )
            raise WorkFailed(NOT_READY, result=result, failed=details)
        context.log("info", f"{well} of {len(services)} services are well")
        return done(result, progress)


def _state(service: Service, context: StepContext) -> dict[str, Any]:
    url = service.status_url or _hook_url(service, context)
    try:
        answer = context.hooks.call(f"status of {service.name}", "GET", url, timeout_seconds=service.timeout_seconds)
    except WorkFailed:
        return {"well": False, "state": "unreachable", "version": None, "url": plain(url)}
    if answer.status != 200:
        return {"well": False, "state": f"HTTP {answer.status}", "version": None, "url": plain(url)}
    state, version = _state_and_version(answer.text)
    return {"well": state in _WELL, "state": state, "version": version, "url": plain(url)}


def _hook_url(service: Service, context: StepContext) -> str:
    hook = context.hooks.url("status")
    if hook is None:
        raise WorkFailed(NO_STATUS, service=service.name)
    return f"{hook}{'&' if '?' in hook else '?'}service={service.name}"


def _state_and_version(text: str) -> tuple[str, str | None]:
    """Return state and version of an answer; a 200 without a `status` is well."""
    try:
        body = json.loads(text)
    except ValueError:
        return (text.strip().lower()[:40] or "ok") if len(text) < 40 else "ok", None
    if not isinstance(body, dict):
        return "ok", None
    version = body.get("version")
    return str(body.get("status", "ok")).lower()[:40], None if version is None else str(version)[:60]


def restarts_of(context: StepContext, cursor: Cursor) -> dict[str, int]:
    """Return how often each service was restarted in this run; a resumed execution has its attempts again."""
    return dict(cursor.get("restarts", {})) if cursor.get("run") == context.facts.run else {}


def ask_restart(context: StepContext, service: str, restarts: dict[str, int], attempts: int) -> bool:
    """Ask the site's `restart` hook, if there is an attempt left; the key makes a repeat after a crash the same one."""
    number = restarts.get(service, 0) + 1
    url = context.hooks.url("restart")
    if url is None or number > attempts:
        return False
    facts = context.facts
    body = {"action": "restart", "service": service, "siteId": facts.site_id, "executionId": facts.execution_id}
    key = f"{facts.execution_id}-{facts.step_id}-{service}-{facts.run}-{number}"
    what = f"restart of {service}"
    expect(what, url, context.hooks.call(what, "POST", url, body=body, key=key))
    context.log("warning", f"service {service} is not well: restart {number} of {attempts} asked")
    context.point("restart asked")
    restarts[service] = number
    return True
