"""Tells people and programs of upgrades and roll-outs, each of them once as far as that can be known (UPG-13)."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from enghub.core import log as logger
from enghub.core.clock import Clock, system_clock, to_text
from enghub.core.events import Envelope
from enghub.upgrade.executions.model import Execution
from enghub.upgrade.executions.repository import LogEntry
from enghub.upgrade.manifests.document import Notifications
from enghub.upgrade.manifests.model import Revision
from enghub.upgrade.notices.errors import NoticeDelayed, NoticeRefused
from enghub.upgrade.notices.model import Channel, Notice, Target, targets
from enghub.upgrade.versions import Version

Sender = Callable[[str, Notice, Target], None]
"""Sends to one recipient of a tenant.

Raises:
    NoticeRefused, NoticeDelayed
"""


class Executions(Protocol):
    """What notices need of executions."""

    def get(self, tenant_id: str, execution_id: str) -> Execution:
        """Return an execution."""

    def log(self, tenant_id: str, execution_id: str, entries: tuple[LogEntry, ...]) -> None:
        """Append to its detailed log."""


class Marks(Protocol):
    """Which deliveries are done."""

    def done(self, tenant_id: str, marks: list[str]) -> set[str]:
        """Return which of these are."""

    def add(self, tenant_id: str, mark: str) -> None:
        """Remember one; a second time changes nothing."""


class Notices:
    """The use case."""

    def __init__(
        self,
        *,
        executions: Executions,
        revisions: Callable[[str, list[tuple[Version, int]]], tuple[Revision, ...]],
        in_force: Callable[[str, Version], Revision | None],
        marks: Marks,
        senders: Mapping[Channel, Sender],
        report_url: Callable[[str], str | None],
        clock: Clock = system_clock,
    ) -> None:
        self._executions = executions
        self._revisions = revisions
        self._in_force = in_force
        self._marks = marks
        self._senders = senders
        self._report_url = report_url
        self._clock = clock

    def handle(self, event: Envelope) -> None:
        """Send to everybody who has not heard of it yet.

        A recipient is marked after the sending: a stop between the two sends once more, with the same id. One that
        cannot be reached keeps nobody else waiting.

        Raises:
            NoticeDelayed: somebody could not be reached now; the queue brings the event again.
        """
        tenant_id = event.tenant_id
        notice, declared = self._of_rollout(event) if "rollout_id" in event.data else self._of_upgrade(event)
        everybody = {target.mark(event.event_id): target for target in targets(event.event_type, declared)}
        done = self._marks.done(tenant_id, list(everybody))
        delayed = [
            target.shown
            for mark, target in everybody.items()
            if mark not in done and not self._sent(tenant_id, notice, target, mark)
        ]
        if delayed:
            message = f"not reached yet: {', '.join(delayed)}"
            raise NoticeDelayed(message)

    def _of_upgrade(self, event: Envelope) -> tuple[Notice, list[Notifications]]:
        """Tell whom the manifests name that the execution has pinned."""
        execution = self._executions.get(event.tenant_id, event.data["execution_id"])
        began, ended = execution.started_at, execution.ended_at
        notice = Notice(
            event.event_id,
            event.event_type,
            to_text(event.timestamp),
            event.data,
            self._report_url(execution.execution_id),
            None if began is None or ended is None else (ended - began).total_seconds(),
        )
        wanted = [(Version.parse(version), number) for version, number in execution.revisions.items()]
        return notice, [found.manifest.notifications for found in self._revisions(event.tenant_id, wanted)]

    def _of_rollout(self, event: Envelope) -> tuple[Notice, list[Notifications]]:
        """Tell whom the target's manifest names, as it is now: a roll-out pins none, its executions do."""
        revision = self._in_force(event.tenant_id, Version.parse(event.data["target_version"]))
        notice = Notice(event.event_id, event.event_type, to_text(event.timestamp), event.data, None)
        return notice, [] if revision is None else [revision.manifest.notifications]

    def _sent(self, tenant_id: str, notice: Notice, target: Target, mark: str) -> bool:
        try:
            self._senders[target.channel](tenant_id, notice, target)
        except NoticeDelayed as delay:
            logger.warning("notice delayed", channel=target.channel, reason=str(delay))
            return False
        except NoticeRefused as refusal:
            self._tell(tenant_id, notice.data, f"notice to {target.shown} given up: {refusal}")
        self._marks.add(tenant_id, mark)
        return True

    def _tell(self, tenant_id: str, data: Mapping[str, Any], message: str) -> None:
        if "execution_id" not in data:
            logger.warning(message, rollout_id=data["rollout_id"])
            return
        entry = LogEntry(self._clock(), "warning", data.get("step") or "notice", message)
        self._executions.log(tenant_id, data["execution_id"], (entry,))
