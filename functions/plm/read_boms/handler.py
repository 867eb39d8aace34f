"""Reads bills of material: versions, lines, explosion, where-used, diff, by day and by what was known (PLM-02).

Trigger: GET /api/v1/plm/boms/{productCode} and what lies below it. Runbook: docs/runbooks/plm-boms.md.
"""

from decimal import Decimal
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from enghub.core import entrypoints, http, wire
from enghub.plm import rights
from enghub.plm.boms import wiring
from enghub.plm.boms.api import (
    Amount,
    BomDiffResponse,
    BomResponse,
    BomVersion,
    BomVersionsResponse,
    ExplosionResponse,
    WhereUsedResponse,
    moment_of,
)
from enghub.plm.names import PartNumber

app = http.resolver()
BASE = "/api/v1/plm/boms/<product_code>"
Part = Annotated[PartNumber, Path()]
Day = Annotated[wire.Day | None, Query(alias="asOf")]
At = Annotated[wire.Instant | None, Query()]
KnownAt = Annotated[wire.Instant | None, Query(alias="knownAt")]
Size = Annotated[int, Query(alias="pageSize", ge=1, le=1000)]
Cursor = Annotated[str | None, Query(max_length=2000)]


@app.get(BASE, right=rights.READ_BOM)
def read_bom_versions(product_code: Part) -> BomVersionsResponse:
    """A product's versions, and the days on which none is in force."""
    return BomVersionsResponse.of(wiring.boms().versions(http.call(app).principal.tenant_id, product_code))


@app.get(f"{BASE}/versions/<bom_version>", right=rights.READ_BOM)
def read_bom(
    product_code: Part, bom_version: Annotated[BomVersion, Path()], page_size: Size = 500, cursor: Cursor = None
) -> BomResponse:
    """One version with a page of its lines."""
    kept = wiring.boms().get(http.call(app).principal.tenant_id, product_code, bom_version)
    return BomResponse.of(kept, page_size, cursor)


@app.get(f"{BASE}/explosion", right=rights.READ_BOM)
def explode_bom(
    *,
    product_code: Part,
    quantity: Annotated[Amount, Query()] = "1",
    as_of: Day = None,
    at: At = None,
    known_at: KnownAt = None,
    page_size: Size = 500,
    cursor: Cursor = None,
) -> ExplosionResponse:
    """What a quantity needs, through all levels, on a day (``asOf``) or at an instant (``at``), as known at a time."""
    call = http.call(app)
    moment = moment_of(as_of, at, known_at, call.origin.at)
    found = wiring.boms().explosion(call.principal.tenant_id, product_code, Decimal(quantity), moment)
    return ExplosionResponse.of(found, page_size, cursor)


@app.get(f"{BASE}/where-used", right=rights.READ_BOM)
def read_where_used(
    *,
    product_code: Part,
    as_of: Day = None,
    at: At = None,
    known_at: KnownAt = None,
    page_size: Size = 500,
    cursor: Cursor = None,
) -> WhereUsedResponse:
    """Every product that contains the part, up to the top ones."""
    call = http.call(app)
    found = wiring.boms().where_used(
        call.principal.tenant_id, product_code, moment_of(as_of, at, known_at, call.origin.at)
    )
    return WhereUsedResponse.of(product_code, found, page_size, cursor)


@app.get(f"{BASE}/diff", right=rights.READ_BOM)
def read_bom_diff(
    product_code: Part,
    from_version: Annotated[BomVersion, Query(alias="fromVersion")],
    to_version: Annotated[BomVersion, Query(alias="toVersion")],
) -> BomDiffResponse:
    """Lines added, removed and changed between two versions."""
    found = wiring.boms().diff(http.call(app).principal.tenant_id, product_code, from_version, to_version)
    return BomDiffResponse.of(product_code, from_version, to_version, found)


lambda_handler = entrypoints.http(app)
