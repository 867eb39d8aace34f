"""Replaces a tenant's list of units, and the rules of a connection (PLM-01, PLM-02).

Trigger: PUT /api/v1/plm/units, PUT /api/v1/plm/connections/{connection}/rules. Runbook: docs/runbooks/plm-boms.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path

from enghub.core import entrypoints, http
from enghub.plm import rights
from enghub.plm.names import ConnectionName
from enghub.plm.setup.api import (
    ConnectionRulesResponse,
    PutConnectionRulesRequest,
    PutUnitsRequest,
    UnitsResponse,
)
from enghub.plm.setup.wiring import setup

app = http.resolver()


@app.put("/api/v1/plm/units", right=rights.CHANGE_SETUP)
def put_units(request: PutUnitsRequest) -> UnitsResponse:
    """Replace the list of units."""
    call = http.call(app)
    table = request.to_table(call.principal.tenant_id)
    return UnitsResponse.of(setup().put_units(table, request.revision, call.origin))


@app.put("/api/v1/plm/connections/<connection>/rules", right=rights.CHANGE_SETUP)
def put_connection_rules(
    connection: Annotated[ConnectionName, Path()], request: PutConnectionRulesRequest
) -> ConnectionRulesResponse:
    """Replace the rules of a connection."""
    call = http.call(app)
    rules = request.to_rules(call.principal.tenant_id, connection)
    return ConnectionRulesResponse.of(setup().put_rules(rules, request.revision, call.origin))


lambda_handler = entrypoints.http(app)
