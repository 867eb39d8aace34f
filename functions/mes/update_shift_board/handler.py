"""Counts production on the shift board and notes what is planned for the shift (MES-14).

Trigger: queue update_shift_board, from the bus: ProductionReported, WorkOrderReleased, WorkOrderChanged,
WorkOrderCancelled of enghub.mes. A report and its inbox mark are one transaction; plans go by the order's version.
Runbook: docs/runbooks/mes-shift-board.md.
"""

from enghub.core import entrypoints
from enghub.core.entrypoints import Message
from enghub.core.events import Envelope
from enghub.mes.boards import wiring


def update_shift_board(message: Message) -> None:
    """Take one event into its board."""
    wiring.shift_boards().handle(Envelope.from_dict(message.event))


lambda_handler = entrypoints.queue(update_shift_board)
