"""Builds the sync service from its ports, once per process; the workflow's steps are in ``gateways.wiring``."""

from functools import cache

from enghub.core.clock import system_clock
from enghub.plm.syncs.dynamo import DynamoSyncRuns
from enghub.plm.syncs.service import Syncs


@cache
def syncs() -> Syncs:
    """Return the requests and reports of sync runs."""
    return Syncs(DynamoSyncRuns(), system_clock)
