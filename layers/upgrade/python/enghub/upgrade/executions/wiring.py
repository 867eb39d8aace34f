"""Builds the use cases of executions, and of their workflow."""

from functools import cache

from enghub.upgrade.executions.dynamo import DynamoExecutions
from enghub.upgrade.executions.service import Upgrades, Workflow
from enghub.upgrade.planning.wiring import planner


@cache
def upgrades() -> Upgrades:
    """Return the use cases of executions."""
    return Upgrades(DynamoExecutions(), planner())


@cache
def workflow() -> Workflow:
    """Return what the state machine does besides slices."""
    return Workflow(DynamoExecutions())
