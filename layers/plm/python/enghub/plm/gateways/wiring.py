"""Builds the steps of the sync workflow from their ports, once per process."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from enghub.core.clock import system_clock
from enghub.core.lazy import lazy
from enghub.plm.boms.imports import BomImport
from enghub.plm.boms.wiring import boms
from enghub.plm.connections.model import Protocol
from enghub.plm.connections.rules import ConnectionRules
from enghub.plm.connections.store import Connections
from enghub.plm.gateways import sync_metrics
from enghub.plm.gateways.plm_rest import RestPlms
from enghub.plm.mappings.applying import Around
from enghub.plm.mappings.dynamo import DynamoSourceRecords
from enghub.plm.mappings.model import MappingKind
from enghub.plm.mappings.wiring import compiled, mappings
from enghub.plm.products.dynamo import DynamoProducts
from enghub.plm.products.gone.dynamo import DynamoGone
from enghub.plm.products.imports import ProductImport
from enghub.plm.products.journal import DynamoJournal
from enghub.plm.setup.wiring import setup
from enghub.plm.syncs.aftermath import Aftermath
from enghub.plm.syncs.dynamo import DynamoSyncRuns
from enghub.plm.syncs.model import file_of
from enghub.plm.syncs.plm_steps import Mapped, PlmSteps
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
    return PlmSteps(DynamoSyncRuns(), plms, _products(), system_clock, DynamoGone(), files, mapped())


@cache
def mapped() -> Mapped:
    """Return how records become those of here."""
    around = lambda run: Around.of(_rules(run.tenant_id, run.connection), file_of(run))  # noqa: E731
    return Mapped(compiled, around, DynamoSourceRecords(), BomImport(boms(), _rules))


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
    zone = lambda tenant_id, name: _rules(tenant_id, name).zone  # noqa: E731
    return plm_soap.SoapPlms(ways.connections, ways.outbound, zone, mapped=_members)


def _members(tenant_id: str, connection: str) -> frozenset[str]:
    """Return the members that the mapping rules in force read."""
    version = mappings().active(tenant_id, connection, MappingKind.PRODUCT)
    return compiled(tenant_id, connection, MappingKind.PRODUCT, version).members


@cache
def steps() -> SyncSteps:
    """Return the workflow steps that need no PLM."""
    overlap = lambda tenant_id, name: _rules(tenant_id, name).overlap  # noqa: E731
    return SyncSteps(DynamoSyncRuns(), system_clock, overlap, _versions, sync_metrics.tell)


def _versions(tenant_id: str, connection: str) -> tuple[int, int]:
    products, lines = (mappings().active(tenant_id, connection, kind) for kind in MappingKind)
    return products, lines


@cache
def aftermath() -> Aftermath:
    """Return what happens after a run."""
    return Aftermath(DynamoSyncRuns(), DynamoJournal(), DynamoGone(), system_clock)


def _products() -> ProductImport:
    return ProductImport(DynamoProducts(), rules=lambda tenant_id, name: _rules(tenant_id, name).identity)


def _rules(tenant_id: str, connection: str) -> ConnectionRules:
    return setup().rules(tenant_id, connection).value
