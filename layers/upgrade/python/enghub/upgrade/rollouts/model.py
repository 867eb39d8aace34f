"""A fleet roll-out: canaries first, then waves, stopped by a failure rate (UPG-11). No I/O."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from enghub.core.commits import Command
from enghub.kit.runs.leases import Term
from enghub.upgrade.executions.model import Execution, OnFailure, Status
from enghub.upgrade.executions.step import Problem
from enghub.upgrade.rollouts.errors import RolloutNotPossible

LAUNCH = "launch_rollout"
"""The queue whose consumer starts the roll-outs' workflows."""
TERM = Term(timedelta(minutes=15), renewed_at=timedelta(minutes=8))
"""Longer than a workflow is silent: a wait of five minutes and the retries of a task.

A roll-out that polls writes itself every seven minutes.
"""
MOST_LOSSES = 5
"""Lost workflows, with no wave completed between them, before nobody tries again by itself."""
QUEUE_SECONDS = 86_400
"""How long a site's upgrade may wait in the queue, unless the roll-out says otherwise."""


class RolloutStatus(StrEnum):
    """Of a roll-out."""

    RUNNING = "RUNNING"
    WAITING = "WAITING"  # for a person's confirmation of the next wave
    PAUSED = "PAUSED"  # by a person; what was started goes on
    STOPPED = "STOPPED"  # too many sites failed; can be resumed
    SUCCEEDED = "SUCCEEDED"
    ABORTED = "ABORTED"  # by a person, for good

    @property
    def is_over(self) -> bool:
        """Nothing follows."""
        return self in (RolloutStatus.SUCCEEDED, RolloutStatus.ABORTED)


class SiteStatus(StrEnum):
    """Of a site within a roll-out."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"  # its execution is accepted: at work, or queued for a slot
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"  # runs the target or newer already, or was withdrawn before it began


class Verdict(StrEnum):
    """What follows for a wave."""

    GO_ON = "go on"
    COMPLETE = "complete"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class SiteRow:
    """One site of a roll-out. `attempt` is the roll-out's attempt in which it was started last."""

    rollout_id: str
    site_id: str
    wave: int
    canary: bool
    status: SiteStatus = SiteStatus.PENDING
    attempt: int = 0
    execution_id: str | None = None
    source_version: str | None = None
    reason: Problem | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None

    def is_due(self, attempt: int) -> bool:
        """It waits for its start, or for its next attempt."""
        return self.status is SiteStatus.PENDING or (self.status is SiteStatus.FAILED and self.attempt < attempt)

    def started(self, execution: Execution, attempt: int, at: datetime) -> "SiteRow":
        """Its execution is accepted."""
        return replace(
            self,
            status=SiteStatus.RUNNING,
            attempt=attempt,
            execution_id=execution.execution_id,
            source_version=execution.source_version,
            reason=None,
            started_at=at,
            ended_at=None,
        )

    def queued_too_long(self, execution: Execution, seconds: int, at: datetime) -> bool:
        """Its execution has waited in the queue for longer than it may."""
        since = self.started_at or at
        return execution.status is Status.QUEUED and at - since > timedelta(seconds=seconds)

    def skipped(self, reason: Problem, at: datetime) -> "SiteRow":
        """There is nothing to do for it."""
        return replace(self, status=SiteStatus.SKIPPED, reason=reason, ended_at=at)

    def failed(self, reason: Problem, attempt: int, at: datetime) -> "SiteRow":
        """It could not be started, or its execution stopped."""
        return replace(self, status=SiteStatus.FAILED, attempt=attempt, reason=reason, ended_at=at)

    def followed(self, execution: Execution, at: datetime) -> "SiteRow":
        """Return the row as its execution now is."""
        if execution.status.is_live or execution.status is Status.QUEUED:
            return self
        if execution.status is Status.SUCCEEDED:
            return replace(self, status=SiteStatus.SUCCEEDED, ended_at=execution.ended_at or at)
        ended = Problem(f"The execution is {execution.status}", f"升级执行状态为 {execution.status}")
        return self.failed(execution.shown_problem or ended, self.attempt, execution.ended_at or at)


@dataclass(frozen=True, slots=True)
class Tally:
    """How far a wave is; what is about to be tried again counts as pending."""

    total: int
    pending: int
    running: int
    succeeded: int
    failed: int
    skipped: int
    failed_sites: tuple[str, ...]

    @property
    def failure_rate(self) -> float:
        """Failed sites by those of the wave that have something to upgrade, 0..1."""
        return self.failed / max(1, self.total - self.skipped)


@dataclass(frozen=True, slots=True)
class Rollout:
    """One target version for many sites. Its sites are rows of their own; this stays small however many they are."""

    tenant_id: str
    rollout_id: str
    name: str
    target_version: str
    environment: str
    wave_size: int
    max_failure_rate: float
    """0..1 of a wave's sites; more stops the roll-out."""
    pause_seconds: int
    requires_confirmation: bool
    on_failure: OnFailure
    sites: int
    waves: int
    canary_waves: int
    created_by: str
    created_at: datetime
    factory_id: str = ""
    status: RolloutStatus = RolloutStatus.RUNNING
    wave: int = 1
    attempt: int = 1
    """Grows when a stopped roll-out is resumed: the failed sites of its wave are tried again."""
    run: int = 1
    """Counts its workflows; an older one does nothing any more."""
    not_before: datetime | None = None
    """When the present wave may begin."""
    max_queue_seconds: int = QUEUE_SECONDS
    """A site whose upgrade waits longer in the queue is withdrawn, and counts as failed."""
    alive_until: datetime | None = None
    """When its workflow counts as lost; None while it rests and needs none."""
    lost: int = 0
    """Workflows lost in a row."""
    problem: Problem | None = None
    ended_at: datetime | None = None

    @property
    def in_canaries(self) -> bool:
        """The present wave is one of canaries."""
        return self.wave <= self.canary_waves

    def leased(self, at: datetime) -> "Rollout":
        """Its workflow is alive, or about to start."""
        return replace(self, alive_until=TERM.until(at))

    def is_lease_due(self, at: datetime) -> bool:
        """The lease has to be extended."""
        return TERM.is_due(self.alive_until, at)

    def is_lost(self, at: datetime) -> bool:
        """It needs a workflow, and has none any more."""
        return TERM.is_lost(self.alive_until, at)

    def taken_up(self, at: datetime) -> "Rollout":
        """Go on in a fresh workflow, because the old one is lost."""
        return replace(self._next_run(), lost=self.lost + 1).leased(at)

    def at_rest(self) -> "Rollout":
        """It needs no workflow until a person says something."""
        return replace(self, alive_until=None)

    def wait_seconds(self, now: datetime) -> int:
        """Return how long the present wave must still wait."""
        return 0 if self.not_before is None else max(0, round((self.not_before - now).total_seconds()))

    def wave_completed(self, at: datetime) -> "Rollout":
        """Go to the next wave, or end."""
        if self.wave == self.waves:
            return replace(self, status=RolloutStatus.SUCCEEDED, ended_at=at)
        status = RolloutStatus.WAITING if self.requires_confirmation else RolloutStatus.RUNNING
        not_before = at + timedelta(seconds=self.pause_seconds)
        return replace(self, wave=self.wave + 1, status=status, not_before=not_before, lost=0)

    def stop(self, problem: Problem, at: datetime) -> "Rollout":
        """Begin no further site."""
        return replace(self, status=RolloutStatus.STOPPED, problem=problem, ended_at=at)

    def pause(self) -> "Rollout":
        """Begin no further site until somebody resumes.

        Raises:
            RolloutNotPossible: it is not running.
        """
        self._demand("pause", RolloutStatus.RUNNING)
        return replace(self, status=RolloutStatus.PAUSED)

    def resume(self) -> "Rollout":
        """Go on in a fresh run; after a stop the failed sites of the wave are tried again.

        A running one may be resumed too: that replaces a workflow that was lost.

        Raises:
            RolloutNotPossible: it is over, or waits for a confirmation.
        """
        self._demand("resume", RolloutStatus.STOPPED, RolloutStatus.PAUSED, RolloutStatus.RUNNING)
        attempt = self.attempt + 1 if self.status is RolloutStatus.STOPPED else self.attempt
        return replace(
            self._next_run(), status=RolloutStatus.RUNNING, attempt=attempt, problem=None, ended_at=None, lost=0
        )

    def confirm(self) -> "Rollout":
        """Let the next wave begin.

        Raises:
            RolloutNotPossible: it does not wait.
        """
        self._demand("confirm", RolloutStatus.WAITING)
        return replace(self._next_run(), status=RolloutStatus.RUNNING)

    def abort(self, at: datetime) -> "Rollout":
        """End; a fresh run withdraws what is still queued and follows what runs.

        Raises:
            RolloutNotPossible: it is over.
        """
        self._demand("abort", *(status for status in RolloutStatus if not status.is_over))
        return replace(self._next_run(), status=RolloutStatus.ABORTED, ended_at=at)

    def go_on(self, at: datetime) -> "Rollout":
        """Go on in a fresh workflow, because the old one's history is long."""
        return self._next_run().leased(at)

    def _next_run(self) -> "Rollout":
        return replace(self, run=self.run + 1)

    def _demand(self, action: str, *allowed: RolloutStatus) -> None:
        if self.status not in allowed:
            raise RolloutNotPossible(
                rollout_id=self.rollout_id, status=self.status, action=action, needed=" / ".join(allowed)
            )


def plan_rows(
    rollout_id: str, site_ids: Sequence[str], canaries: Collection[str], wave_size: int
) -> tuple[SiteRow, ...]:
    """Return every site once, in waves of at most `wave_size`: those of the canaries first, counted from 1."""
    unique = tuple(dict.fromkeys(site_ids))
    rows: list[SiteRow] = []
    wave = 0
    for canary in (True, False):
        chosen = [site_id for site_id in unique if (site_id in canaries) is canary]
        for start in range(0, len(chosen), wave_size):
            wave += 1
            rows += [SiteRow(rollout_id, site_id, wave, canary) for site_id in chosen[start : start + wave_size]]
    return tuple(rows)


def tally(rows: Sequence[SiteRow], attempt: int) -> Tally:
    """Count the rows of a wave as they stand in the roll-out's `attempt`."""
    due = [row for row in rows if row.is_due(attempt)]
    rest = [row for row in rows if not row.is_due(attempt)]
    failed = tuple(row.site_id for row in rest if row.status is SiteStatus.FAILED)
    count = {status: sum(row.status is status for row in rest) for status in SiteStatus}
    return Tally(
        len(rows),
        len(due),
        count[SiteStatus.RUNNING],
        count[SiteStatus.SUCCEEDED],
        len(failed),
        count[SiteStatus.SKIPPED],
        failed,
    )


def judge(found: Tally, *, canary: bool, max_failure_rate: float) -> Verdict:
    """Say what follows for a wave: a failed canary, or a rate above the limit that can only rise, stops."""
    if (canary and found.failed) or found.failure_rate > max_failure_rate:
        return Verdict.STOP
    return Verdict.GO_ON if found.pending or found.running else Verdict.COMPLETE


def stopped_by(rollout: Rollout, found: Tally) -> Problem:
    """Say which sites failed, and the rate against the limit."""
    sites = ", ".join(found.failed_sites)
    rate, of = f"{found.failure_rate:.0%}", found.total - found.skipped
    limit = "0%" if rollout.in_canaries else f"{rollout.max_failure_rate:.0%}"
    return Problem(
        f"Wave {rollout.wave}: {found.failed} of {of} sites failed ({rate}, limit {limit}): {sites}",
        f"第 {rollout.wave} 批：{of} 个局点中 {found.failed} 个失败（{rate}，上限 {limit}）：{sites}",
        "rate",
    )


def launch_command(rollout: Rollout) -> Command:
    """Return the command that starts the workflow of a roll-out's present run."""
    return Command(LAUNCH, {"rolloutId": rollout.rollout_id, "run": rollout.run})
