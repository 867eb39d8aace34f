"""Builds the steps of the sync workflow from their ports, once per process."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from enghub.core.clock import system_clock
from enghub.core.lazy import lazy
from enghub.plm.connections.model import Protocol
from enghub.plm.connections.rules import ConnectionRules
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
from enghub.plm.syncs.repository import Plm, Plms
from enghub.plm.syncs.steps import SyncSteps

if TYPE_CHECKING:
    from enghub.plm.gateways import calls, exchange, plm_file, plm_soap
else:
    calls = lazy("enghub.plm.gateways.calls")
    exchange = lazy("enghub.plm.gateways.exchange")
    plm_file = lazy("enghub.plm.gateways.plm_file")
    plm_soap = lazy("enghub.plm.gateways.plm_soap")


@cache
def plm_steps() -> PlmSteps:
    """Return the workflow steps that call the PLM."""
    connections = Connections.here()
    plms = ByProtocol(connections, RestPlms(connections), _soap)
    files = lambda run: plm_file.FilePlm(exchange.bucket(), run)  # noqa: E731
    return PlmSteps(DynamoSyncRuns(), plms, _products(), system_clock, DynamoGone(), files)


@dataclass(frozen=True, slots=True)
class ByProtocol:
    """The ``Plms`` of ``syncs.repository``: each connection by what it speaks; what speaks SOAP is loaded for it."""

    connections: Connections
    rest: Plms
    soap: Callable[[], Plms]

    def of(self, connection: str, tenant_id: str) -> Plm:
        """See Plms."""
        speaks = self.connections.api(connection, tenant_id).protocol
        plms = self.soap() if speaks is Protocol.SOAP else self.rest
        return plms.of(connection, tenant_id)


def _soap() -> Plms:
    ways = calls.plm_calls()
    return plm_soap.SoapPlms(ways.connections, ways.outbound, lambda tenant_id, name: _rules(tenant_id, name).zone)


@cache
def steps() -> SyncSteps:
    """Return the workflow steps that need no PLM."""
    return SyncSteps(DynamoSyncRuns(), system_clock, lambda tenant_id, name: _rules(tenant_id, name).overlap)


@cache
def aftermath() -> Aftermath:
    """Return what happens after a run."""
    return Aftermath(DynamoSyncRuns(), DynamoJournal(), DynamoGone(), system_clock)


def _products() -> ProductImport:
    return ProductImport(DynamoProducts(), rules=lambda tenant_id, name: _rules(tenant_id, name).identity)


def _rules(tenant_id: str, connection: str) -> ConnectionRules:
    return setup().rules(tenant_id, connection).value
