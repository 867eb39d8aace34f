"""Lets waiting upgrades begin, in order, and ends those whose worker is gone (UPG-10). Safe to repeat."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta

from enghub.core import log
from enghub.core.identity import Origin
from enghub.upgrade.executions.errors import ExecutionChanged, ExecutionNotFound, SiteBusy
from enghub.upgrade.executions.lock import SiteLock
from enghub.upgrade.executions.model import Execution, launch_command
from enghub.upgrade.executions.repository import ExecutionCommit, Executions
from enghub.upgrade.executions.workflow import START_LEASE, Workflow, is_between
from enghub.upgrade.queue.errors import QueueChanged
from enghub.upgrade.queue.model import QueueMove, QueueState, Ticket, WaitingTimes
from enghub.upgrade.queue.repository import Queue
from enghub.upgrade.sites.repository import Sites

GRACE = timedelta(minutes=2)
"""After its lease, before a worker is taken for dead."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many executions were dealt with, and how many could not be; the log names those and why."""

    done: int = 0
    failed: int = 0

    def __add__(self, other: "Outcome") -> "Outcome":
        """Return both together."""
        return Outcome(self.done + other.done, self.failed + other.failed)


class Admission:
    """Who begins next. An execution that cannot be dealt with holds up nobody but its own site."""

    def __init__(self, executions: Executions, queue: Queue, sites: Sites) -> None:
        self._executions = executions
        self._queue = queue
        self._sites = sites

    def admit(self, origin: Origin) -> Outcome:
        """Let begin who can; return how many did. Whoever was faster leaves less to do."""
        begun, stuck = 0, set[str]()
        while True:
            line = self._queue.line(origin.tenant_id)
            ticket = line.next(lambda site: site in stuck or self._is_busy(origin, site, stuck))
            if ticket is None:
                return Outcome(begun, len(stuck))
            try:
                begun += self._begin(line, ticket, origin)
            except (QueueChanged, ExecutionChanged, SiteBusy):
                continue
            except ExecutionNotFound:
                self._forget(origin, ticket.execution_id, line.move(leaves=ticket.number))
            except Exception:
                log.exception("upgrade not admitted", execution_id=ticket.execution_id, tenant_id=origin.tenant_id)
                stuck.add(ticket.site_id)

    def _begin(self, line: QueueState, ticket: Ticket, origin: Origin) -> int:
        kept = self._executions.kept(origin.tenant_id, ticket.execution_id)
        before = kept.value
        problem = before.outdated(self._sites.get(origin.tenant_id, before.site_id).version)
        if problem is not None:
            refused = replace(before.fail(problem, None, origin.at), ticket=None)
            move = line.move(leaves=ticket.number)
            self._executions.save(
                ExecutionCommit(origin, refused, kept, action="refused", event="UpgradeFailed", queue=move)
            )
            return 0
        held = self._lock(origin, ticket.site_id)
        lock = held.take(before.execution_id, START_LEASE, origin.at)
        after = before.admitted(lock)
        slots = line.slots.without(held.owner).taken_by(before.execution_id)
        move = line.move(slots, leaves=ticket.number)
        command = launch_command(after)
        self._executions.save(
            ExecutionCommit(origin, after, kept, action="admitted", lock=lock, command=command, queue=move)
        )
        return 1

    def repair(self, origin: Origin, live: Iterable[str] = ()) -> Outcome:
        """End executions whose worker is gone, so that their slots are free; return how many.

        ``live`` are those to look at that need hold no slot, as a rollback does not.
        """
        found = Outcome()
        for execution_id in sorted(self._queue.line(origin.tenant_id).slots.holders | set(live)):
            try:
                found += Outcome(done=self._repaired(execution_id, origin))
            except ExecutionChanged:  # it is alive
                continue
            except Exception:
                log.exception("upgrade not repaired", execution_id=execution_id, tenant_id=origin.tenant_id)
                found += Outcome(failed=1)
        return found

    def _repaired(self, execution_id: str, origin: Origin) -> int:
        try:
            execution = self._executions.get(origin.tenant_id, execution_id)
        except ExecutionNotFound:
            line = self._queue.line(origin.tenant_id)
            self._forget(origin, execution_id, line.move(line.slots.without(execution_id)))
            return 1
        lock = self._lock(origin, execution.site_id)
        if not execution.status.is_live or _is_alive(execution, lock, origin):
            return 0
        fault = "no sign of life until its lease"
        Workflow(self._executions).stop(origin.tenant_id, execution_id, execution.run, fault, origin)
        return 1

    def _forget(self, origin: Origin, execution_id: str, move: QueueMove) -> None:
        """Take an execution that is not there any more out of its slot or its place; another look repeats it."""
        log.warning("upgrade is gone", execution_id=execution_id, tenant_id=origin.tenant_id)
        with suppress(QueueChanged):
            self._queue.store(origin.tenant_id, move)

    def waits(self, origin: Origin) -> WaitingTimes:
        """Return for how long the queue's oldest waits, and the oldest that could begin at once."""
        line = self._queue.line(origin.tenant_id)
        due = line.next(lambda site: self._is_busy(origin, site, set()))
        first = next(iter(line.tickets), None)
        return WaitingTimes(*(0.0 if found is None else found.waited(origin.at) for found in (first, due)))

    def _is_busy(self, origin: Origin, site_id: str, stuck: set[str]) -> bool:
        """Tell whether nobody may begin at a site; one that cannot be looked at is added to ``stuck``."""
        try:
            lock = self._lock(origin, site_id)
            return lock.is_held(origin.at) or is_between(self._executions, origin.tenant_id, lock, "")
        except Exception:
            log.exception("site cannot be looked at", site_id=site_id, tenant_id=origin.tenant_id)
            stuck.add(site_id)
            return True

    def _lock(self, origin: Origin, site_id: str) -> SiteLock:
        return self._executions.lock(origin.tenant_id, site_id)


def _is_alive(execution: Execution, lock: SiteLock, origin: Origin) -> bool:
    return lock.owner == execution.execution_id and lock.is_held(origin.at - GRACE)
