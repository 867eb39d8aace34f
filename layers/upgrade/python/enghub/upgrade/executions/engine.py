"""Runs an execution's steps in slices (UPG-05 to UPG-08). Called again and again by the workflow; may die anywhere."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from enghub.core.clock import Clock, system_clock
from enghub.core.commits import Kept
from enghub.core.i18n import Text
from enghub.core.identity import Origin
from enghub.kit.databases.errors import DatabaseBusy, DatabaseUnreachable
from enghub.kit.work.errors import Superseded, WorkFailed
from enghub.kit.work.slices import Budget, Progress, Slice, SliceState
from enghub.upgrade.drift.service import Drifts, Upgraded
from enghub.upgrade.executions.in_progress import Answer, StepInProgress
from enghub.upgrade.executions.model import Execution, Status
from enghub.upgrade.executions.readiness import attention, readiness
from enghub.upgrade.executions.repository import ExecutionCommit, Executions, LogEntry, StepCommit
from enghub.upgrade.executions.step import ROLLBACK, Problem, StepRecord, StepStatus, next_step
from enghub.upgrade.manifests.variables import filled
from enghub.upgrade.phases import STAGES, Stage
from enghub.upgrade.problems import in_one_text
from enghub.upgrade.stepping.step import Databases, Facts, StepContext
from enghub.upgrade.steps.registry import step_class, work_of

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


@dataclass(slots=True)
class Engine:
    """One worker."""

    executions: Executions
    site: Callable[[str, str], Site]
    script: Callable[[str, str], str]
    """Text of a script by tenant and SHA-256."""
    check: Callable[[str], str] = str
    """Refuses a script, as it will run."""
    drifts: Drifts | None = None
    """Keeps what the upgrade leaves; None where nothing is to be kept, as in a rehearsal."""
    clock: Clock = system_clock
    point: Callable[[str], None] = lambda _: None
    log_lines: list[LogEntry] = field(default_factory=list)

    def run_slice(self, tenant_id: str, execution_id: str, run: int, stage: str, budget: Budget) -> Answer:
        """Work on a stage until it is done, until the budget is spent, or until something stops it.

        Raises:
            Exception: faults (database unreachable, storage unavailable): the workflow tries again.
        """
        kept = self.executions.kept(tenant_id, execution_id)
        stopped = _stopped(kept.value, run)
        if stopped is not None:
            return Answer(stopped, stage)
        self._extend_lock(kept.value, budget)
        if kept.value.status is Status.PENDING:
            kept = self._begun(kept, run)
        try:
            return self._run_stage(kept, stage, budget)
        finally:
            self._flush(kept.value)

    def _run_stage(self, kept: Kept[Execution], stage: str, budget: Budget) -> Answer:
        steps = {step.value.sequence: step for step in self._steps(kept.value, stage)}
        while True:
            following = next_step(tuple(step.value for step in steps.values()), stage)
            if following is None:
                self._keep_shape(kept.value, stage)
                return Answer("done", stage)
            current, answer = self._advance(StepInProgress(kept, steps[following.sequence]), budget)
            kept, steps[following.sequence] = current.kept, current.kept_step
            if answer is not None:
                return answer
            if budget.spent:
                return Answer("more", stage)

    def _keep_shape(self, execution: Execution, stage: str) -> None:
        """Record what the whole upgrade leaves (UPG-24); that it cannot be recorded is logged and is no failure."""
        if self.drifts is None or stage not in (ROLLBACK, STAGES[-1]):
            return
        upgraded = Upgraded(
            execution.tenant_id,
            execution.execution_id,
            execution.site_id,
            execution.source_version,
            execution.target_version,
            execution.fencing_token,
            execution.reference_tables,
        )
        if stage == ROLLBACK:
            self.drifts.rolled_back(upgraded)
        else:
            database = self.site(execution.tenant_id, execution.site_id).databases(execution.fencing_token)
            why = self.drifts.record(upgraded, database, self.clock())
            if why is not None:
                text = f"what the upgrade leaves is not recorded, so drift will not be found: {why.en}"
                self.log_lines.append(LogEntry(self.clock(), "warning", "-", text))

    def _steps(self, execution: Execution, stage: str) -> tuple[Kept[StepRecord], ...]:
        back = execution.rollback if stage == ROLLBACK else None
        return self.executions.kept_steps(execution.tenant_id, execution.execution_id, 0 if back is None else back.run)

    def _advance(self, current: StepInProgress, budget: Budget) -> tuple[StepInProgress, Answer | None]:
        """Run one slice of one step; the answer is None when the stage can go on at once."""
        now = self.clock()
        execution, step = current.execution, current.step
        if step.needs_confirmation:
            return self._wait_for_operator(current)
        if step.retry_at is not None and step.retry_at > now and step.run == execution.run:
            return current, current.answer("more", int((step.retry_at - now).total_seconds()) + 1)
        if wait := step.seconds_to_window(now):
            return self._wait_for_window(current, now, wait)
        if step.status is StepStatus.RUNNING and step.run == execution.run and not step.progress:
            self._log(step, "info", "taken up again")
        note = self._ready_to_stop(execution, step)
        before = step.attempts if step.run == execution.run else 0
        begun = step.begin(execution.run, now)
        if begun.attempts > before:
            self._log(step, "info", f"begins, attempt {begun.attempts}")
        event = None if note is None else "UpgradeReadyToStop"
        if begun.definition.window is not None and begun.unreachable_since is None:
            execution = execution.hindered(None)
        current = self._save(current, execution.at_step(begun), begun, event=event, note=note)
        self.point("step begun")
        return self._slice(current, budget)

    def _wait_for_window(self, current: StepInProgress, now: datetime, seconds: int) -> tuple[StepInProgress, Answer]:
        execution, step = current.execution, current.step
        values = {"step": step.key, "at": (now + timedelta(seconds=seconds)).strftime("%Y-%m-%d %H:%M UTC")}
        problem = Problem(OFF_PEAK.render("en", **values), OFF_PEAK.render("zh", **values))
        if execution.hindrance != problem:
            self._log(step, "info", problem.en)
            current = self._save(current, execution.at_step(step).hindered(problem), step)
        return current, current.answer("more", min(seconds, WINDOW_WAIT_SECONDS))

    def _ready_to_stop(self, execution: Execution, step: StepRecord) -> Text | None:
        """Return what people are told before the business system is stopped, once; None at any other step."""
        if step.stage is not Stage.STOP_SERVICE or step.rollback or step.run:
            return None
        note = readiness(execution, self.executions.steps(execution.tenant_id, execution.execution_id))
        self._log(step, "info", f"ready to stop the business system: {note.en}")
        return note

    def _wait_for_operator(self, current: StepInProgress) -> tuple[StepInProgress, Answer]:
        execution, step = current.execution, current.step
        if step.status is not StepStatus.WAITING or execution.status is not Status.WAITING:
            self._log(step, "info", "waiting for an operator's confirmation")
            event = "UpgradeConfirmationRequested"
            waiting = step.await_confirmation()
            current = self._save(current, execution.wait_for(step), waiting, event=event, action="held")
        return current, current.answer("confirm")

    def _slice(self, current: StepInProgress, budget: Budget) -> tuple[StepInProgress, Answer | None]:
        started = time.monotonic()

        def milliseconds() -> int:
            return int((time.monotonic() - started) * 1000)

        try:
            self._check_time(current.step)
            ended = self._call(current, budget)
        except WorkFailed as failure:
            return self._on_failure(current, current.step, failure, milliseconds())
        except DatabaseUnreachable as away:
            return self._on_away(current, str(away), milliseconds())
        except DatabaseBusy:
            busy = "the database still works on a statement of an earlier worker: waiting for it"
            self._log(current.step, "info", busy)
            current = self._answered(current)
            return current, current.answer("more", BUSY_WAIT_SECONDS)
        except Superseded:
            return current, Answer("superseded", current.step.stage)
        current = self._answered(current)
        self.point("slice ended")
        shown = None if ended.progress is None else ended.progress.to_json()
        if ended.state is SliceState.MORE:
            current = self._save_step(current, current.step.slice_ended(ended.cursor, shown, milliseconds()))
            goes_on_later = ended.wait_seconds or budget.spent
            return current, current.answer("more", ended.wait_seconds) if goes_on_later else None
        return self._finished(current, current.step.succeed(ended.result, shown, milliseconds(), self.clock())), None

    def _finished(self, current: StepInProgress, finished: StepRecord) -> StepInProgress:
        self._log(finished, "info", f"succeeded after {finished.active_milliseconds / 1000:.1f} s of work")
        left = attention(finished.result)
        current = self._save(
            current,
            current.execution.completed(),
            finished,
            event="UpgradeStepRolledBack" if finished.rollback else "UpgradeStepCompleted",
            note=left,
            also=() if left is None else ("UpgradeNeedsAttention",),
        )
        self.point("step recorded")
        return current

    def _check_time(self, step: StepRecord) -> None:
        if step.active_milliseconds > step.definition.timeout * 1000:
            raise WorkFailed(TIMED_OUT, step=step.key, timeout=step.definition.timeout)

    def _call(self, current: StepInProgress, budget: Budget) -> Slice:
        execution, step = current.execution, current.step
        site = self.site(execution.tenant_id, execution.site_id)
        published = 0.0

        def report(progress: Progress) -> None:
            nonlocal published
            if time.monotonic() - published >= PROGRESS_SECONDS:
                published = time.monotonic()
                self.executions.publish_progress(execution.tenant_id, current.kept_step, progress.to_json())

        context = StepContext(
            facts=_facts(execution, step),
            parameters=step.definition.parameters,
            script=lambda path: self.check(
                filled(self.script(execution.tenant_id, step.scripts[path]), step.variables)
            ),
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
            raise WorkFailed(NOT_VALID, step=step.key, problems=in_one_text(problems))
        return work_of(made, step.definition.method_name)(context, step.cursor)

    def _on_away(self, current: StepInProgress, reason: str, milliseconds: int) -> tuple[StepInProgress, Answer | None]:
        """Wait for the database without counting a try; stop when it stays away."""
        now = self.clock()
        away = current.step.unreachable(now)
        since = away.unreachable_since or now
        values: dict[str, Any] = {
            "since": since.strftime(SHOWN),
            "until": (since + PATIENCE).strftime(SHOWN),
            "reason": reason,
        }
        if now - since >= PATIENCE:
            return self._on_failure(current, away.answered(), WorkFailed(STAYED_AWAY, **values), milliseconds)
        self._log(away, "warning", AWAY.render("en", **values))
        problem = Problem(AWAY.render("en", **values), AWAY.render("zh", **values))
        current = self._save(current, current.execution.hindered(problem), away)
        return current, current.answer("more", AWAY_WAIT_SECONDS)

    def _answered(self, current: StepInProgress) -> StepInProgress:
        if current.step.unreachable_since is None:
            return current
        return self._save(current, current.execution.hindered(None), current.step.answered())

    def _on_failure(
        self, current: StepInProgress, step: StepRecord, failure: WorkFailed, milliseconds: int
    ) -> tuple[StepInProgress, Answer | None]:
        problem = Problem(failure.text.en, failure.text.zh)
        now = self.clock()
        failed = step.failed(problem, failure.result, milliseconds, now, retryable=failure.retryable)
        level = "error" if failed.status is StepStatus.FAILED else "warning"
        self._log(step, level, f"attempt {step.attempts}: {failure.text.en}")
        if failed.status is StepStatus.SKIPPED:
            return self._save(current, current.execution.completed(), failed, event="UpgradeStepSkipped"), None
        current = self._save_step(current, failed)
        if failed.status is StepStatus.FAILED:
            return current, current.answer("failed")
        pause = 1 if failed.retry_at is None else int((failed.retry_at - now).total_seconds()) + 1
        return current, current.answer("more", pause)

    def _extend_lock(self, execution: Execution, budget: Budget) -> None:
        lock = self.executions.lock(execution.tenant_id, execution.site_id)
        until = self.clock() + timedelta(seconds=int(budget.seconds_to_hard) + LEASE_MARGIN_SECONDS)
        if lock.token == execution.fencing_token and (lock.until is None or lock.until < until):
            self.executions.extend_lock(execution.tenant_id, replace(lock, until=until))

    def _begun(self, kept: Kept[Execution], run: int) -> Kept[Execution]:
        after = kept.value.begin(run, self.clock())
        commit = ExecutionCommit(self._origin(after), after, kept, action="started", event="UpgradeStarted")
        return self.executions.save(commit)[0]

    def _save(
        self,
        current: StepInProgress,
        execution: Execution,
        step: StepRecord,
        *,
        action: str = "",
        event: str | None = None,
        note: Text | None = None,
        also: tuple[str, ...] = (),
    ) -> StepInProgress:
        """Store both as they are from now on."""
        after = StepCommit(current.kept_step, step)
        kept, kept_step = self.executions.save(
            ExecutionCommit(
                self._origin(execution),
                execution,
                current.kept,
                after,
                action=action,
                event=event,
                note=note,
                also=also,
            )
        )
        return StepInProgress(kept, kept_step or current.kept_step)

    def _save_step(self, current: StepInProgress, step: StepRecord) -> StepInProgress:
        commit = StepCommit(current.kept_step, step)
        return replace(current, kept_step=self.executions.save_step(current.execution.tenant_id, commit))

    def _origin(self, execution: Execution) -> Origin:
        return Origin(
            execution.tenant_id,
            execution.factory_id,
            ENGINE_USER,
            self.clock(),
            f"{execution.execution_id}/{execution.run}",
        )

    def _log(self, step: StepRecord, level: str, message: str) -> None:
        self.log_lines.append(LogEntry(self.clock(), level, step.key, message, step.log_metadata))

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
