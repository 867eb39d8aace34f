"""Notes that somebody acknowledged a page by its link (OPS-12, decision 0048).

Trigger: queue note_acknowledged, from the bus: NoticeAcknowledged of enghub.notices. The acknowledgement and the inbox
mark are one transaction.
Runbook: docs/runbooks/golive-incidents.md.
"""

from enghub.core import entrypoints
from enghub.core.entrypoints import on
from enghub.golive.consumed import NoticeAcknowledged
from enghub.golive.incidents import wiring

lambda_handler = entrypoints.events(on(NoticeAcknowledged, wiring.acknowledged))
