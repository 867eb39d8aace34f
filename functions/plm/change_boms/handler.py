"""Changes bills of material: a whole version, one line (PLM-02). One changed line costs one line.

Trigger: PUT /api/v1/plm/boms/{productCode}/versions/{bomVersion}, PUT and DELETE of .../lines/{sequence}.
Runbook: docs/runbooks/plm-boms.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path

from enghub.core import entrypoints, http
from enghub.plm import rights
from enghub.plm.boms import wiring
from enghub.plm.boms.api import (
    BomLineBody,
    BomResponse,
    BomVersion,
    PutBomRequest,
    Sequence_,
)
from enghub.plm.names import PartNumber
from enghub.plm.setup.wiring import setup

MAX_BODY_BYTES = 512 * 1024
app = http.resolver(max_body_bytes=MAX_BODY_BYTES)
VERSION = "/api/v1/plm/boms/<product_code>/versions/<bom_version>"
LINE = f"{VERSION}/lines/<sequence>"
Part = Annotated[PartNumber, Path()]
Version = Annotated[BomVersion, Path()]
Sequence = Annotated[Sequence_, Path()]


@app.put(VERSION, right=rights.CHANGE_BOM)
def put_bom(product_code: Part, bom_version: Version, request: PutBomRequest) -> BomResponse:
    """Store a version as it is sent."""
    call = http.call(app)
    tenant_id = call.principal.tenant_id
    rules = setup().rules(tenant_id, request.connection).value
    wanted = request.to_bom(tenant_id, product_code, bom_version, rules, call.origin.at)
    return BomResponse.of(wiring.boms().put(wanted, request.revision, call.origin))


@app.put(LINE, right=rights.CHANGE_BOM)
def put_bom_line(product_code: Part, bom_version: Version, sequence: Sequence, request: BomLineBody) -> BomResponse:
    """Store one line: a new one, or in place of the one of its sequence."""
    call = http.call(app)
    rules = setup().rules(call.principal.tenant_id, "default").value
    line = request.to_line(sequence, rules, "")
    return BomResponse.of(wiring.boms().put_line(product_code, bom_version, line, call.origin))


@app.delete(LINE, right=rights.CHANGE_BOM)
def remove_bom_line(product_code: Part, bom_version: Version, sequence: Sequence) -> BomResponse:
    """Take one line away."""
    call = http.call(app)
    return BomResponse.of(wiring.boms().remove_line(product_code, bom_version, sequence, call.origin))


lambda_handler = entrypoints.http(app)
