"""Builds the use cases of actions, once per process."""

from functools import cache

from enghub.core.clock import system_clock
from enghub.core.timers.model import DueTimer
from enghub.golive.actions.dynamo import DynamoActions
from enghub.golive.actions.service import Actions
from enghub.golive.wiring import machine


@cache
def actions() -> Actions:
    """Return the use cases of actions."""
    return Actions(DynamoActions())


def overdue(due: DueTimer) -> None:
    """Tell that an action is overdue; the timer's effect."""
    actions().overdue(due, machine(due.tenant_id, system_clock()))
