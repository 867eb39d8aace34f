"""Calls under the rules: three tries, then the service counts as down, and one probe at a time finds out (MES-16)."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from enghub.core.clock import Clock
from enghub.core.i18n import Text
from enghub.core.notices import NoticeRequested, Severity
from enghub.mes.erp.errors import GARBAGE, ErpAway, ErpRefuses
from enghub.mes.erp.model import RULES, WAITS, Health, Link, Service, State
from enghub.mes.erp.repository import Erp, Healths, Reply

T = TypeVar("T")
Read = Callable[[Reply], T]
"""Makes what is wanted of an answer; raises ErpAway where it cannot be read."""
MOST = 300
"""Characters of a problem that are kept."""
ADMIN = ("SYSTEM_ADMIN",)


class ServiceDown(Exception):
    """The service is down; ``health`` says since when and why, ``is_fresh`` whether it was called just now."""

    def __init__(self, health: Health, *, is_fresh: bool = False) -> None:
        super().__init__(health.service.value)
        self.health = health
        self.is_fresh = is_fresh


@dataclass(frozen=True, slots=True)
class Calls:
    """The way to the ERPs of all factories."""

    healths: Healths
    erp: Erp
    clock: Clock
    pause: Callable[[float], None]

    def get(self, link: Link, service: Service, path: str, read: Read[T]) -> tuple[T, Reply]:
        """Read from a service.

        Raises:
            ServiceDown: it is, or it is from now on.
            ErpRefuses: it says no.
        """
        return self._call(link, service, lambda: self.erp.get(link, path), read, path)

    def post(self, link: Link, service: Service, path: str, message: tuple[str, str], read: Read[T]) -> T:
        """Send ``message`` (Idempotency-Key, JSON text); raises as ``get``."""
        key, body = message
        return self._call(link, service, lambda: self.erp.post(link, path, key, body), read, "")[0]

    def probe(self, link: Link) -> None:
        """Ask services that are down and whose probe is due what they were asked when they failed."""
        for health in self.healths.of(link.factory):
            if health.is_down and health.probe_path and health.may_be_called(self.clock()):
                with suppress(ServiceDown, ErpRefuses):
                    self.get(link, health.service, health.probe_path, lambda _: None)

    def probe_now(self, link: Link) -> None:
        """Let every service that is down be called at once."""
        for health in self.healths.of(link.factory):
            if health.is_down:
                self.healths.save(health.due_now(self.clock()), None, self.clock())

    def _call(
        self, link: Link, service: Service, send: Callable[[], Reply], read: Read[T], path: str
    ) -> tuple[T, Reply]:
        health = self._admitted(link, service)
        waits = WAITS[:1] if health.is_down else WAITS
        problem: Text | None = None
        for wait in waits:
            if wait:
                self.pause(wait)
            try:
                reply = send()
                found = read(reply)
            except ErpAway as away:
                problem = Text(away.problem.render("en")[:MOST], away.problem.render("zh")[:MOST])
            except ErpRefuses:
                self._note(health, health.answered(self.clock(), 0, self.clock()))
                raise
            else:
                self._note(health, health.answered(reply.as_of, reply.milliseconds, self.clock()))
                return found, reply
        after = health.failed(problem or GARBAGE, self.clock(), path)
        self._note(health, after)
        raise ServiceDown(after, is_fresh=True)

    def _admitted(self, link: Link, service: Service) -> Health:
        health, now = self.healths.get(link.factory, service), self.clock()
        if not health.is_down:
            return health
        if not health.may_be_called(now):
            raise ServiceDown(health)
        probing = health.probing(now)
        if not self.healths.save(probing, None, now):
            raise ServiceDown(health)  # somebody else probes
        return probing

    def _note(self, before: Health, after: Health) -> None:
        if after.is_down or before.is_worth_storing(after):
            self.healths.save(after, told(before, after), self.clock())


def told(before: Health, after: Health) -> NoticeRequested | None:
    """Return what the administrator hears when a service goes down, comes back or begins to lag."""
    if after.state is before.state or (after.state is not State.DOWN and before.state is State.UNKNOWN):
        kind = "mes.erp_lags" if after.state is State.LAGGING and after.state is not before.state else ""
    else:
        kind = {State.DOWN: "mes.erp_down", State.LAGGING: "mes.erp_lags"}.get(after.state, "mes.erp_back")
        if before.state in {State.UP, State.SLOW} and after.state in {State.UP, State.SLOW}:
            kind = ""  # slow is shown, nobody is woken
    if not kind:
        return None
    since, rule = after.since, RULES[after.service]
    facts = {"factory": after.factory.factory_id, "service": after.service.value}
    if after.is_down and after.problem is not None:
        facts |= {"problem": after.problem.en, "problemZh": after.problem.zh, "rule": rule.en, "ruleZh": rule.zh}
    facts |= {"since": since.isoformat(timespec="seconds") if since else ""}
    return NoticeRequested(
        notice_type=kind,
        severity=Severity.INFO if kind == "mes.erp_back" else Severity.WARNING,
        subject=f"erp/{after.factory.factory_id}/{after.service.value}",
        facts=facts,
        roles=ADMIN,
        dedupe_key=f"{kind}/{after.factory.factory_id}/{after.service.value}/{facts['since']}",
    )
