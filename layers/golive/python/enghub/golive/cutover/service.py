"""What people do with cut-overs, and what their executions do (OPS-04, OPS-05)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from enghub.core import ids
from enghub.core.claims import Claim
from enghub.core.clock import Clock
from enghub.core.commits import Command, Commit, Kept
from enghub.core.errors import VersionConflict
from enghub.core.events import Envelope
from enghub.core.identity import Origin
from enghub.core.notices import NoticeRequested, Severity
from enghub.core.timers.model import SetTimer
from enghub.golive.cutover import hands, model
from enghub.golive.cutover.errors import (
    NotDecidedToGo,
    NotTheOwner,
    OnlyDeciders,
    PlanNotFound,
    RunGoesOn,
    RunNotFound,
    TaskNotFound,
    WrongTaskState,
)
from enghub.golive.cutover.model import Moved, Run, RunState, TaskState
from enghub.golive.cutover.plans import CutoverPlan, Task, TaskKind, checked
from enghub.golive.cutover.repository import Cutovers, Found, Waker
from enghub.golive.published import CutoverEnded, CutoverStarted
from enghub.golive.purposes import AFTERCARE_BEGIN, AFTERCARE_STOP
from enghub.golive.readiness.model import GoLive, aftercare_subject
from enghub.golive.readiness.summary import Summary
from enghub.golive.smoke.model import Scenario
from enghub.kit.approvals.model import Decider, Verdict, decide

QUEUE = "launch_cutover"
TRIES = 8
Change = Callable[[CutoverPlan, Run, datetime], Run]


@dataclass(frozen=True, slots=True)
class CutoverService:
    """The use cases of plans and runs."""

    store: Cutovers
    summary: Callable[[str, str], Summary]
    """The readiness of a go-live. Raises GoLiveNotFound."""
    waker: Waker
    clock: Clock
    new_id: Callable[[datetime], str] = ids.new_id

    # --- plans -----------------------------------------------------------------------------------------------------

    def plan(self, tenant_id: str, go_live_id: str) -> Kept[CutoverPlan]:
        """Return the plan of a go-live.

        Raises:
            PlanNotFound
        """
        found = self.store.plan(tenant_id, go_live_id)
        if found is None:
            raise PlanNotFound(go_live_id=go_live_id)
        return found

    def put_plan(
        self, go_live_id: str, make: Callable[[GoLive], CutoverPlan], version: int | None, origin: Origin
    ) -> Kept[CutoverPlan]:
        """Store a plan; runs that began keep the one they began with.

        Raises:
            GoLiveNotFound, GoLiveOver, VersionConflict; and as ``checked``.
        """
        go_live = self.summary(origin.tenant_id, go_live_id).go_live
        go_live.check_open()
        wanted = checked(make(go_live), go_live)
        before = self.store.plan(origin.tenant_id, go_live_id)
        seen = before.revision if before else 0
        if before is not None and before.value == wanted and seen in {version, (version or 0) + 1}:
            return before
        if seen != (version or 0):
            raise VersionConflict(expected=version or 0, actual=seen)
        return self.store.save_plan(Commit(origin, "changed" if before else "created", wanted, before))

    # --- runs ------------------------------------------------------------------------------------------------------

    def start(
        self, go_live_id: str, origin: Origin, claim: Claim | None, *, rehearsal: bool, by_clock: bool
    ) -> Kept[Run]:
        """Begin a run of the plan; the real one needs a decision to go that holds.

        Raises:
            GoLiveNotFound, GoLiveOver, PlanNotFound, NotDecidedToGo, RunGoesOn
        """
        found = self.summary(origin.tenant_id, go_live_id)
        found.go_live.check_open()
        plan = self.plan(origin.tenant_id, go_live_id).value
        if not rehearsal and not found.may_go:
            raise NotDecidedToGo
        if (active := self.store.active(origin.tenant_id, go_live_id)) is not None:
            raise RunGoesOn(run_id=active)
        run = Run(
            tenant_id=origin.tenant_id,
            run_id=self.new_id(origin.at),
            go_live_id=go_live_id,
            rehearsal=rehearsal,
            started_at=origin.at,
            started_by=origin.user_id,
            by_clock=by_clock,
        )
        told = CutoverStarted(go_live_id=go_live_id, run_id=run.run_id, rehearsal=rehearsal)
        commit = Commit(
            origin, "started", run, events=(told.envelope(origin),), commands=(_to_launch(run),), claim=claim
        )
        return self.store.start(commit, plan)

    def found(self, tenant_id: str, run_id: str) -> Found:
        """Return a run with its plan.

        Raises:
            RunNotFound
        """
        found = self.store.run(tenant_id, run_id)
        if found is None:
            raise RunNotFound(run_id=run_id)
        return found

    def end_task(self, run_id: str, task_id: str, origin: Origin, *, passed: bool, result: str) -> Found:
        """Say what became of a task that waits for its owner.

        Raises:
            RunNotFound, TaskNotFound, NotTheOwner, WrongTaskState
        """

        def change(plan: CutoverPlan, run: Run, now: datetime) -> Run:
            task = _task(plan, task_id)
            if origin.user_id not in {task.owner, *plan.deciders}:
                raise NotTheOwner(permission=f"task:{task_id}", task_id=task_id, owner=task.owner)
            return hands.done_by_hand(run, task_id, origin.user_id, now, passed=passed, result=result)

        return self._change(run_id, origin, "task_ended", change, task_id)

    def vote(self, run_id: str, task_id: str, verdict: Verdict, origin: Origin, *, seen: str, comment: str) -> Found:
        """Approve, or refuse, what a gate shows.

        Raises:
            RunNotFound, TaskNotFound, WrongTaskState; and as ``decide`` of the room of approvals.
        """

        def change(plan: CutoverPlan, run: Run, now: datetime) -> Run:
            _task(plan, task_id)
            found = run.of(task_id)
            if found.approval is None:
                raise WrongTaskState(task_id=task_id, state=found.state.value)
            decider = Decider(origin.user_id)
            said = decide(found.approval, decider, verdict, seen=seen, at=now, comment=comment)
            return run.with_task(task_id, replace(found, approval=said))

        return self._change(run_id, origin, "voted", change, f"{task_id}: {comment}"[:500])

    def again(self, run_id: str, task_id: str, origin: Origin) -> Found:
        """Do a task again: one that failed or is uncertain, or one that is done and that nothing follows yet.

        Raises:
            RunNotFound, TaskNotFound, WrongTaskState
        """

        def change(plan: CutoverPlan, run: Run, _: datetime) -> Run:
            _task(plan, task_id)
            is_done = run.of(task_id).state is TaskState.DONE and run.state is not RunState.ROLLING_BACK
            return hands.redone(plan, run, task_id) if is_done else hands.again(run, task_id)

        return self._change(run_id, origin, "task_again", change, task_id)

    def skip(self, run_id: str, task_id: str, reason: str, origin: Origin) -> Found:
        """Go on without a task.

        Raises:
            RunNotFound, TaskNotFound, OnlyDeciders, WrongTaskState
        """

        def change(plan: CutoverPlan, run: Run, now: datetime) -> Run:
            _task(plan, task_id)
            _decides(plan, origin.user_id)
            return hands.skipped(run, task_id, origin.user_id, now, reason)

        return self._change(run_id, origin, "task_skipped", change, f"{task_id}: {reason}"[:500])

    def roll_back(self, run_id: str, reason: str, origin: Origin) -> Found:
        """Go back.

        Raises:
            RunNotFound, OnlyDeciders, PastNoReturn, WrongRunState
        """

        def change(plan: CutoverPlan, run: Run, _: datetime) -> Run:
            _decides(plan, origin.user_id)
            if run.state in {RunState.ROLLING_BACK, RunState.ROLLED_BACK} and run.reason == reason:
                return run
            return hands.roll_back(plan, run, reason)

        return self._change(run_id, origin, "rollback_decided", change, reason)

    def tell_progress(self, run_id: str, percent: int, origin: Origin) -> Found:
        """Say how far the migration is; it never goes back.

        Raises:
            RunNotFound
        """

        def change(_: CutoverPlan, run: Run, now: datetime) -> Run:
            had = run.moved.percent if run.moved else -1
            return run if percent <= had else replace(run, moved=Moved(percent, now, origin.user_id))

        return self._change(run_id, origin, "progress_told", change, f"{percent} %")

    # --- inside ----------------------------------------------------------------------------------------------------

    def _change(self, run_id: str, origin: Origin, action: str, change: Change, reason: str) -> Found:
        runs = Runs(self.store, self.clock, origin)
        found = runs.change(run_id, action, change, reason)
        token = self.store.token(origin.tenant_id, run_id)
        if token is not None:
            self.waker.wake(token)
        return found


@dataclass(frozen=True, slots=True)
class Runs:
    """Changes runs for one origin."""

    store: Cutovers
    clock: Clock
    origin: Origin

    def change(self, run_id: str, action: str, change: Change, reason: str = "") -> Found:
        """Change a run, with everything that follows from it at once; who comes second looks again.

        Raises:
            RunNotFound, VersionConflict; and as ``change``.
        """
        for attempt in range(TRIES):
            found = self.store.run(self.origin.tenant_id, run_id)
            if found is None:
                raise RunNotFound(run_id=run_id)
            commit = self._commit(found, action, change, reason)
            if commit is None:
                return found
            try:
                return replace(found, run=self.store.save(commit))
            except VersionConflict:
                if attempt == TRIES - 1:
                    raise
        raise AssertionError

    def _commit(self, found: Found, action: str, change: Change, reason: str) -> Commit[Run] | None:
        now, before = self.clock(), found.run.value
        wanted = change(found.plan, before, now)
        after = model.advance(found.plan, wanted, now)
        if after == before:
            return None
        said = action if wanted != before else "went_on"
        commands = (_to_launch(after),) if after.turn != before.turn else ()
        events = tuple(_events(found.plan, before, after, self.origin))
        timers = _timers(before, after, now)
        return Commit(self.origin, said, after, found.run, events, commands, timers, reason)


def smoke_tasks(plan: CutoverPlan, wanted: Sequence[str]) -> Iterator[tuple[str, Scenario]]:
    """Yield the smoke tasks of a plan that have an action: those that are named, or all.

    Raises:
        TaskNotFound: one that is named is no such task.
    """
    known = {task.task_id: task.action for task in plan.tasks if task.kind is TaskKind.SMOKE and task.action}
    for name in wanted or known:
        if name not in known:
            raise TaskNotFound(task_id=name)
        yield name, known[name]


def _events(plan: CutoverPlan, before: Run, after: Run, origin: Origin) -> Iterator[Envelope]:
    if after.is_over and not before.is_over:
        over = CutoverEnded(
            go_live_id=after.go_live_id,
            run_id=after.run_id,
            rehearsal=after.rehearsal,
            state=after.state.value,
            reason=after.reason,
        )
        yield over.envelope(origin)
    if after.state is not before.state:
        kind = {RunState.HELD: "held", RunState.ROLLING_BACK: "rolling_back", RunState.ROLLED_BACK: "rolled_back"}
        if after.state in kind:
            yield _notice(plan, after, kind[after.state], after.reason).envelope(origin)
    told = {"behind": set(after.behind) - set(before.behind), "late": set(after.late) - set(before.late)}
    for what, names in told.items():
        for name in sorted(names):
            yield _notice(plan, after, what, name).envelope(origin)
    for task in plan.tasks:
        asked, had = after.of(task.task_id), before.of(task.task_id)
        if asked.state is TaskState.READY and (had.state is not TaskState.READY or asked.attempt != had.attempt):
            yield _notice(plan, after, "waits", task.task_id).envelope(origin)


def _timers(before: Run, after: Run, now: datetime) -> tuple[SetTimer, ...]:
    """Begin what comes after the go-live when the real cut-over ended well; stop it when one was taken back."""
    if after.rehearsal or before.is_over or not after.is_over:
        return ()
    subject = aftercare_subject(after.go_live_id)
    if after.state is RunState.DONE:
        return (SetTimer(subject, AFTERCARE_BEGIN, now, {"run_id": after.run_id}),)
    return (SetTimer(subject, AFTERCARE_STOP, now, {"reason": after.reason}),)


SEVERITIES = {"late": Severity.WARNING, "waits": Severity.INFO}
"""Of what is told; everything else is CRITICAL."""


def _notice(plan: CutoverPlan, run: Run, kind: str, about: str) -> NoticeRequested:
    task = plan.task(about)
    owner = (task.owner,) if task and kind == "waits" else ()
    return NoticeRequested(
        notice_type=f"golive.cutover_{kind}",
        severity=SEVERITIES.get(kind, Severity.CRITICAL),
        subject=f"cutover/{run.run_id}",
        facts={
            "run_id": run.run_id,
            "rehearsal": run.rehearsal,
            "state": run.state.value,
            "reason": about if task is None else f"{task.en} / {task.zh}",
            "task_id": "" if task is None else task.task_id,
        },
        users=owner or plan.deciders,
        dedupe_key=f"{run.run_id}/{kind}/{about}/{run.of(about).attempt if task else run.turn}"[:200],
    )


def _task(plan: CutoverPlan, task_id: str) -> Task:
    found = plan.task(task_id)
    if found is None:
        raise TaskNotFound(task_id=task_id)
    return found


def _decides(plan: CutoverPlan, user: str) -> None:
    if user not in plan.deciders:
        raise OnlyDeciders(permission="cutover:decide", deciders=", ".join(plan.deciders))


def _to_launch(run: Run) -> Command:
    return Command(QUEUE, {"runId": run.run_id, "turn": run.turn})
