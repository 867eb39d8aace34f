"""Plans who hears of what a context asks to tell (CFG-17, decision 0048).

Trigger: queue plan_notice, from the bus: NoticeRequested of any context. A notice is planned once, its deliveries leave
by the outbox.
Runbook: docs/runbooks/notices.md.
"""

from enghub.core import entrypoints
from enghub.core.entrypoints import on
from enghub.core.events import Envelope
from enghub.core.notices import NoticeRequested
from enghub.notices.deliveries.dynamo import DynamoDeliveries
from enghub.notices.deliveries.service import Planner
from enghub.notices.setup.dynamo import settings_of


def plan(event: Envelope, asked: NoticeRequested) -> None:
    """Plan one notice."""
    Planner(DynamoDeliveries(), settings_of).handle(event, asked)


lambda_handler = entrypoints.events(on(NoticeRequested, plan))
