"""Builds the sync services from their ports, once per process; what calls the PLM is in ``gateways.wiring``."""

from functools import cache

from enghub.core.clock import system_clock
from enghub.plm.syncs.dynamo import DynamoSyncRuns
from enghub.plm.syncs.service import Syncs, SyncSteps


@cache
def syncs() -> Syncs:
    """Return the requests and reports of sync runs."""
    return Syncs(DynamoSyncRuns(), system_clock)


@cache
def steps() -> SyncSteps:
    """Return the workflow steps that need no PLM."""
    return SyncSteps(DynamoSyncRuns(), system_clock)
