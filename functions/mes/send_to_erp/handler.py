"""Tells the ERP what waits for it; what does not arrive waits for sweep_erp (MES-16).

Trigger: SQS queue send_to_erp, filled by the outbox. Runbook: docs/runbooks/mes-erp.md.
"""

from enghub.core import entrypoints
from enghub.mes.erp.dynamo import link_of
from enghub.mes.factories import Factory
from enghub.mes.gateways.erp import ROUND_SECONDS, countdown, exchange


def send(message: entrypoints.Message) -> None:
    """Send what waits in the factory that the command names."""
    found = link_of(Factory(message.body["tenant_id"], message.body["payload"]["factory_id"]))
    if found is not None:
        exchange().send_due(found, countdown(ROUND_SECONDS))


lambda_handler = entrypoints.queue(send)
