"""Cut-over plans and runs for rules that need no store."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from enghub.golive.cutover.model import Run, TaskState, Work, advance
from enghub.golive.cutover.plans import CutoverPlan, OnFailure, Rollback, Task, TaskKind
from enghub.golive.cutover.work import finished, sent, to_do
from enghub.golive.readiness.model import GoLive, Member
from enghub.golive.smoke.model import Scenario, Step

BEGINS = datetime(2026, 12, 11, 16, 0, tzinfo=UTC)
CALL = Scenario((Step("call", "POST", "https://erp.test/do"),))
TEAM = (Member("lena", "Lena", ("commander",)), Member("omar", "Omar", ("operations",)))


def a_go_live(**changed: Any) -> GoLive:
    values: dict[str, Any] = {
        "tenant_id": "acme",
        "go_live_id": "GL1",
        "name": "ERP",
        "system": "erp",
        "live_at": BEGINS,
        "zone": "Asia/Shanghai",
        "calendar_id": "",
        "team": TEAM,
        "windows": (),
    }
    return GoLive(**{**values, **changed})


def a_task(task_id: str, *after: str, **changed: Any) -> Task:
    values: dict[str, Any] = {"stage": "one", "en": task_id, "zh": task_id, "kind": TaskKind.MANUAL, "start": 0}
    values |= {"minutes": 10, "owner": "omar"}
    return Task(task_id=task_id, after=after, **{**values, **changed})


def automatic(task_id: str, *after: str, **changed: Any) -> Task:
    return a_task(task_id, *after, **{"kind": TaskKind.AUTOMATIC, "action": CALL, **changed})


def approval(task_id: str, *after: str, **changed: Any) -> Task:
    gate = {"kind": TaskKind.APPROVAL, "owner": "lena", "on_failure": OnFailure.ROLL_BACK}
    return a_task(task_id, *after, **{**gate, **changed})


def back(minutes: int = 5, *, action: Scenario | None = CALL) -> Rollback:
    return Rollback("take it back", "撤回", minutes, action)


def a_plan(*tasks: Task, **changed: Any) -> CutoverPlan:
    return CutoverPlan("acme", "GL1", BEGINS, tasks, ("lena",), **changed)


def a_run(**changed: Any) -> Run:
    values: dict[str, Any] = {"rehearsal": False, "started_at": BEGINS, "started_by": "lena", "by_clock": False}
    return Run("acme", "R1", "GL1", **{**values, **changed})


class Driver:
    """Executes a run as the state machine does, with a clock and outcomes of its own."""

    def __init__(
        self, plan: CutoverPlan, run: Run | None = None, outcome: Callable[[Work], bool] = lambda _: True
    ) -> None:
        self.plan = plan
        self.run = run or a_run()
        self.outcome = outcome
        self.now = BEGINS
        self.sent: list[tuple[str, int, bool]] = []

    def go_on(self, minutes: float = 0) -> "Driver":
        """Let time pass, then everything happen that can."""
        self.now += timedelta(minutes=minutes)
        while True:
            self.run = advance(self.plan, self.run, self.now)
            work = to_do(self.plan, self.run, self.now)
            if not work:
                return self
            for one in work:
                self.do(one)

    def do(self, work: Work) -> None:
        """Do one thing, once."""
        started = sent(self.run, work, self.now, repeatable=False)
        assert started is not None
        self.sent.append((work.task_id, work.attempt, work.back))
        self.run = finished(started, work, self.now, passed=self.outcome(work), result="said")

    def state(self, task_id: str) -> TaskState:
        return self.run.of(task_id).state
