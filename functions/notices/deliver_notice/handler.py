"""Sends one delivery of a notice: mail, webhook, topic or robot (UPG-13, CFG-17).

Trigger: SQS queue deliver_notice, filled by the outbox and by sweep_deliveries. A command that arrives twice, or
too early, does nothing; what cannot be sent now is due again later, what never can is parked.
Runbook: docs/runbooks/notices.md.
"""

from enghub.core import entrypoints
from enghub.notices import wiring
from enghub.notices.deliveries.dynamo import DynamoDeliveries
from enghub.notices.deliveries.service import Courier


def deliver(message: entrypoints.Message) -> None:
    """Send what the command names."""
    courier = Courier(
        repository=DynamoDeliveries(),
        senders=wiring.senders(),
        channel=wiring.channel,
        secret=wiring.secret,
        texts=wiring.texts,
        acknowledge_url=wiring.acknowledge_url,
    )
    courier.deliver(message.body["tenant_id"], message.body["payload"]["deliveryId"])


lambda_handler = entrypoints.queue(deliver)
