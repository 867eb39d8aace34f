"""Counts messages of devices that AWS IoT Core brings, and parked ones that are sent again (MES-24).

Trigger: queue ingest_device_message, filled by the IoT rule on the topics enghub/<device>/count.
Events: ProductionReported, one of each report.
Runbook: docs/runbooks/mes-devices.md.
"""

from enghub.core import entrypoints
from enghub.core.clock import system_clock
from enghub.core.identity import Origin
from enghub.core.observability import logger
from enghub.mes.devices import intake


def ingest(message: entrypoints.Message) -> None:
    """Count one message, or park it."""
    origin = Origin("", "", "device", system_clock(), message.message_id, "", "")
    said = intake.take(intake.of_queue(message.body, origin))
    logger.info("device message taken", outcome=said)


lambda_handler = entrypoints.queue(ingest)
