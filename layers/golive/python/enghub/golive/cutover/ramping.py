"""Ramps as tasks of a cut-over: begun and taken back by a run, ended by what became of them (OPS-05, OPS-08)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from enghub.core.claims import fingerprint
from enghub.core.identity import Origin
from enghub.golive.cutover import model
from enghub.golive.cutover import work as work_of
from enghub.golive.cutover.model import LONGEST_ATTEMPT, SYSTEM, Progress, Run, Work
from enghub.golive.cutover.plans import CutoverPlan
from enghub.golive.ramps.errors import RampNotFound
from enghub.golive.ramps.model import Ramp, RampState

if TYPE_CHECKING:
    from enghub.golive.ramps.service import RampService


@dataclass(frozen=True, slots=True)
class Ramping:
    """What runs do with ramps; ``service`` is asked for when the first one comes."""

    service: "Callable[[], RampService]"

    def does(self, plan: CutoverPlan, run: Run, work: Work) -> bool:
        """Begin a task's ramp, or let it go back; False where the task has none. Again changes nothing."""
        task = plan.task(work.task_id)
        if task is None or task.ramp is None:
            return False
        origin = Origin(run.tenant_id, "", SYSTEM, work_at(run, work), "")
        name = ramp_id(run, work)
        if not work.back:
            ramp = replace(task.ramp, tenant_id=run.tenant_id, ramp_id=name)
            self.service().start(replace(ramp, started_by=run.started_by, started_at=origin.at), origin)
            return True
        try:
            self.service().roll_back(name, run.reason or "the cut-over goes back", origin)
        except RampNotFound:
            return True  # it was never begun
        return True

    def looked(self, plan: CutoverPlan, run: Run, now: datetime) -> Run:
        """Return the run in which tasks are ended by what became of their ramps."""
        for work, found in tuple(work_of.ramping(plan, run)):
            kept = self.service().store.get(run.tenant_id, ramp_id(run, work))
            run = _ended(run, work, found, None if kept is None else kept.value, now)
        return run


def _ended(run: Run, work: Work, found: Progress, ramp: Ramp | None, now: datetime) -> Run:
    if ramp is None:
        if work.back:
            return work_of.finished(run, work, now, passed=True, result="the ramp was never begun")
        lost = found.sent_at is not None and now - found.sent_at > LONGEST_ATTEMPT
        return model.lost(run, work, now) if lost else run
    passed = (ramp.state is RampState.ROLLED_BACK or None) if work.back else ramp.passed
    if passed is None:
        return run
    said = f"{ramp.state.value} at {ramp.wanted} %: {ramp.said or ramp.why.value}"
    return work_of.finished(run, work, now, passed=passed, result=said)


def is_ramp(plan: CutoverPlan, work: Work) -> bool:
    """Tell whether a task's traffic is moved by a ramp."""
    task = plan.task(work.task_id)
    return task is not None and task.ramp is not None


def ramp_id(run: Run, work: Work) -> str:
    """Return the id of the ramp of a task's attempt; the way back is that of the last attempt."""
    attempt = run.of(work.task_id).attempt if work.back else work.attempt
    return f"{run.run_id}-{fingerprint(work.task_id)[:8]}-{attempt}"


def work_at(run: Run, work: Work) -> datetime:
    """Return when a thing was set out to be done."""
    found = run.back_of(work.task_id) if work.back else run.of(work.task_id)
    return found.sent_at or run.started_at
