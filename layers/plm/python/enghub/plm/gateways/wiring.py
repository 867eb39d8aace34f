"""Builds the workflow steps that call the PLM; apart from the others because an HTTP client is slow to import."""

from functools import cache

from enghub.core.clock import system_clock
from enghub.plm.connections.store import Connections
from enghub.plm.gateways.plm_rest import RestPlms
from enghub.plm.products.dynamo import DynamoProducts
from enghub.plm.products.imports import ProductImport
from enghub.plm.syncs.dynamo import DynamoSyncRuns
from enghub.plm.syncs.plm_steps import PlmSteps


@cache
def plm_steps() -> PlmSteps:
    """Return the workflow steps that call the PLM."""
    return PlmSteps(DynamoSyncRuns(), RestPlms(Connections.here()), ProductImport(DynamoProducts()), system_clock)
