"""What happens after a run: products that it no longer found are marked, a run is rolled back as a whole (PLM-05).

Both are long: one page per command, the next command leaves with the page's own commit, so that a lost or repeated
command repeats a page at most.
"""

from dataclasses import dataclass, replace

from enghub.core.claims import Claim
from enghub.core.clock import Clock
from enghub.core.commits import Command, Commit
from enghub.core.identity import Origin
from enghub.plm.products.repository import GoneProducts, Journal
from enghub.plm.syncs.model import SyncRun
from enghub.plm.syncs.repository import SyncRuns
from enghub.plm.syncs.rollback import RollbackStatus
from enghub.plm.syncs.service import existing
from enghub.plm.syncs.steps import GONE_QUEUE

ROLLBACK_QUEUE = "rollback_sync"
WORKER = "system:rollback-sync"
ALL_MARKED = "all"


@dataclass(frozen=True, slots=True)
class Aftermath:
    """The use cases after a run has ended."""

    runs: SyncRuns
    journal: Journal
    gone: GoneProducts
    clock: Clock

    def request_rollback(self, run_id: str, reason: str, origin: Origin, claim: Claim | None) -> SyncRun:
        """Ask for a run to be rolled back; it begins from the queue.

        Raises:
            SyncRunNotFound, SyncStillRunning, SyncRolledBack, VersionConflict
        """
        before = existing(self.runs, origin.tenant_id, run_id)
        asked = before.value.roll_back(origin.user_id, reason, origin.at)
        commands = (_next(asked),)
        self.runs.save_commit(
            Commit(origin, "rollback_requested", asked, before, commands=commands, reason=reason, claim=claim)
        )
        return asked

    def roll_back(self, tenant_id: str, run_id: str, status: str, cursor: str | None, request_id: str) -> SyncRun:
        """Do one page of a rollback: look at it, or restore it; a command that is not the next one does nothing."""
        before = existing(self.runs, tenant_id, run_id)
        run, found = before.value, before.value.rollback
        if found is None or found.is_over or (found.status.value, found.cursor) != (status, cursor):
            return run
        now = self.clock()
        if found.status is RollbackStatus.CHECKING:
            page = self.journal.check(tenant_id, run_id, cursor)
            found = found.checked(page.changed_since, page.cursor, now)
        else:
            page = self.journal.restore(tenant_id, run_id, cursor)
            found = found.after_page(page.restored, page.changed_since, page.cursor, now)
        after = replace(run, rollback=found)
        origin = Origin(tenant_id, run.factory_id, WORKER, now, request_id)
        commands = () if found.is_over else (_next(after),)
        action = {RollbackStatus.DONE: "rolled_back", RollbackStatus.REFUSED: "rollback_refused"}.get(found.status, "")
        self.runs.save_commit(Commit(origin, action, after, before, commands=commands, reason=found.reason))
        return after

    def mark_gone(self, tenant_id: str, run_id: str, cursor: str | None, request_id: str) -> int:
        """Mark one page of the products that a complete full run did not find; returns how many.

        A command that is not the next one does nothing.
        """
        before = existing(self.runs, tenant_id, run_id)
        run = before.value
        if not run.succeeded or run.started_at is None or run.rollback is not None or run.gone_cursor != cursor:
            return 0
        now = self.clock()
        marked, following = self.gone.mark_gone(run.stamp(now), run.started_at, cursor)
        origin = Origin(tenant_id, run.factory_id, WORKER, now, request_id)
        after = replace(run, gone=run.gone + marked, gone_cursor=following or ALL_MARKED)
        commands = () if following is None else (Command(GONE_QUEUE, {"run_id": run_id, "cursor": following}),)
        self.runs.save_commit(Commit(origin, "", after, before, commands=commands))
        return marked


def _next(run: SyncRun) -> Command:
    found = run.rollback
    if found is None:
        message = "no rollback was asked for"
        raise ValueError(message)
    return Command(ROLLBACK_QUEUE, {"run_id": run.run_id, "status": found.status.value, "cursor": found.cursor})
