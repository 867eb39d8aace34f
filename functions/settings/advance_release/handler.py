"""Advances a gray release by one look: measures, decides, grows its flag, holds, or takes it back (CFG-10).

Trigger: queue advance_release, by the outbox, when a release's timer has come. A turn happens once.
Runbook: docs/runbooks/gray-releases.md.
"""

from enghub.core import entrypoints
from enghub.core.clock import system_clock
from enghub.settings import release_wiring
from enghub.settings.flags.model import Environment, FlagSet


def advance(message: entrypoints.Message) -> None:
    """Advance the release that the command names."""
    named = message.body["payload"]
    at = FlagSet(message.body["tenant_id"], Environment(named["environment"]))
    release_wiring.releases().advance(at, named["releaseId"], named["turn"], system_clock())


lambda_handler = entrypoints.queue(advance)
