"""Builds the use cases of runbooks, once per process, and does what the hub does in a run."""

from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING

from enghub.core.clock import system_clock
from enghub.core.lazy import lazy
from enghub.core.setup.service import Setup
from enghub.core.timers.model import DueTimer
from enghub.golive.gateways.secrets import database_secret
from enghub.golive.incidents.wiring import incidents
from enghub.golive.parking import dynamo as parking
from enghub.golive.parking.model import SWEEP_AFTER, proof
from enghub.golive.probes.model import Outcome as Measured
from enghub.golive.probes.model import Probe, Reading, unmet
from enghub.golive.runbooks import dynamo
from enghub.golive.runbooks.library import Library
from enghub.golive.runbooks.model import PARKED_EVENTS, Recovery, Run, Runbook, Step, StepKind, check
from enghub.golive.runbooks.service import Outcome, RunbookRuns
from enghub.golive.wiring import machine

if TYPE_CHECKING:
    from enghub.golive.gateways import probes as asking
    from enghub.golive.gateways import scenarios as http_scenarios
    from enghub.kit.outbound import calls, stage
else:
    asking = lazy("enghub.golive.gateways.probes")
    http_scenarios = lazy("enghub.golive.gateways.scenarios")
    calls = lazy("enghub.kit.outbound.calls")
    stage = lazy("enghub.kit.outbound.stage")

MOST_RUNBOOKS = 200


@cache
def setup() -> Setup[Runbook]:
    """Return what stores and deletes a tenant's runbooks."""
    return Setup("runbook", dynamo.runbooks(), MOST_RUNBOOKS, check)


@cache
def library() -> Library:
    """Return what finds runbooks."""
    return Library(dynamo.runbooks())


@cache
def runs() -> RunbookRuns:
    """Return the use cases of runs."""
    return RunbookRuns(dynamo.DynamoRuns(), incidents(), library().get, _perform, _measure, system_clock)


def late(due: DueTimer) -> None:
    """Note and tell that something takes longer than it should; the timers' effect."""
    runs().late(due, machine(due.tenant_id, system_clock()))


@cache
def probes() -> "asking.Probes":
    """Return what asks probes."""
    return asking.Probes(calls.Outbound(stage.stage_policy(plain_http=True)), database_secret, system_clock)


@cache
def scenarios() -> "http_scenarios.Scenarios":
    """Return what runs HTTP scenarios."""
    return http_scenarios.Scenarios(calls.Outbound(stage.stage_policy(plain_http=True)), database_secret)


def _perform(run: Run, step: Step, attempt: int) -> Outcome:
    match step.kind:
        case StepKind.SCENARIO if step.scenario is not None:
            values = {"runId": run.run_id, "incidentId": run.incident_id, "attempt": str(attempt)}
            key = f"{run.run_id}-{step.step_id}-{attempt}"
            report = scenarios().run(run.tenant_id, step.scenario, {**values, "idempotencyKey": key})
            return Outcome(report.passed, report.said)
        case StepKind.PROBE if step.probe is not None:
            return _judged(probes().read(run.tenant_id, step.probe), step)
        case StepKind.PARK:
            now = system_clock()
            count = parking.note(run.tenant_id, run.run_id, parking.waiting(run.tenant_id, now), now)
            return Outcome(passed=True, said=f"parked {count}")
        case StepKind.PROVE:
            waiting = frozenset(one.event_id for one in parking.waiting(run.tenant_id, system_clock()))
            parked = parking.parked(run.tenant_id, run.run_id)
            found = proof(parked, waiting, parking.heard(run.tenant_id, [one.event_id for one in parked]))
            return Outcome(found.holds, str(found))
    raise AssertionError(step.kind)


def _judged(reading: Reading, step: Step) -> Outcome:
    if reading.outcome is Measured.FAILED:
        return Outcome(passed=False, said=reading.facts.get("reason", "nothing was measured"))
    missed = unmet(step.criteria, reading.measures)
    said = ", ".join(f"{name} {value}" for name, value in sorted(reading.measures.items()))
    wanted = ", ".join(map(str, missed))
    return Outcome(not missed, f"{said}; wanted is {wanted}" if missed else said)


def _measure(run: Run, _: Recovery, probe: Probe | None) -> Reading:
    """Ask the probe; without one, count the hub's own events that this run found parked, or that wait for long."""
    if probe is not None:
        return probes().read(run.tenant_id, probe)
    now = system_clock()
    own = {one.event_id for one in parking.parked(run.tenant_id, run.run_id)}
    waiting = parking.waiting(run.tenant_id, now)
    stuck = [one for one in waiting if one.event_id in own or now - one.since > SWEEP_AFTER]
    return Reading(Measured.READ, {PARKED_EVENTS: Decimal(len(stuck))})
