"""Builds the use cases of what comes after go-lives, once per process."""

from functools import cache

from enghub.core.clock import system_clock
from enghub.core.timers.model import DueTimer
from enghub.golive.aftercare.dynamo import DynamoAftercare
from enghub.golive.aftercare.service import Aftercares
from enghub.golive.wiring import machine


@cache
def aftercares() -> Aftercares:
    """Return the use cases."""
    return Aftercares(DynamoAftercare())


def begin(due: DueTimer) -> None:
    """Plan every check; the timer's effect."""
    aftercares().begin(due, machine(due.tenant_id, system_clock()))


def wake(due: DueTimer) -> None:
    """Ask for what is due; the timer's effect."""
    aftercares().wake(due, machine(due.tenant_id, system_clock()))


def stop(due: DueTimer) -> None:
    """Cancel what is left; the timer's effect."""
    aftercares().stop(due, machine(due.tenant_id, system_clock()))
