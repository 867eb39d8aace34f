"""Builds the use cases of executions, once per process."""

from functools import cache
from typing import TYPE_CHECKING

from enghub.upgrade.executions.dynamo import DynamoExecutions
from enghub.upgrade.executions.reading import Reports

if TYPE_CHECKING:
    from enghub.upgrade.executions.admission import Admission
    from enghub.upgrade.executions.service import Upgrades
    from enghub.upgrade.executions.workflow import Workflow


@cache
def upgrades() -> "Upgrades":
    """Return what people do with executions."""
    from enghub.upgrade.drift.wiring import drifts  # noqa: PLC0415 - tasks of the workflow plan nothing
    from enghub.upgrade.executions.service import Upgrades  # noqa: PLC0415
    from enghub.upgrade.planning.wiring import planner  # noqa: PLC0415
    from enghub.upgrade.promotion.dynamo import DynamoProofs  # noqa: PLC0415
    from enghub.upgrade.queue.wiring import queue  # noqa: PLC0415

    return Upgrades(DynamoExecutions(), planner(), queue(), DynamoProofs(), drifts())


@cache
def workflow() -> "Workflow":
    """Return what the state machine does besides slices."""
    from enghub.upgrade.executions.workflow import Workflow  # noqa: PLC0415 - readers work nothing

    return Workflow(DynamoExecutions())


@cache
def reports() -> Reports:
    """Return the readers' side of reports."""
    return Reports(DynamoExecutions())


@cache
def admission() -> "Admission":
    """Return who lets waiting executions begin."""
    from enghub.upgrade.executions.admission import Admission  # noqa: PLC0415
    from enghub.upgrade.queue.wiring import queue  # noqa: PLC0415
    from enghub.upgrade.sites.wiring import sites  # noqa: PLC0415

    return Admission(DynamoExecutions(), queue(), sites())
