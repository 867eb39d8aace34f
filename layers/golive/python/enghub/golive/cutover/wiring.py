"""Builds what cut-overs need, once per process."""

from functools import cache
from typing import TYPE_CHECKING

from enghub.core.clock import system_clock
from enghub.core.lazy import lazy
from enghub.golive.cutover.dynamo import DynamoCutovers
from enghub.golive.cutover.execution import Executions
from enghub.golive.cutover.ramping import Ramping
from enghub.golive.cutover.service import CutoverService
from enghub.golive.gateways.secrets import database_secret
from enghub.golive.gateways.workflows import StateMachine
from enghub.golive.readiness.summary import Summary

if TYPE_CHECKING:
    from enghub.golive.gateways import scenarios as http_scenarios
    from enghub.golive.ramps import wiring as ramps
    from enghub.golive.readiness import wiring as readiness
    from enghub.kit.outbound import calls, stage
else:
    http_scenarios = lazy("enghub.golive.gateways.scenarios")
    ramps = lazy("enghub.golive.ramps.wiring")
    readiness = lazy("enghub.golive.readiness.wiring")
    calls = lazy("enghub.kit.outbound.calls")
    stage = lazy("enghub.kit.outbound.stage")


@cache
def cutovers() -> CutoverService:
    """Return the use cases of plans and runs."""
    return CutoverService(DynamoCutovers(system_clock), _summary, StateMachine(), system_clock)


@cache
def executions() -> Executions:
    """Return the tasks of the state machine."""
    machine = StateMachine()
    ramping = Ramping(ramps.ramps)
    return Executions(DynamoCutovers(system_clock), scenarios().run, machine, machine, system_clock, ramping)


@cache
def scenarios() -> "http_scenarios.Scenarios":
    """Return what runs HTTP scenarios."""
    return http_scenarios.Scenarios(calls.Outbound(stage.stage_policy(plain_http=True)), database_secret)


def _summary(tenant_id: str, go_live_id: str) -> Summary:
    return readiness.go_lives().summary_of(tenant_id, go_live_id)[0]
