"""Builds what takes messages of brokers, once per process."""

from functools import cache

from enghub.core import limits
from enghub.core.clock import system_clock
from enghub.plm.broker.service import Receiving
from enghub.plm.gateways.exchange import bucket
from enghub.plm.setup.wiring import setup
from enghub.plm.syncs.dynamo import DynamoSyncRuns


@cache
def receiving() -> Receiving:
    """Return what takes messages; each connection has the messages a minute that its rules say."""

    def admit(tenant_id: str, connection: str, messages: int) -> None:
        per_minute = setup().rules(tenant_id, connection).value.messages_per_minute
        limits.take_many(tenant_id, f"connection {connection}", "plm-messages", messages, per_minute)

    return Receiving(DynamoSyncRuns(), bucket(), system_clock, admit)
