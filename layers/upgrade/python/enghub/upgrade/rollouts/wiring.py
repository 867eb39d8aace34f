"""Builds the use cases of roll-outs, once per process."""

from functools import cache
from typing import TYPE_CHECKING

from enghub.upgrade.rollouts.dynamo import DynamoRollouts
from enghub.upgrade.rollouts.service import Rollouts
from enghub.upgrade.sites.wiring import sites

if TYPE_CHECKING:
    from enghub.upgrade.rollouts.workflow import Fleet


@cache
def rollouts() -> Rollouts:
    """Return what people do with roll-outs."""
    return Rollouts(DynamoRollouts(), sites())


@cache
def fleet() -> "Fleet":
    """Return what the state machine does."""
    from enghub.upgrade.executions.dynamo import DynamoExecutions  # noqa: PLC0415 - people's functions start no site
    from enghub.upgrade.executions.wiring import upgrades  # noqa: PLC0415
    from enghub.upgrade.rollouts.workflow import Fleet  # noqa: PLC0415

    return Fleet(DynamoRollouts(), DynamoExecutions(), upgrades(), sites())
