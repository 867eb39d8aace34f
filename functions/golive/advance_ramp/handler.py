"""Takes a turn of a traffic ramp: looks, decides, sets the share, reads it back (OPS-08).

Trigger: queue advance_ramp, by the outbox, when a ramp's timer has come. A turn that is over changes nothing.
Runbook: docs/runbooks/golive-ramps.md.
"""

from enghub.core import entrypoints
from enghub.golive.ramps import wiring


def advance_ramp(message: entrypoints.Message) -> None:
    """Take the turn that the command names."""
    named = message.body["payload"]
    wiring.ramps().advance(message.body["tenant_id"], named["rampId"], named["turn"])


lambda_handler = entrypoints.queue(advance_ramp)
