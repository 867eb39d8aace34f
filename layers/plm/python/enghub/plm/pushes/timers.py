"""Timers that ask for another attempt to tell the PLM: the mark and the command to the queue are one."""

from enghub.core.clock import system_clock
from enghub.core.identity import Origin
from enghub.core.outbox import to_command
from enghub.core.timers.dynamo import fired
from enghub.core.timers.model import DueTimer
from enghub.core.timers.waking import Handler
from enghub.core.transactions import transact

WORKER = "system:pushes"


def sends_to(queue: str) -> Handler:
    """Return what sends a timer's payload to a work queue; raises AlreadyHandled the second time."""

    def woken(due: DueTimer) -> None:
        origin = Origin(due.tenant_id, "", WORKER, system_clock(), due.version)
        transact(fired(due, origin.at), to_command(queue, due.payload, origin))

    return woken
