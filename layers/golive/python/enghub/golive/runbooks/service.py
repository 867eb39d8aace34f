"""What people do with runbooks: follow them from an incident, every action on its timeline (OPS-13)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from enghub.core import ids
from enghub.core.claims import Claim
from enghub.core.clock import Clock
from enghub.core.commits import Commit
from enghub.core.errors import VersionConflict
from enghub.core.identity import Origin
from enghub.core.timers.model import DueTimer
from enghub.golive.incidents.draft import LEADS, Draft
from enghub.golive.incidents.model import IncidentState
from enghub.golive.incidents.service import BROKEN, Incidents
from enghub.golive.probes.model import Probe, Reading
from enghub.golive.published import RunbookEnded
from enghub.golive.purposes import RUNBOOK_LATE, STEP_LATE
from enghub.golive.runbooks import model
from enghub.golive.runbooks.errors import NoRecoveryProbe, RecoveryNotProved, RunbookGoesOn, RunbookRunNotFound
from enghub.golive.runbooks.model import Progress, Recovery, Run, Runbook, RunState, Step, StepState
from enghub.golive.runbooks.repository import Found, Runs, Versioned

TRIES = 8
Change = Callable[[Found, datetime], Run]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an automatic step."""

    passed: bool
    said: str


@dataclass(frozen=True, slots=True)
class Noted:
    """What an action is called, and what the timeline says of it."""

    kind: str
    said: Mapping[str, Any]
    more: Callable[[Draft, Found, Run], None] = lambda *_: None
    """Timers and notices that go with it."""


@dataclass(frozen=True, slots=True)
class RunbookRuns:
    """The use cases of runs."""

    store: Runs
    incidents: Incidents
    runbook: Callable[[str, str, int | None], Versioned]
    """From tenant, name and version. Raises RunbookNotFound."""
    perform: Callable[[Run, Step, int], Outcome]
    """Does an automatic step; the number is its attempt."""
    measure: Callable[[Run, Recovery, Probe | None], Reading]
    """Measures recovery."""
    clock: Clock
    new_id: Callable[[datetime], str] = ids.new_id

    def found(self, tenant_id: str, run_id: str) -> Found:
        """Return a run with its runbook.

        Raises:
            RunbookRunNotFound
        """
        found = self.store.run(tenant_id, run_id)
        if found is None:
            raise RunbookRunNotFound(run_id=run_id)
        return found

    def start(
        self, incident_id: str, runbook_id: str, version: int | None, origin: Origin, claim: Claim | None
    ) -> Found:
        """Follow a runbook: the version is frozen, the time of recovery runs.

        Raises:
            IncidentNotFound, NotInThatState, RunbookNotFound, RunbookGoesOn
        """
        tenant_id = origin.tenant_id
        incident = self.incidents.get(tenant_id, incident_id)
        incident.value.demand("follow a runbook", *BROKEN, IncidentState.RESOLVED)
        wanted = self.runbook(tenant_id, runbook_id, version)
        goes_on = self.store.active(tenant_id, incident_id, runbook_id)
        if goes_on is not None and claim is None:
            raise RunbookGoesOn(run_id=goes_on)
        due = origin.at + timedelta(minutes=wanted.runbook.minutes)
        names = (tenant_id, self.new_id(origin.at), incident_id, runbook_id, wanted.version)
        run = Run(*names, origin.at, origin.user_id, due)
        kept, writes = self.store.begin(Commit(origin, "started", run), wanted.runbook)

        def fill(draft: Draft) -> None:
            said = {"runbook": runbook_id, "version": wanted.version, "run": run.run_id, "expected": due}
            draft.note("runbook_started", **said)
            draft.wake(run.subject, RUNBOOK_LATE, due)

        self.incidents.lead(incident, "runbook_started", origin, fill, more=writes, claim=claim, answered=run)
        return Found(kept, wanted.runbook)

    def begin_step(self, run_id: str, step_id: str, origin: Origin) -> Found:
        """Set out to do a step; the hub does an automatic one at once, after its attempt was stored.

        Raises:
            RunbookRunNotFound, StepNotFound, WrongRunbookState, WrongStepState, StepUncertain
        """
        found = self.found(origin.tenant_id, run_id)
        step = found.runbook.step(step_id)

        def limit(draft: Draft, _: Found, after: Run) -> None:
            until = model.limit_of(after, step)
            if until is not None:
                draft.wake(step_subject(after, step), STEP_LATE, until)

        def begin(one: Found, now: datetime) -> Run:
            return model.begun(one.run.value, step, origin.user_id, now)

        found = self._change(run_id, origin, Noted("runbook_step_begun", {"step": step_id}, limit), begin)
        if not step.is_automatic or found.run.value.of(step_id).state is not model.StepState.BEGUN:
            return found
        outcome = self.perform(found.run.value, step, found.run.value.of(step_id).attempt)
        return self.end_step(run_id, step_id, origin, passed=outcome.passed, result=outcome.said)

    def end_step(self, run_id: str, step_id: str, origin: Origin, *, passed: bool, result: str) -> Found:
        """Say what became of a step.

        Raises:
            RunbookRunNotFound, StepNotFound, WrongRunbookState, WrongStepState
        """
        step = self.found(origin.tenant_id, run_id).runbook.step(step_id)
        kind = "runbook_step_done" if passed else "runbook_step_failed"

        def end(one: Found, now: datetime) -> Run:
            return model.ended(one.run.value, step, origin.user_id, now, passed=passed, result=result)

        noted = Noted(kind, {"step": step_id, "result": result[: model.RESULT_CHARS]}, _rested(step))
        return self._change(run_id, origin, noted, end)

    def skip_step(self, run_id: str, step_id: str, reason: str, origin: Origin) -> Found:
        """Go on without a step.

        Raises:
            RunbookRunNotFound, StepNotFound, WrongRunbookState, WrongStepState
        """
        step = self.found(origin.tenant_id, run_id).runbook.step(step_id)

        def skip(one: Found, now: datetime) -> Run:
            return model.skipped(one.run.value, step, origin.user_id, now, reason)

        noted = Noted("runbook_step_skipped", {"step": step_id, "reason": reason}, _rested(step))
        return self._change(run_id, origin, noted, skip)

    def recover(self, run_id: str, probe: Probe | None, origin: Origin) -> Found:
        """Measure, and end the run where the measure proves that it is over; where not, the timeline says so, too.

        Raises:
            RunbookRunNotFound, WrongRunbookState, StepsLeft, NoRecoveryProbe, RecoveryNotProved
        """
        found = self.found(origin.tenant_id, run_id)
        run, recovery = found.run.value, found.runbook.recovery
        if run.state is RunState.RECOVERED:
            return found
        wanted = recovery.criterion
        if probe is None and recovery.probe is None and not recovery.is_own:
            raise NoRecoveryProbe(measure=wanted.measure)
        reading = self.measure(run, recovery, probe or recovery.probe)
        measures = reading.measures
        measured = f"{wanted.measure} {measures.get(wanted.measure, reading.facts.get('reason', '-'))}"
        said = {"measured": measured, "wanted": str(wanted)}
        if not wanted.holds(measures.get(wanted.measure)):
            run.demand()
            incident = self.incidents.get(origin.tenant_id, run.incident_id)
            self.incidents.lead(
                incident, "noted", origin, lambda draft: draft.note("runbook_not_recovered", run=run_id, **said)
            )
            raise RecoveryNotProved(**said)

        def recovered(one: Found, now: datetime) -> Run:
            return model.recovered(one.runbook, one.run.value, origin.user_id, now, measures)

        return self._change(run_id, origin, Noted("runbook_recovered", said, _over), recovered)

    def abandon(self, run_id: str, reason: str, origin: Origin) -> Found:
        """Follow it no more.

        Raises:
            RunbookRunNotFound, WrongRunbookState
        """

        def abandon(one: Found, now: datetime) -> Run:
            return model.abandoned(one.run.value, origin.user_id, now, reason)

        return self._change(run_id, origin, Noted("runbook_abandoned", {"reason": reason}, _over), abandon)

    # --- timers ------------------------------------------------------------------------------------------------------

    def late(self, due: DueTimer, origin: Origin) -> None:
        """Note and tell that recovery, or a step, takes longer than it should; the effect of their timers."""
        _, run_id, *step_id = due.subject.split("/")
        found = self.found(due.tenant_id, run_id)

        def tell(draft: Draft, one: Found, _: Run) -> None:
            step = one.runbook.step(step_id[0]) if step_id else None
            _told(draft, one, step, due.version)

        def change(one: Found, now: datetime) -> Run:
            run = one.run.value
            if not step_id:
                return replace(run, late_at=now) if run.state is RunState.RUNNING else run
            progress = run.of(step_id[0])
            if progress.state is not StepState.BEGUN:
                return run
            return run.with_step(step_id[0], replace(progress, late_at=now))

        said = {"step": step_id[0]} if step_id else {"expected": found.run.value.due}
        self._change(run_id, origin, Noted(due.purpose, said, tell), change, due)

    # --- inside ------------------------------------------------------------------------------------------------------

    def _change(self, run_id: str, origin: Origin, noted: Noted, change: Change, due: DueTimer | None = None) -> Found:
        """Change a run together with the timeline; who comes second looks again."""
        for attempt in range(TRIES):
            found = self.found(origin.tenant_id, run_id)
            before = found.run.value
            after = change(found, self.clock())
            if after == before:
                if due is not None:
                    self.store.rest(due, self.clock())
                return found
            try:
                return self._stored(found, after, origin, noted, due)
            except VersionConflict:
                if attempt == TRIES - 1:
                    raise
        raise AssertionError

    def _stored(self, found: Found, after: Run, origin: Origin, noted: Noted, due: DueTimer | None) -> Found:
        incident = self.incidents.get(origin.tenant_id, after.incident_id)
        events = () if after.state is found.run.value.state else (_ended(found.runbook, after).envelope(origin),)
        commit = Commit(origin, noted.kind.removeprefix("runbook_"), after, found.run, events=events)
        kept, writes = self.store.change(commit)

        def fill(draft: Draft) -> None:
            draft.note(noted.kind, run=after.run_id, **noted.said)
            noted.more(draft, found, after)

        self.incidents.lead(incident, noted.kind, origin, fill, more=writes, due=due)
        return replace(found, run=kept)


def step_subject(run: Run, step: Step) -> str:
    """Return a step's name among timers."""
    return f"{run.subject}/{step.step_id}"


def _rested(step: Step) -> Callable[[Draft, Found, Run], None]:
    def rest(draft: Draft, _: Found, after: Run) -> None:
        if step.minutes:
            draft.rest(step_subject(after, step), STEP_LATE)

    return rest


def _over(draft: Draft, found: Found, after: Run) -> None:
    draft.rest(after.subject, RUNBOOK_LATE)
    for step in found.runbook.steps:
        progress: Progress = found.run.value.of(step.step_id)
        if step.minutes and progress.state is StepState.BEGUN:
            draft.rest(step_subject(after, step), STEP_LATE)


def _told(draft: Draft, found: Found, step: Step | None, version: str) -> None:
    runbook, run = found.runbook, found.run.value
    facts: dict[str, Any] = {
        "run_id": run.run_id,
        "runbook": f"{runbook.en} / {runbook.zh}",
        "minutes": step.minutes if step else runbook.minutes,
    }
    if step is not None:
        facts["step"] = f"{step.en} / {step.zh}"
    commander = draft.incident.roles.get("COMMANDER")
    users = tuple(dict.fromkeys((run.started_by, *((commander,) if commander else ()))))
    draft.tell("golive.runbook_late", f"runbook/{run.run_id}/{version}", facts, users=users, roles=LEADS)


def _ended(runbook: Runbook, run: Run) -> RunbookEnded:
    took = (run.ended_at or run.started_at) - run.started_at
    return RunbookEnded(
        run_id=run.run_id,
        runbook_id=run.runbook_id,
        version=run.version,
        incident_id=run.incident_id,
        state=run.state.value,
        minutes=-int(-took.total_seconds() // 60),
        expected_minutes=runbook.minutes,
        proof=run.proof,
        reason=run.reason,
    )
