"""Builds the steps of the sync workflow from their ports, once per process."""

from functools import cache

from enghub.core.clock import system_clock
from enghub.plm.connections.store import Connections
from enghub.plm.gateways.plm_rest import RestPlms
from enghub.plm.products.dynamo import DynamoProducts
from enghub.plm.products.gone.dynamo import DynamoGone
from enghub.plm.products.imports import ProductImport
from enghub.plm.products.journal import DynamoJournal
from enghub.plm.setup.wiring import setup
from enghub.plm.syncs.aftermath import Aftermath
from enghub.plm.syncs.dynamo import DynamoSyncRuns
from enghub.plm.syncs.plm_steps import PlmSteps
from enghub.plm.syncs.steps import SyncSteps


@cache
def plm_steps() -> PlmSteps:
    """Return the workflow steps that call the PLM."""
    return PlmSteps(DynamoSyncRuns(), RestPlms(Connections.here()), _products(), system_clock, DynamoGone())


@cache
def steps() -> SyncSteps:
    """Return the workflow steps that need no PLM."""
    return SyncSteps(
        DynamoSyncRuns(), system_clock, lambda tenant_id, name: setup().rules(tenant_id, name).value.overlap
    )


@cache
def aftermath() -> Aftermath:
    """Return what happens after a run."""
    return Aftermath(DynamoSyncRuns(), DynamoJournal(), DynamoGone(), system_clock)


def _products() -> ProductImport:
    return ProductImport(DynamoProducts(), rules=lambda tenant_id, name: setup().rules(tenant_id, name).value.identity)
