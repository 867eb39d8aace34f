"""Asks that people be told of upgrades and roll-outs, once per event, and counts how upgrades end (UPG-13)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from enghub.core import log
from enghub.core.clock import Clock, system_clock
from enghub.core.events import Envelope
from enghub.upgrade.consumed import NoticeUndelivered
from enghub.upgrade.executions.model import Execution
from enghub.upgrade.executions.repository import LogEntry
from enghub.upgrade.manifests.document import Notifications
from enghub.upgrade.manifests.model import Revision
from enghub.upgrade.notices.model import requested
from enghub.upgrade.notices.repository import Requests
from enghub.upgrade.versions import Version


class Executions(Protocol):
    """What notices need of executions."""

    def get(self, tenant_id: str, execution_id: str) -> Execution:
        """Return an execution."""

    def log(self, tenant_id: str, execution_id: str, entries: tuple[LogEntry, ...]) -> None:
        """Append to its detailed log."""


@dataclass(frozen=True, slots=True)
class Notices:
    """The use case. The context notices reaches the recipients, and says whom it could not."""

    executions: Executions
    revisions: Callable[[str, list[tuple[Version, int]]], tuple[Revision, ...]]
    in_force: Callable[[str, Version], Revision | None]
    requests: Requests
    report_url: Callable[[str], str | None]
    count_end: Callable[[str, str, float | None], None]
    """Counts an end: status, version, seconds."""
    clock: Clock = system_clock

    def handle(self, event: Envelope) -> None:
        """Ask that it be told.

        Raises:
            AlreadyHandled: it was asked at the same moment.
        """
        if self.requests.is_asked(event):
            return
        if "rollout_id" in event.data:
            self.requests.ask(event, requested(event, self._of_target(event), None))
            return
        execution = self.executions.get(event.tenant_id, event.data["execution_id"])
        began, ended = execution.started_at, execution.ended_at
        seconds = None if began is None or ended is None else (ended - began).total_seconds()
        self.count_end(event.data["status"], event.data["target_version"], seconds)
        report_url = self.report_url(execution.execution_id)
        self.requests.ask(event, requested(event, self._pinned(event.tenant_id, execution), report_url))

    def _pinned(self, tenant_id: str, execution: Execution) -> list[Notifications]:
        """Tell whom the manifests name that the execution has pinned."""
        wanted = [(Version.parse(version), number) for version, number in execution.revisions.items()]
        return [found.manifest.notifications for found in self.revisions(tenant_id, wanted)]

    def _of_target(self, event: Envelope) -> list[Notifications]:
        """Tell whom the target's manifest names, as it is now: a roll-out pins none, its executions do."""
        revision = self.in_force(event.tenant_id, Version.parse(event.data["target_version"]))
        return [] if revision is None else [revision.manifest.notifications]

    def note(self, event: Envelope, missed: NoticeUndelivered) -> None:
        """Write into the execution's log who was not reached, and why."""
        kind, _, name = missed.subject.partition("/")
        message = f"notice to {missed.recipient} given up: {missed.reason}"
        if kind == "upgrade":
            entry = LogEntry(self.clock(), "warning", "notice", message)
            self.executions.log(event.tenant_id, name, (entry,))
        elif missed.asked_by == "upgrade":
            log.warning(message, subject=missed.subject)
