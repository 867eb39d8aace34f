"""Replaces a tenant's units, rules of a connection, and its mapping rules with their tests (PLM-01, PLM-02, PLM-23).

Trigger: PUT /api/v1/plm/units, PUT /api/v1/plm/connections/{connection}/rules and .../mappings/{kind}; POST
.../mappings/{kind}/activation and .../rollback. Events: FieldMappingActivated. Runbook: docs/runbooks/plm-mappings.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path

from enghub.core import entrypoints, http
from enghub.plm import rights
from enghub.plm.mappings.api import (
    BASE,
    KINDS,
    ActivateMappingRequest,
    KindName,
    MappingResponse,
    MappingSummary,
    PutMappingRequest,
    RollBackMappingRequest,
)
from enghub.plm.mappings.wiring import mappings
from enghub.plm.names import ConnectionName
from enghub.plm.setup.api import (
    ConnectionRulesResponse,
    PutConnectionRulesRequest,
    PutUnitsRequest,
    UnitsResponse,
)
from enghub.plm.setup.wiring import setup

app = http.resolver(max_body_bytes=256 * 1024)
Connection = Annotated[ConnectionName, Path()]
Kind = Annotated[KindName, Path()]


@app.put("/api/v1/plm/units", right=rights.CHANGE_SETUP)
def put_units(request: PutUnitsRequest) -> UnitsResponse:
    """Replace the list of units."""
    call = http.call(app)
    table = request.to_table(call.principal.tenant_id)
    return UnitsResponse.of(setup().put_units(table, request.revision, call.origin))


@app.put("/api/v1/plm/connections/<connection>/rules", right=rights.CHANGE_SETUP)
def put_connection_rules(connection: Connection, request: PutConnectionRulesRequest) -> ConnectionRulesResponse:
    """Replace the rules of a connection."""
    call = http.call(app)
    rules = request.to_rules(call.principal.tenant_id, connection)
    return ConnectionRulesResponse.of(setup().put_rules(rules, request.revision, call.origin))


@app.put(BASE, right=rights.CHANGE_MAPPING)
def put_mapping(connection: Connection, kind: Kind, request: PutMappingRequest) -> MappingResponse:
    """Store the next version of the rules; it maps nothing before it is activated."""
    call = http.call(app)
    wanted = request.to_version(call.principal.tenant_id, connection, KINDS[kind])
    return MappingResponse.of_both(mappings().put(wanted, request.version, call.origin))


@app.post(f"{BASE}/activation", right=rights.CHANGE_MAPPING, key="optional")
def activate_mapping(connection: Connection, kind: Kind, request: ActivateMappingRequest) -> MappingSummary:
    """Let a proved version map from now on, whose preview the caller has seen."""
    call = http.call(app)
    key, reason, claim = (connection, KINDS[kind]), request.change_reason, call.claim(MappingSummary.of)
    found = mappings().activate(key, request.version, request.preview, call.origin, reason=reason, claim=claim)
    return MappingSummary.of(found)


@app.post(f"{BASE}/rollback", right=rights.CHANGE_MAPPING, key="optional")
def roll_mapping_back(connection: Connection, kind: Kind, request: RollBackMappingRequest) -> MappingSummary:
    """Let a version map again that was in force before; 0 is the identity."""
    call = http.call(app)
    claim = call.claim(MappingSummary.of)
    key = (connection, KINDS[kind])
    return MappingSummary.of(mappings().roll_back(key, request.version, request.reason, call.origin, claim))


lambda_handler = entrypoints.http(app)
