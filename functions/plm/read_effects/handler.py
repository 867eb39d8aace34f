"""Reads how a change takes effect: orders, stock, costs, who agreed, what the floor holds (PLM-26).

Trigger: GET /api/v1/plm/change-orders/{ecnNumber}/effect. Runbook: docs/runbooks/plm-effects.md.
"""

from enghub.core import entrypoints, http
from enghub.plm import rights
from enghub.plm.effects import api
from enghub.plm.effects.wiring import effects

app = http.resolver()


@app.get(api.BASE, right=rights.READ_IMPACT)
def read_change_effect(ecn_number: str) -> api.EffectResponse:
    """The effect as it stands now."""
    tenant_id = http.call(app).principal.tenant_id
    return api.EffectResponse.of(effects().shown(tenant_id, effects().get(tenant_id, ecn_number)))


lambda_handler = entrypoints.http(app)
