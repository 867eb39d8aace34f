"""Builds the services of this context from their ports, once per process."""

from dataclasses import dataclass
from functools import cache

from enghub.core import config
from enghub.core.clock import system_clock
from enghub.plm.changes.dynamo import DynamoChangeOrders
from enghub.plm.changes.service import Changes
from enghub.plm.connections.store import Connections
from enghub.plm.products.dynamo import DynamoProducts
from enghub.plm.products.service import ProductCatalogue, ProductImport
from enghub.plm.syncs.dynamo import DynamoSyncRuns
from enghub.plm.syncs.service import Launching, PlmSteps, Syncs, SyncSteps


@dataclass(frozen=True, slots=True)
class LaunchConfig:
    """Where sync runs are executed."""

    state_machine_arn_sync_products: str


def connections() -> Connections:
    """Return the PLM connections of this stage."""
    return Connections.here()


@cache
def changes() -> Changes:
    """Return the engineering changes."""
    return Changes(DynamoChangeOrders(), system_clock)


@cache
def products() -> ProductCatalogue:
    """Return the product mappings."""
    return ProductCatalogue(DynamoProducts())


@cache
def syncs() -> Syncs:
    """Return the requests and reports of sync runs."""
    return Syncs(DynamoSyncRuns(), system_clock)


@cache
def sync_steps() -> SyncSteps:
    """Return the workflow steps that need no PLM."""
    return SyncSteps(DynamoSyncRuns(), system_clock)


def launching() -> Launching:
    """Return what starts executions."""
    from enghub.plm.gateways.workflow import StateMachine  # noqa: PLC0415 - only two functions start executions

    return Launching(syncs(), StateMachine(config.load(LaunchConfig).state_machine_arn_sync_products))


@cache
def plm_steps() -> PlmSteps:
    """Return the workflow steps that call the PLM."""
    from enghub.plm.gateways.plm_rest import RestPlms  # noqa: PLC0415 - httpx is heavy, only these steps need it

    return PlmSteps(DynamoSyncRuns(), RestPlms(connections()), ProductImport(DynamoProducts()), system_clock)
