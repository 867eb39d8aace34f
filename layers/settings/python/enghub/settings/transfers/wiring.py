"""Builds what imports and exports configuration, once per process."""

from functools import cache

from enghub.settings.configs import wiring
from enghub.settings.transfers.dynamo import DynamoExportLog
from enghub.settings.transfers.service import Transfers


@cache
def transfers() -> Transfers:
    """Return the use cases of files."""
    return Transfers(wiring.configs(), DynamoExportLog())
