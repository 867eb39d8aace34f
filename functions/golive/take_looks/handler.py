"""Looks at objectives and at open items' evidence; tells a status page's subscribers (OPS-18, OPS-02, OPS-26).

Trigger: queue take_looks, by the outbox, when a timer has come or something was published. A look that comes again
finds the same, or that it was taken. Runbook: docs/runbooks/golive.md.
"""

from enghub.core import entrypoints
from enghub.core.clock import system_clock
from enghub.golive.readiness import wiring as readiness
from enghub.golive.readiness.service import REFRESH
from enghub.golive.slo import wiring as slo
from enghub.golive.status import wiring as status
from enghub.golive.status.service import TELL


def take_look(message: entrypoints.Message) -> None:
    """Measure what the command names."""
    tenant_id, named = message.body["tenant_id"], message.body["payload"]
    if named["kind"] == REFRESH:
        name = message.body["message_id"]
        readiness.go_lives().refresh(tenant_id, named["goLiveId"], named["itemId"], name)
    elif named["kind"] == TELL:
        about = (tenant_id, named["pageId"], named["postId"])
        status.statuses().tell(*about, named["number"], system_clock())
    else:
        slo.look(tenant_id, named["objectiveId"])


lambda_handler = entrypoints.queue(take_look)
