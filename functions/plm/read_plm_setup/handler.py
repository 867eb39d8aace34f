"""Reads a tenant's list of units and the rules of its connections (PLM-01, PLM-02).

Trigger: GET /api/v1/plm/units, GET /api/v1/plm/connections/{connection}/rules. Runbook: docs/runbooks/plm-boms.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path

from enghub.core import entrypoints, http
from enghub.plm import rights
from enghub.plm.names import ConnectionName
from enghub.plm.setup.api import ConnectionRulesResponse, UnitsResponse
from enghub.plm.setup.wiring import setup

app = http.resolver()


@app.get("/api/v1/plm/units", right=rights.READ_SETUP)
def read_units() -> UnitsResponse:
    """The list of units in force."""
    return UnitsResponse.of(setup().units(http.call(app).principal.tenant_id))


@app.get("/api/v1/plm/connections/<connection>/rules", right=rights.READ_SETUP)
def read_connection_rules(connection: Annotated[ConnectionName, Path()]) -> ConnectionRulesResponse:
    """The rules in force of a connection."""
    return ConnectionRulesResponse.of(setup().rules(http.call(app).principal.tenant_id, connection))


lambda_handler = entrypoints.http(app)
