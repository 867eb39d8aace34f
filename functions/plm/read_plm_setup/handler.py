"""Reads units, rules of connections, mapping rules; tries these on the last 1,000 records (PLM-01, PLM-02, PLM-23).

Trigger: GET /api/v1/plm/units, GET /api/v1/plm/connections/{connection}/rules, .../mappings/{kind}, .../versions,
.../preview; POST .../mappings/{kind}/test. Runbook: docs/runbooks/plm-mappings.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from enghub.core import entrypoints, http
from enghub.plm import rights
from enghub.plm.boms.api import sliced
from enghub.plm.mappings.api import (
    BASE,
    KINDS,
    KindName,
    MappingPreviewResponse,
    MappingProofResponse,
    MappingResponse,
    MappingVersionResponse,
    MappingVersionsResponse,
)
from enghub.plm.mappings.wiring import mappings
from enghub.plm.names import ConnectionName
from enghub.plm.setup.api import ConnectionRulesResponse, UnitsResponse
from enghub.plm.setup.wiring import setup

app = http.resolver()
Connection = Annotated[ConnectionName, Path()]
Kind = Annotated[KindName, Path()]
VersionNamed = Annotated[int | None, Query(ge=0, le=1_000_000_000)]
PageSize = Annotated[int, Query(ge=1, le=100, alias="pageSize")]
Cursor = Annotated[str | None, Query(max_length=2000)]


@app.get("/api/v1/plm/units", right=rights.READ_SETUP)
def read_units() -> UnitsResponse:
    """The list of units in force."""
    return UnitsResponse.of(setup().units(http.call(app).principal.tenant_id))


@app.get("/api/v1/plm/connections/<connection>/rules", right=rights.READ_SETUP)
def read_connection_rules(connection: Connection) -> ConnectionRulesResponse:
    """The rules in force of a connection."""
    return ConnectionRulesResponse.of(setup().rules(http.call(app).principal.tenant_id, connection))


@app.get(BASE, right=rights.READ_MAPPING)
def read_mapping(connection: Connection, kind: Kind, version: VersionNamed = None) -> MappingResponse:
    """Answer which version maps, with one version, the latest by default."""
    return MappingResponse.of_both(mappings().get(_tenant(), connection, KINDS[kind], version))


@app.get(f"{BASE}/versions", right=rights.READ_MAPPING)
def list_mapping_versions(
    connection: Connection, kind: Kind, page_size: PageSize = 20, cursor: Cursor = None
) -> MappingVersionsResponse:
    """List the versions, the newest first."""
    found = mappings().versions(_tenant(), connection, KINDS[kind], page_size, cursor)
    return MappingVersionsResponse(items=tuple(map(MappingVersionResponse.of, found.versions)), cursor=found.cursor)


@app.post(f"{BASE}/test", right=rights.READ_MAPPING, limit="read")
def prove_mapping(connection: Connection, kind: Kind, version: VersionNamed = None) -> MappingProofResponse:
    """Run the tests of a version, the latest by default; nothing is stored."""
    found = mappings().proof(_tenant(), connection, KINDS[kind], version)
    return MappingProofResponse.of(found.version.version, found.proof)


@app.get(f"{BASE}/preview", right=rights.READ_MAPPING)
def preview_mapping(
    connection: Connection,
    kind: Kind,
    version: VersionNamed = None,
    page_size: PageSize = 20,
    cursor: Cursor = None,
) -> MappingPreviewResponse:
    """Show what a version, the latest by default, would change in the last 1,000 records; nothing is stored."""
    found = mappings().preview(_tenant(), connection, KINDS[kind], version)
    return MappingPreviewResponse.of(found, *sliced(found.changes, page_size, cursor))


def _tenant() -> str:
    return http.call(app).principal.tenant_id


lambda_handler = entrypoints.http(app)
