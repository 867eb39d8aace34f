"""What the executions of a cut-over do: look what is next, do one thing once, wait, go on elsewhere (OPS-05)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from enghub.core.clock import Clock
from enghub.core.identity import Origin
from enghub.golive.cutover import model
from enghub.golive.cutover import work as work_of
from enghub.golive.cutover.errors import RunNotFound, WrongTaskState
from enghub.golive.cutover.model import SYSTEM, Run, Work
from enghub.golive.cutover.plans import CutoverPlan
from enghub.golive.cutover.ramping import Ramping, is_ramp
from enghub.golive.cutover.repository import Cutovers, Found, Launcher, Waker
from enghub.golive.cutover.service import Runs
from enghub.golive.smoke.model import Report, Scenario
from enghub.kit.runs.history import EVENTS_OF_A_LOOP, FULL
from enghub.kit.runs.leases import Lease
from enghub.kit.runs.sweep import Fate

Perform = Callable[[str, Scenario, Mapping[str, str]], Report]
"""Runs a scenario of a tenant, with values that its texts may name."""


@dataclass(frozen=True, slots=True)
class Executions:
    """The tasks of the state machine run_cutover."""

    store: Cutovers
    perform: Perform
    launcher: Launcher
    waker: Waker
    clock: Clock
    ramps: Ramping

    def launch(self, tenant_id: str, run_id: str, turn: int) -> None:
        """Start the execution of a run's turn; safe to repeat, late or not."""
        found = self.store.run(tenant_id, run_id)
        if found is None or found.run.value.is_over or found.run.value.turn != turn:
            return
        given = {"tenant_id": tenant_id, "run_id": run_id, "turn": turn, "loops": 0}
        self.launcher.launch(f"{run_id}-{turn}", given)

    def go_on(self, tenant_id: str, run_id: str, turn: int, loops: int) -> dict[str, Any]:
        """Return what is next: ``PERFORM`` with the work, ``WAIT`` with how long, ``END``."""
        hand_over = loops * 2 * EVENTS_OF_A_LOOP >= FULL

        def change(plan: CutoverPlan, run: Run, now: datetime) -> Run:
            run = self.ramps.looked(plan, run, now)
            return replace(run, turn=turn + 1) if hand_over and run.turn == turn and not run.is_over else run

        try:
            found = self._runs(tenant_id).change(run_id, "handed_over", change)
        except RunNotFound:
            return {"next": "END", "work": [], "wait": 0, "revision": 0}
        run = found.run.value
        answer: dict[str, Any] = {"next": "END", "work": [], "wait": 0, "revision": found.run.revision}
        if run.is_over or run.turn != turn:
            return answer
        self.store.extend(run)
        now = self.clock()
        work = work_of.to_do(found.plan, run, now)
        if work:
            things = [{"task_id": one.task_id, "attempt": one.attempt, "back": one.back} for one in work]
            return {**answer, "next": "PERFORM", "work": things}
        return {**answer, "next": "WAIT", "wait": max(1, int(work_of.wait(found.plan, run, now).total_seconds()))}

    def do(self, tenant_id: str, run_id: str, work: Work) -> None:
        """Do one thing of a run, once: the attempt is stored before anything is sent."""
        started = self._sent(tenant_id, run_id, work)
        if started is None:
            return
        if self.ramps.does(started.plan, started.run.value, work):
            return
        action = _scenario(started.plan, work)
        values = {"runId": run_id, "taskId": work.task_id, "attempt": str(work.attempt)}
        report = self.perform(tenant_id, action, {**values, "idempotencyKey": _key(run_id, work)})
        self._finish(tenant_id, run_id, work, report)

    def wait(self, tenant_id: str, run_id: str, token: str, revision: int) -> None:
        """Keep how to wake the execution; when something happened since it looked, wake it at once."""
        self.store.keep_token(tenant_id, run_id, token)
        found = self.store.run(tenant_id, run_id)
        if found is None or found.run.revision != revision:
            self.waker.wake(token)

    def take_up(self, lease: Lease) -> Fate:
        """Let a run whose execution is gone go on in a fresh one."""
        found = self.store.run(lease.tenant_id, lease.run_id)
        if found is None or found.run.value.is_over or found.run.value.turn != lease.turn:
            return Fate.ALIVE

        def change(_: CutoverPlan, run: Run, __: datetime) -> Run:
            return replace(run, turn=lease.turn + 1) if run.turn == lease.turn and not run.is_over else run

        self._runs(lease.tenant_id).change(lease.run_id, "taken_up", change)
        return Fate.TAKEN_UP

    def _sent(self, tenant_id: str, run_id: str, work: Work) -> Found | None:
        """Store that this attempt is under way; None where it must not be done now."""
        under_way = False

        def change(plan: CutoverPlan, run: Run, now: datetime) -> Run:
            nonlocal under_way
            repeatable = is_ramp(plan, work) or _scenario(plan, work).repeatable
            started = work_of.sent(run, work, now, repeatable=repeatable)
            under_way = started is not None
            return model.lost(run, work, now) if started is None else started

        try:
            found = self._runs(tenant_id).change(run_id, "task_sent", change)
        except WrongTaskState:
            return None
        return found if under_way else None

    def _finish(self, tenant_id: str, run_id: str, work: Work, report: Report) -> None:
        def change(_: CutoverPlan, run: Run, now: datetime) -> Run:
            return work_of.finished(run, work, now, passed=report.passed, result=report.said)

        self._runs(tenant_id).change(run_id, "task_finished", change)

    def _runs(self, tenant_id: str) -> Runs:
        return Runs(self.store, self.clock, Origin(tenant_id, "", SYSTEM, self.clock(), ""))


def _key(run_id: str, work: Work) -> str:
    """Return what a receiver recognises this attempt by."""
    return f"{run_id}-{work.task_id}-{'back-' if work.back else ''}{work.attempt}"


def _scenario(plan: CutoverPlan, work: Work) -> Scenario:
    task = plan.task(work.task_id)
    rollback = task.rollback if task else None
    action = (rollback.action if rollback else None) if work.back else (task.action if task else None)
    return action or Scenario(())
