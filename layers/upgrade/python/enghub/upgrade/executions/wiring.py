"""Builds the use cases of executions, once per process."""

from functools import cache
from typing import TYPE_CHECKING

from enghub.upgrade.executions.admission import Admission
from enghub.upgrade.executions.dynamo import DynamoExecutions
from enghub.upgrade.executions.reading import Reports
from enghub.upgrade.executions.workflow import Workflow
from enghub.upgrade.queue.wiring import queue
from enghub.upgrade.sites.wiring import sites

if TYPE_CHECKING:
    from enghub.upgrade.executions.service import Upgrades


@cache
def upgrades() -> "Upgrades":
    """Return what people do with executions."""
    from enghub.upgrade.executions.service import Upgrades  # noqa: PLC0415 - tasks of the workflow plan nothing
    from enghub.upgrade.planning.wiring import planner  # noqa: PLC0415

    return Upgrades(DynamoExecutions(), planner(), queue())


@cache
def workflow() -> Workflow:
    """Return what the state machine does besides slices."""
    return Workflow(DynamoExecutions())


@cache
def reports() -> Reports:
    """Return the readers' side of reports."""
    return Reports(DynamoExecutions())


@cache
def admission() -> Admission:
    """Return who lets waiting executions begin."""
    return Admission(DynamoExecutions(), queue(), sites())
