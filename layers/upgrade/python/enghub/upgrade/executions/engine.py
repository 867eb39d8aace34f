"""Runs an execution's steps in slices (UPG-05 to UPG-08). Called again and again by the workflow; may die anywhere."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from enghub.core.clock import Clock, system_clock
from enghub.core.i18n import Text
from enghub.core.identity import Origin
from enghub.kit.databases.errors import DatabaseBusy, DatabaseUnreachable
from enghub.kit.work.errors import Superseded, WorkFailed
from enghub.kit.work.slices import Budget, Progress, Slice, SliceState
from enghub.upgrade.executions.model import Execution, Status
from enghub.upgrade.executions.readiness import attention, readiness
from enghub.upgrade.executions.repository import Change, Executions, LogEntry
from enghub.upgrade.executions.step import ROLLBACK, Problem, StepRecord, StepStatus, next_step
from enghub.upgrade.planning.plan import Stage
from enghub.upgrade.stepping.step import Databases, Facts, StepContext
from enghub.upgrade.steps.registry import step_class

PROGRESS_SECONDS = 2.0
BUSY_WAIT_SECONDS = 10
SHOWN = "%Y-%m-%d %H:%M:%S UTC"
AWAY_WAIT_SECONDS = 10
WINDOW_WAIT_SECONDS = 60
"""Shorter than the lease of the site's lock, which every slice extends."""
PATIENCE = timedelta(minutes=10)
"""How long a database may be away before its upgrade stops."""
LEASE_MARGIN_SECONDS = 120
ENGINE_USER = "upgrade-engine"

NOT_VALID = Text(
    "Step {step} did not begin, its parameters do not fit: {problems}. Upload a corrected manifest and start anew",
    "步骤 {step} 前置验证失败：{problems}。请上传修正后的配置并重新执行",
)
OFF_PEAK = Text("Step {step} waits for its hours, it begins at {at}", "步骤 {step} 等待低峰时段，将于 {at} 开始")
TIMED_OUT = Text("Step {step} took longer than its {timeout} s", "步骤 {step} 超过其超时时间 {timeout} 秒")

AWAY = Text(
    "The site's database does not answer since {since} ({reason}); it is tried again until {until}",
    "局点数据库自 {since} 起无响应（{reason}），将重试至 {until}",
)
STAYED_AWAY = Text(
    "The site's database does not answer since {since} ({reason}): bring it back, then resume",
    "局点数据库自 {since} 起无响应（{reason}）：请恢复数据库后继续",
)


class Site(Protocol):
    """What the engine needs of a site: its database and its hooks."""

    def databases(self, token: int) -> Databases:
        """Return the site's database, for the holder of a fencing token."""

    @property
    def hooks(self) -> Any:
        """The site's addresses."""

    @property
    def ports(self) -> Any:
        """The site's stores."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the workflow does next: `more` (after a wait), `done`, `failed`, `confirm`, `aborted`, `superseded`."""

    outcome: str
    stage: str
    wait_seconds: int = 0
    step: str | None = None
    sequence: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the task's output."""
        return {
            "outcome": self.outcome,
            "stage": self.stage,
            "waitSeconds": self.wait_seconds,
            "step": self.step,
            "sequence": self.sequence,
        }


@dataclass(slots=True)
class Engine:
    """One worker."""

    executions: Executions
    site: Callable[[str, str], Site]
    script: Callable[[str, str], str]
    """Text of a script by tenant and SHA-256."""
    clock: Clock = system_clock
    point: Callable[[str], None] = lambda _: None
    log_lines: list[LogEntry] = field(default_factory=list)

    def run_slice(self, tenant_id: str, execution_id: str, run: int, stage: str, budget: Budget) -> Answer:
        """Work on a stage until it is done, until the budget is spent, or until something stops it.

        Raises:
            Exception: faults (database unreachable, storage unavailable): the workflow tries again.
        """
        execution = self.executions.get(tenant_id, execution_id)
        stopped = _stopped(execution, run)
        if stopped is not None:
            return Answer(stopped, stage)
        self._extend_lock(execution, budget)
        if execution.status is Status.PENDING:
            execution = self._save(execution.begin(run, self.clock()), event="UpgradeStarted", before=execution)
        try:
            return self._run_stage(execution, stage, budget)
        finally:
            self._flush(execution)

    def _run_stage(self, execution: Execution, stage: str, budget: Budget) -> Answer:
        steps = {step.sequence: step for step in self._steps(execution, stage)}
        while True:
            step = next_step(tuple(steps.values()), stage)
            if step is None:
                return Answer("done", stage)
            execution, step, answer = self._advance(execution, step, budget)
            steps[step.sequence] = step
            if answer is not None:
                return answer
            if budget.spent:
                return Answer("more", stage)

    def _steps(self, execution: Execution, stage: str) -> tuple[StepRecord, ...]:
        tenant_id, execution_id = execution.tenant_id, execution.execution_id
        if stage == ROLLBACK and execution.rollback is not None:
            return self.executions.rollback_steps(tenant_id, execution_id, execution.rollback.run)
        return self.executions.steps(tenant_id, execution_id)

    def _advance(
        self, execution: Execution, step: StepRecord, budget: Budget
    ) -> tuple[Execution, StepRecord, Answer | None]:
        """Run one slice of one step; the answer is None when the stage can go on at once."""
        now = self.clock()
        if step.needs_confirmation:
            return self._wait_for_operator(execution, step)
        if step.retry_at is not None and step.retry_at > now and step.run == execution.run:
            seconds = int((step.retry_at - now).total_seconds()) + 1
            return execution, step, Answer("more", step.stage, seconds, step.key, step.sequence)
        if wait := step.seconds_to_window(now):
            return self._wait_for_window(execution, step, now, wait)
        if step.status is StepStatus.RUNNING and step.run == execution.run and not step.progress:
            self._log(step, "info", "taken up again")
        note = self._ready_to_stop(execution, step)
        before = step.attempts if step.run == execution.run else 0
        step = step.begin(execution.run, now)
        if step.attempts > before:
            self._log(step, "info", f"begins, attempt {step.attempts}")
        event = None if note is None else "UpgradeReadyToStop"
        if step.definition.window is not None and step.unreachable_since is None:
            execution = execution.hindered(None)
        execution, stored = self._save_both(execution.at_step(step), step, event=event, note=note)
        self.point("step begun")
        return self._slice(execution, stored, budget)

    def _wait_for_window(
        self, execution: Execution, step: StepRecord, now: datetime, seconds: int
    ) -> tuple[Execution, StepRecord, Answer]:
        values = {"step": step.key, "at": (now + timedelta(seconds=seconds)).strftime("%Y-%m-%d %H:%M UTC")}
        problem = Problem(OFF_PEAK.render("en", **values), OFF_PEAK.render("zh", **values))
        if execution.hindrance != problem:
            self._log(step, "info", problem.en)
            execution, step = self._save_both(execution.at_step(step).hindered(problem), step)
        return execution, step, Answer("more", step.stage, min(seconds, WINDOW_WAIT_SECONDS), step.key, step.sequence)

    def _ready_to_stop(self, execution: Execution, step: StepRecord) -> Text | None:
        """Return what people are told before the business system is stopped, once; None at any other step."""
        if step.stage is not Stage.STOP_SERVICE or step.rollback or step.run:
            return None
        note = readiness(execution, self.executions.steps(execution.tenant_id, execution.execution_id))
        self._log(step, "info", f"ready to stop the business system: {note.en}")
        return note

    def _wait_for_operator(self, execution: Execution, step: StepRecord) -> tuple[Execution, StepRecord, Answer]:
        if step.status is not StepStatus.WAITING or execution.status is not Status.WAITING:
            self._log(step, "info", "waiting for an operator's confirmation")
            before = execution
            waiting = step.await_confirmation()
            change = Change(
                self._origin(execution),
                execution.wait_for(step),
                waiting,
                event="UpgradeConfirmationRequested",
                action="wait",
                before=before,
            )
            execution, saved = self.executions.save(change)
            step = saved or waiting
        return execution, step, Answer("confirm", step.stage, 0, step.key, step.sequence)

    def _slice(
        self, execution: Execution, step: StepRecord, budget: Budget
    ) -> tuple[Execution, StepRecord, Answer | None]:
        started = time.monotonic()

        def milliseconds() -> int:
            return int((time.monotonic() - started) * 1000)

        try:
            self._check_time(step)
            ended = self._call(execution, step, budget)
        except WorkFailed as failure:
            return self._on_failure(execution, step, failure, milliseconds())
        except DatabaseUnreachable as away:
            return self._on_away(execution, step, str(away), milliseconds())
        except DatabaseBusy:
            self._log(step, "info", "the database still works on a statement of an earlier worker: waiting for it")
            execution, step = self._answered(execution, step)
            return execution, step, Answer("more", step.stage, BUSY_WAIT_SECONDS, step.key, step.sequence)
        except Superseded:
            return execution, step, Answer("superseded", step.stage)
        execution, step = self._answered(execution, step)
        self.point("slice ended")
        shown = None if ended.progress is None else ended.progress.to_json()
        if ended.state is SliceState.MORE:
            step = self.executions.save_step(execution.tenant_id, step.slice_ended(ended.cursor, shown, milliseconds()))
            answer = Answer("more", step.stage, ended.wait_seconds, step.key, step.sequence)
            return execution, step, answer if ended.wait_seconds or budget.spent else None
        finished = step.succeed(ended.result, shown, milliseconds(), self.clock())
        self._log(step, "info", f"succeeded after {finished.active_milliseconds / 1000:.1f} s of work")
        left = attention(finished.result)
        execution, step = self._save_both(
            execution.completed(),
            finished,
            event="UpgradeStepRolledBack" if step.rollback else "UpgradeStepCompleted",
            note=left,
            also=() if left is None else ("UpgradeNeedsAttention",),
        )
        self.point("step recorded")
        return execution, step, None

    def _check_time(self, step: StepRecord) -> None:
        if step.active_milliseconds > step.definition.timeout * 1000:
            raise WorkFailed(TIMED_OUT, step=step.key, timeout=step.definition.timeout)

    def _call(self, execution: Execution, step: StepRecord, budget: Budget) -> Slice:
        site = self.site(execution.tenant_id, execution.site_id)
        published = 0.0

        def report(progress: Progress) -> None:
            nonlocal published
            if time.monotonic() - published >= PROGRESS_SECONDS:
                published = time.monotonic()
                self.executions.publish_progress(execution.tenant_id, step, progress.to_json())

        context = StepContext(
            facts=_facts(execution, step),
            parameters=step.definition.parameters,
            script=lambda path: self.script(execution.tenant_id, step.scripts[path]),
            databases=site.databases(execution.fencing_token),
            hooks=site.hooks,
            budget=_within(budget, step),
            log=lambda level, message: self._log(step, level, message),
            report=report,
            point=self.point,
            decision=execution.decision,
            data_touched=execution.rollback is None or execution.rollback.data_touched,
            ports=site.ports,
        )
        made = step_class(step.definition.class_name)()
        if step.undoes is not None:
            return made.rollback(context, step.cursor)
        problems = made.validate(step.definition.parameters)
        if problems:  # pinned long ago, perhaps for a class that has changed since
            raise WorkFailed(NOT_VALID, step=step.key, problems="; ".join(problems))
        return made.run(context, step.cursor)

    def _on_away(
        self, execution: Execution, step: StepRecord, reason: str, milliseconds: int
    ) -> tuple[Execution, StepRecord, Answer | None]:
        """Wait for the database without counting a try; stop when it stays away."""
        now = self.clock()
        away = step.unreachable(now)
        since = away.unreachable_since or now
        values: dict[str, Any] = {
            "since": since.strftime(SHOWN),
            "until": (since + PATIENCE).strftime(SHOWN),
            "reason": reason,
        }
        if now - since >= PATIENCE:
            return self._on_failure(execution, away.answered(), WorkFailed(STAYED_AWAY, **values), milliseconds)
        self._log(step, "warning", AWAY.render("en", **values))
        problem = Problem(AWAY.render("en", **values), AWAY.render("zh", **values))
        execution, step = self._save_both(execution.hindered(problem), away)
        return execution, step, Answer("more", step.stage, AWAY_WAIT_SECONDS, step.key, step.sequence)

    def _answered(self, execution: Execution, step: StepRecord) -> tuple[Execution, StepRecord]:
        if step.unreachable_since is None:
            return execution, step
        return self._save_both(execution.hindered(None), step.answered())

    def _on_failure(
        self, execution: Execution, step: StepRecord, failure: WorkFailed, milliseconds: int
    ) -> tuple[Execution, StepRecord, Answer | None]:
        problem = Problem(failure.text.en, failure.text.zh)
        now = self.clock()
        failed = step.failed(problem, failure.result, milliseconds, now, retryable=failure.retryable)
        level = "error" if failed.status is StepStatus.FAILED else "warning"
        self._log(step, level, f"attempt {step.attempts}: {failure.text.en}")
        if failed.status is StepStatus.SKIPPED:
            execution, step = self._save_both(execution.completed(), failed, event="UpgradeStepSkipped")
            return execution, step, None
        step = self.executions.save_step(execution.tenant_id, failed)
        if step.status is StepStatus.FAILED:
            return execution, step, Answer("failed", step.stage, 0, step.key, step.sequence)
        pause = 1 if step.retry_at is None else int((step.retry_at - now).total_seconds()) + 1
        return execution, step, Answer("more", step.stage, pause, step.key, step.sequence)

    # --- storage ------------------------------------------------------------------------------------------------------

    def _extend_lock(self, execution: Execution, budget: Budget) -> None:
        lock = self.executions.lock(execution.tenant_id, execution.site_id)
        until = self.clock() + timedelta(seconds=int(budget.seconds_to_hard) + LEASE_MARGIN_SECONDS)
        if lock.token == execution.fencing_token and (lock.until is None or lock.until < until):
            self.executions.extend_lock(execution.tenant_id, replace(lock, until=until))

    def _save(self, execution: Execution, *, event: str, before: Execution) -> Execution:
        change = Change(self._origin(execution), execution, event=event, action="start", before=before)
        return self.executions.save(change)[0]

    def _save_both(
        self,
        execution: Execution,
        step: StepRecord,
        *,
        event: str | None = None,
        note: Text | None = None,
        also: tuple[str, ...] = (),
    ) -> tuple[Execution, StepRecord]:
        change = Change(self._origin(execution), execution, step, event=event, note=note, also=also)
        saved, stored = self.executions.save(change)
        return saved, stored or step

    def _origin(self, execution: Execution) -> Origin:
        return Origin(
            execution.tenant_id,
            execution.factory_id,
            ENGINE_USER,
            self.clock(),
            f"{execution.execution_id}/{execution.run}",
        )

    def _log(self, step: StepRecord, level: str, message: str) -> None:
        self.log_lines.append(LogEntry(self.clock(), level, step.key, message))

    def _flush(self, execution: Execution) -> None:
        if self.log_lines:
            self.executions.log(execution.tenant_id, execution.execution_id, tuple(self.log_lines))
            self.log_lines.clear()


def _stopped(execution: Execution, run: int) -> str | None:
    if execution.run != run or not execution.status.is_live:
        return "superseded"
    return "aborted" if execution.abort_requested else None


def _facts(execution: Execution, step: StepRecord) -> Facts:
    return Facts(
        tenant_id=execution.tenant_id,
        execution_id=execution.execution_id,
        site_id=execution.site_id,
        environment=execution.environment,
        source_version=execution.source_version,
        target_version=execution.target_version,
        version=step.version,
        step_id=step.definition.id,
        phase=step.stage.value,
        run=execution.run,
    )


def _within(budget: Budget, step: StepRecord) -> Budget:
    """A slice never outlives its step's own time-out by more than one batch."""
    left = step.definition.timeout - step.active_milliseconds / 1000
    return replace(budget, soft_at=min(budget.soft_at, budget.monotonic() + max(left, 0.0)))
