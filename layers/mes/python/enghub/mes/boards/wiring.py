"""Puts the services of the shift board together."""

from enghub.core.clock import system_clock
from enghub.mes.boards.dynamo import DynamoBoards, DynamoShiftReports
from enghub.mes.boards.service import Reconciliation, ShiftBoards
from enghub.mes.work_orders.dynamo import DynamoWorkOrders


def shift_boards() -> ShiftBoards:
    """Return the board service."""
    return ShiftBoards(DynamoBoards(), system_clock)


def reconciliation() -> Reconciliation:
    """Return what compares boards with their sources."""
    return Reconciliation(DynamoBoards(), DynamoShiftReports(), DynamoWorkOrders(), system_clock)
