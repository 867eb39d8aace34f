"""Asks the upgraded system whether it is well: HTTP addresses and the database (UPG-17)."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from enghub.core.i18n import Text
from enghub.kit.databases.errors import DatabaseUnreachable
from enghub.kit.work.errors import WorkFailed
from enghub.kit.work.slices import Cursor, Progress, Slice, done, more
from enghub.upgrade.problems import Problem
from enghub.upgrade.stepping.hooks import plain
from enghub.upgrade.stepping.step import BaseStep, StepContext, Takes
from enghub.upgrade.steps import parameters as read
from enghub.upgrade.steps.service_check import ask_restart, restarts_of

UNHEALTHY = Text("Not healthy: {failed}", "健康检查未通过：{failed}")
NO_URL = Text("{name} needs a url", "{name} 须填写 url")
NO_PORT = Text("{name} needs host and port", "{name} 须填写 host 和 port")


class HealthCheck(BaseModel):
    """One address to ask; or the database, by `kind`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(min_length=1, max_length=100)]
    kind: Literal["http", "database", "tcp", "cache"] = "http"
    """`tcp`: something accepts connections at `host` and `port`; `cache`: the site's cache of this name answers."""
    host: Annotated[str, Field(pattern=r"^[A-Za-z0-9._:-]+$", max_length=253)] | None = None
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    url: Annotated[str, Field(pattern=r"^https?://[^\s]+$", max_length=2000)] | None = None
    method: Literal["GET", "HEAD", "POST"] = "GET"
    body: dict[str, Any] | None = None
    expected_status: Annotated[int, Field(ge=100, le=599)] = 200
    expected_text: Annotated[str, Field(max_length=200)] | None = None
    """What a page must contain. Told is only whether it does: pages of addresses that the site's owner allows."""
    timeout_seconds: Annotated[float, Field(gt=0, le=60)] = 5
    critical: bool = True
    service: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[\w.:-]+$")] | None = None
    """What the site's `restart` hook restarts when the check fails (source document, chapter 4)."""
    attempts: Annotated[int, Field(ge=1, le=10)] = 3
    wait_seconds: Annotated[int, Field(ge=1, le=300)] = 10
    """Between a restart and the next look."""


class HealthChecks(BaseStep):
    """Every declared check runs; a failing service is restarted, and a critical check that still fails ends the step.

    The failed step is what people are notified of.
    """

    takes: ClassVar[Takes] = frozenset({"health_checks"})
    transactions: ClassVar[bool] = False
    parameter: ClassVar[str] = "health_checks"
    summary: ClassVar[str] = "HTTP and database health checks; parameter `health_checks`"
    writes: ClassVar[bool] = False

    def validate(self, parameters: Mapping[str, Any]) -> tuple[Problem, ...]:
        """See `Step.validate`."""
        found = list(read.problems(parameters, self.parameter, HealthCheck))
        if not found:
            checks = read.read_list(parameters, self.parameter, HealthCheck)
            found = [
                Problem(self.parameter, NO_URL.filled(name=c.name))
                for c in checks
                if c.kind == "http" and c.url is None
            ]
            found += [
                Problem(self.parameter, NO_PORT.filled(name=c.name))
                for c in checks
                if c.kind == "tcp" and (c.host is None or c.port is None)
            ]
        return tuple(found)

    def run(self, context: StepContext, cursor: Cursor) -> Slice:
        """Run all checks; the cursor holds how often each service was restarted."""
        checks = read.read_list(context.parameters, self.parameter, HealthCheck)
        outcomes = [_ask(check, context) for check in checks]
        ill = [check for outcome, check in zip(outcomes, checks, strict=True) if not outcome["healthy"]]
        restarts = restarts_of(context, cursor)
        waits = [
            check.wait_seconds
            for service, check in {check.service: check for check in ill}.items()
            if service is not None and ask_restart(context, service, restarts, check.attempts)
        ]
        if waits:
            return more({"restarts": restarts, "run": context.facts.run}, wait_seconds=max(waits))
        failed = [check.name for check in ill if check.critical]
        result = {self.parameter: outcomes, "restarts": restarts}
        if failed:
            raise WorkFailed(UNHEALTHY, retryable=True, result=result, failed=", ".join(failed))
        return done(result, Progress(len(checks), len(checks), "checks"))


class SmokeTests(HealthChecks):
    """The same kind of questions about business functions."""

    takes: ClassVar[Takes] = frozenset({"smoke_tests"})
    parameter: ClassVar[str] = "smoke_tests"
    summary: ClassVar[str] = "HTTP smoke tests; parameter `smoke_tests`"


def _ask(check: HealthCheck, context: StepContext) -> dict[str, Any]:
    if check.kind == "database":
        return _ask_database(check, context)
    if check.kind == "tcp":
        return _ask_port(check, context)
    if check.kind == "cache":
        return _ask_cache(check, context)
    url = check.url or ""
    try:
        answer = context.hooks.call(
            check.name, check.method, url, body=check.body, timeout_seconds=check.timeout_seconds
        )
    except WorkFailed as failure:
        context.log("warning", failure.text.en)
        return {"name": check.name, "healthy": False, "url": plain(url), "error": failure.text.en}
    healthy = answer.status == check.expected_status and (check.expected_text or "") in answer.text
    if not healthy:
        context.log("warning", f"health check {check.name}: {answer.status}")
    return {
        "name": check.name,
        "healthy": healthy,
        "url": plain(url),
        "status": answer.status,
        "ms": answer.milliseconds,
    }


def _ask_database(check: HealthCheck, context: StepContext) -> dict[str, Any]:
    try:
        with context.databases.reader(int(check.timeout_seconds) + 1) as session:
            return {"name": check.name, "healthy": session.scalar("SELECT 1") == 1}
    except (WorkFailed, DatabaseUnreachable) as failure:
        context.log("warning", f"health check {check.name}: {failure}")
        return {"name": check.name, "healthy": False, "error": str(failure)}


def _ask_port(check: HealthCheck, context: StepContext) -> dict[str, Any]:
    asked = {"name": check.name, "address": f"{check.host}:{check.port}"}
    try:
        accepts = context.hooks.accepts(check.name, check.host or "", check.port or 0, check.timeout_seconds)
    except WorkFailed as failure:
        context.log("warning", failure.text.en)
        return {**asked, "healthy": False, "error": failure.text.en}
    return {**asked, "healthy": accepts}


def _ask_cache(check: HealthCheck, context: StepContext) -> dict[str, Any]:
    try:
        return {"name": check.name, "healthy": True, "active": context.ports.cache(check.name).active()}
    except WorkFailed as failure:
        context.log("warning", failure.text.en)
        return {"name": check.name, "healthy": False, "error": failure.text.en}
