"""Builds the forecasts, once per process."""

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from enghub.upgrade.forecasts.service import Forecasts


@cache
def forecasts() -> "Forecasts":
    """Return the use case."""
    from enghub.upgrade.executions.dynamo import DynamoExecutions  # noqa: PLC0415 - who plans needs it once
    from enghub.upgrade.forecasts.service import Forecasts  # noqa: PLC0415
    from enghub.upgrade.sites.dynamo import DynamoSites  # noqa: PLC0415

    return Forecasts(DynamoExecutions(), DynamoSites())
