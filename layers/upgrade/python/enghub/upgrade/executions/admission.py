"""Lets waiting upgrades begin, in order, and ends those whose worker is gone (UPG-10). Safe to repeat."""

from dataclasses import replace
from datetime import timedelta

from enghub.core.identity import Origin
from enghub.upgrade.executions.errors import ExecutionChanged, SiteBusy
from enghub.upgrade.executions.lock import SiteLock
from enghub.upgrade.executions.model import Execution, launch_command
from enghub.upgrade.executions.repository import Change, Executions
from enghub.upgrade.executions.workflow import START_LEASE, Workflow, is_between
from enghub.upgrade.queue.errors import QueueChanged
from enghub.upgrade.queue.model import Line, Move, Ticket
from enghub.upgrade.queue.repository import Queue
from enghub.upgrade.sites.repository import Sites

GRACE = timedelta(minutes=2)
"""After its lease, before a worker is taken for dead."""


class Admission:
    """Who begins next."""

    def __init__(self, executions: Executions, queue: Queue, sites: Sites) -> None:
        self._executions = executions
        self._queue = queue
        self._sites = sites

    def admit(self, origin: Origin) -> int:
        """Let begin who can; return how many did. Whoever was faster leaves less to do."""
        begun = 0
        while True:
            line = self._queue.line(origin.tenant_id)
            ticket = line.next(lambda site: self._is_busy(origin, site))
            if ticket is None:
                return begun
            try:
                begun += self._begin(line, ticket, origin)
            except (QueueChanged, ExecutionChanged, SiteBusy):
                continue

    def _begin(self, line: Line, ticket: Ticket, origin: Origin) -> int:
        before = self._executions.get(origin.tenant_id, ticket.execution_id)
        problem = before.outdated(self._sites.get(origin.tenant_id, before.site_id).version)
        if problem is not None:
            refused = replace(before.fail(problem, None, origin.at), ticket=None)
            move = Move(line.slots, leaves=ticket.number)
            self._executions.save(
                Change(origin, refused, event="UpgradeFailed", action="refuse", before=before, queue=move)
            )
            return 0
        held = self._lock(origin, ticket.site_id)
        lock = held.take(before.execution_id, START_LEASE, origin.at)
        after = before.admitted(lock)
        slots = line.slots.without(held.owner).taken_by(before.execution_id)
        move = Move(slots, leaves=ticket.number)
        self._executions.save(
            Change(origin, after, lock=lock, action="admit", before=before, command=launch_command(after), queue=move)
        )
        return 1

    def repair(self, origin: Origin) -> int:
        """End executions whose worker is gone, so that their slots are free; return how many."""
        workflow, ended = Workflow(self._executions), 0
        for execution_id in sorted(self._queue.line(origin.tenant_id).slots.holders):
            execution = self._executions.get(origin.tenant_id, execution_id)
            lock = self._lock(origin, execution.site_id)
            if execution.status.is_live and not _is_alive(execution, lock, origin):
                workflow.stop(origin.tenant_id, execution_id, execution.run, "no sign of life until its lease", origin)
                ended += 1
        return ended

    def _is_busy(self, origin: Origin, site_id: str) -> bool:
        lock = self._lock(origin, site_id)
        return lock.is_held(origin.at) or is_between(self._executions, origin.tenant_id, lock, "")

    def _lock(self, origin: Origin, site_id: str) -> SiteLock:
        return self._executions.lock(origin.tenant_id, site_id)


def _is_alive(execution: Execution, lock: SiteLock, origin: Origin) -> bool:
    return lock.owner == execution.execution_id and lock.is_held(origin.at - GRACE)
