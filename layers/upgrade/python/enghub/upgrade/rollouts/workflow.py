"""What the state machine roll_out_fleet does: one task, called again and again (UPG-11).

Every call reads what is stored and does what is next. A crash between starting a site and recording it starts nothing
twice: the start stores its answer under a key made of roll-out, site and attempt, in the transaction of the execution.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from enghub.core.claims import Claim, Replayed, fingerprint
from enghub.core.commits import Kept
from enghub.core.errors import EngHubError
from enghub.core.identity import Origin
from enghub.kit.runs.history import FULL
from enghub.upgrade.executions.errors import CannotAbort, CannotResume, ExecutionNotFound, SiteBusy
from enghub.upgrade.executions.model import Execution, ResumeUpgrade, StartUpgrade, Status
from enghub.upgrade.executions.repository import Executions
from enghub.upgrade.executions.service import Upgrades
from enghub.upgrade.executions.step import Problem
from enghub.upgrade.refusals import UpgradeRefused
from enghub.upgrade.rollouts.commits import commit_of, stop_commit
from enghub.upgrade.rollouts.errors import RolloutChanged, SiteVersionUnknown
from enghub.upgrade.rollouts.model import (
    Rollout,
    RolloutStatus,
    SiteRow,
    SiteStatus,
    Verdict,
    judge,
    stopped_by,
    tally,
)
from enghub.upgrade.rollouts.repository import RolloutStore
from enghub.upgrade.sites.errors import SiteNotFound
from enghub.upgrade.sites.repository import Sites
from enghub.upgrade.versions import Version

POLL_SECONDS = 10
LONGEST_WAIT = 300
"""Between two looks during a pause, so that a person's word is heard."""
GONE = Problem("The site's execution is not stored any more", "该局点的升级执行记录已不存在", "gone")
RESUMABLE = (Status.FAILED, Status.ABORTED, Status.ROLLBACK_FAILED)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the state machine does next: `more` after a wait, `rest`, or nothing because a newer run took over."""

    outcome: str
    wait_seconds: int = 0


class Fleet:
    """Advances roll-outs."""

    def __init__(self, store: RolloutStore, executions: Executions, upgrades: Upgrades, sites: Sites) -> None:
        self._store = store
        self._executions = executions
        self._upgrades = upgrades
        self._sites = sites

    def advance(self, rollout_id: str, run: int, events: int, origin: Origin) -> Answer:
        """Do what is next; safe to repeat, also at the same time.

        Raises:
            RolloutNotFound, Unavailable
        """
        kept = self._store.kept(origin.tenant_id, rollout_id)
        rollout = kept.value
        if rollout.run != run:
            return Answer("superseded")
        try:
            if events >= FULL:
                self._store.save(commit_of(origin, rollout.go_on(origin.at), kept, launch=True))
                return Answer("superseded")
            if rollout.is_lease_due(origin.at):
                kept = self._store.save(commit_of(origin, rollout.leased(origin.at), kept))
            rows = [self._followed(kept.value, row, origin) for row in self._rows(kept.value)]
            if kept.value.status is RolloutStatus.RUNNING:
                return self._work(kept, rows, origin)
            return self._settle(kept, rows, origin)
        except RolloutChanged:
            return Answer("more", 1)

    def record_fault(self, rollout_id: str, run: int, fault: str, origin: Origin) -> Answer:
        """Stop a roll-out whose workflow broke; it can be resumed."""
        kept = self._store.kept(origin.tenant_id, rollout_id)
        rollout = kept.value
        if rollout.run == run and rollout.status is RolloutStatus.RUNNING:
            problem = Problem(f"The workflow broke: {fault}", f"工作流异常：{fault}", "fault")
            self._store.save(stop_commit(kept, rollout, problem, _values(self._rows(rollout)), origin))
        return Answer("rest")

    def _rows(self, rollout: Rollout) -> tuple[Kept[SiteRow], ...]:
        return self._store.kept_rows(rollout.tenant_id, rollout.rollout_id, rollout.wave)

    def _work(self, kept: Kept[Rollout], rows: list[Kept[SiteRow]], origin: Origin) -> Answer:
        rollout = kept.value
        wait = rollout.wait_seconds(origin.at)
        if wait:
            return Answer("more", min(wait, LONGEST_WAIT))
        for index, row in enumerate(rows):
            if not row.value.is_due(rollout.attempt):
                continue
            if _judged(rollout, _values(rows)) is Verdict.STOP:
                break
            now = self._store.kept(rollout.tenant_id, rollout.rollout_id)
            if now.revision != kept.revision:
                return Answer("more", 1)  # somebody paused or aborted meanwhile
            rows[index] = self._started(rollout, row, origin)
        found = _values(rows)
        match _judged(rollout, found):
            case Verdict.STOP:
                problem = stopped_by(rollout, tally(found, rollout.attempt))
                self._store.save(stop_commit(kept, rollout, problem, found, origin))
            case Verdict.COMPLETE:
                return self._complete(kept, found, origin)
            case Verdict.GO_ON:
                pass
        return Answer("more", POLL_SECONDS)

    def _complete(self, kept: Kept[Rollout], rows: Sequence[SiteRow], origin: Origin) -> Answer:
        rollout = kept.value
        after = rollout.wave_completed(origin.at)
        after = after if after.status is RolloutStatus.RUNNING else after.at_rest()
        over = after.status is RolloutStatus.SUCCEEDED
        further = {RolloutStatus.SUCCEEDED: "RolloutSucceeded", RolloutStatus.WAITING: "RolloutConfirmationRequested"}
        events = ("RolloutWaveCompleted", *(event for status, event in further.items() if after.status is status))
        found = tally(rows, rollout.attempt)
        action = "succeeded" if over else "wave_completed"
        self._store.save(commit_of(origin, after, kept, action, events=events, found=found))
        if after.status is RolloutStatus.RUNNING:
            return Answer("more", min(after.wait_seconds(origin.at), LONGEST_WAIT))
        return Answer("rest")

    def _settle(self, kept: Kept[Rollout], rows: Sequence[Kept[SiteRow]], origin: Origin) -> Answer:
        """Begin nothing; follow what was started to its end, withdraw what is queued when it was aborted."""
        rollout = kept.value
        at_work = [row for row in rows if row.value.status is SiteStatus.RUNNING]
        if rollout.status is RolloutStatus.ABORTED:
            at_work = [row for row in at_work if not self._skipped(row, origin)]
        if at_work:
            return Answer("more", POLL_SECONDS)
        if rollout.alive_until is not None:
            self._store.save(commit_of(origin, rollout.at_rest(), kept))
        return Answer("rest")

    def _skipped(self, row: Kept[SiteRow], origin: Origin) -> bool:
        """Withdraw what is queued of an aborted roll-out."""
        execution = self._execution(row.value, origin)
        if execution is None or not self._is_withdrawn(execution, origin):
            return False
        reason = Problem("Withdrawn from the queue: the roll-out was aborted", "批量升级已中止，已退出排队")
        self._store.save_row(origin.tenant_id, row, row.value.skipped(reason, origin.at))
        return True

    def _is_withdrawn(self, execution: Execution, origin: Origin) -> bool:
        if execution.status is not Status.QUEUED:
            return False
        try:
            self._upgrades.abort(execution.execution_id, origin)
        except CannotAbort:  # it has just begun, or ended
            return False
        return True

    def _followed(self, rollout: Rollout, kept: Kept[SiteRow], origin: Origin) -> Kept[SiteRow]:
        """Return a site's row as its execution is now, stored when it has ended."""
        row = kept.value
        if row.status is not SiteStatus.RUNNING:
            return kept
        execution = self._execution(row, origin)
        if execution is None:
            after = row.failed(GONE, row.attempt, origin.at)
        elif row.queued_too_long(execution, rollout.max_queue_seconds, origin.at) and self._is_withdrawn(
            execution, origin
        ):
            after = row.failed(_too_long(rollout.max_queue_seconds), row.attempt, origin.at)
        else:
            after = row.followed(execution, origin.at)
        return kept if after == row else self._store.save_row(rollout.tenant_id, kept, after)

    def _started(self, rollout: Rollout, kept: Kept[SiteRow], origin: Origin) -> Kept[SiteRow]:
        """Start a site, or find that it was started before; then record it."""
        row = kept.value
        claim = Claim(
            origin.tenant_id,
            "rollout.start",
            f"{rollout.rollout_id}/{row.site_id}/{rollout.attempt}",
            fingerprint(row.site_id, rollout.target_version),
            origin.at,
            _render,
        )
        try:
            self._executions.look(claim)
            after = self._begun(rollout, row, claim, origin)
        except Replayed as first:
            execution = self._found(json.loads(first.answer)["executionId"], origin)
            gone = row.failed(GONE, rollout.attempt, origin.at)
            after = gone if execution is None else row.started(execution, rollout.attempt, origin.at)
        except (UpgradeRefused, SiteNotFound, SiteVersionUnknown, SiteBusy, CannotResume) as refused:
            after = row.failed(_problem(refused), rollout.attempt, origin.at)
        return self._store.save_row(origin.tenant_id, kept, after)

    def _begun(self, rollout: Rollout, row: SiteRow, claim: Claim, origin: Origin) -> SiteRow:
        before = self._execution(row, origin)
        if before is not None and before.started_at is not None and before.status is not Status.ROLLED_BACK:
            if before.status in RESUMABLE:
                before = self._upgrades.resume(before.execution_id, ResumeUpgrade(), origin, claim)
            return row.started(before, rollout.attempt, origin.at)  # or somebody has taken it up by hand
        site = self._sites.get(origin.tenant_id, row.site_id)
        if site.version is None:
            raise SiteVersionUnknown(site_id=row.site_id)
        if Version.parse(site.version) >= Version.parse(rollout.target_version):
            reason = Problem(f"The site runs {site.version} already", f"局点当前版本已为 {site.version}")
            return row.skipped(reason, origin.at)
        asked = StartUpgrade(
            site.version, rollout.target_version, row.site_id, rollout.environment, rollout.on_failure, "queue"
        )
        return row.started(self._upgrades.execute(asked, origin, claim), rollout.attempt, origin.at)

    def _execution(self, row: SiteRow, origin: Origin) -> Execution | None:
        return None if row.execution_id is None else self._found(row.execution_id, origin)

    def _found(self, execution_id: str, origin: Origin) -> Execution | None:
        """Return an execution; None when it is not stored any more."""
        try:
            return self._executions.get(origin.tenant_id, execution_id)
        except ExecutionNotFound:
            return None


def _values(rows: Sequence[Kept[SiteRow]]) -> tuple[SiteRow, ...]:
    return tuple(row.value for row in rows)


def _judged(rollout: Rollout, rows: Sequence[SiteRow]) -> Verdict:
    found = tally(rows, rollout.attempt)
    return judge(found, canary=rollout.in_canaries, max_failure_rate=rollout.max_failure_rate)


def _too_long(seconds: int) -> Problem:
    return Problem(
        f"Withdrawn: it waited in the queue for over {seconds} s (maxQueueSeconds); see who holds its site or slots",
        f"排队超过 {seconds} 秒（maxQueueSeconds），已退出排队，请检查占用局点或并发额度的升级",
        "queue",
    )


def _render(execution: Execution) -> str:
    return json.dumps({"executionId": execution.execution_id})


def _problem(refused: EngHubError) -> Problem:
    return Problem(refused.message("en"), refused.message("zh"), "refused")
