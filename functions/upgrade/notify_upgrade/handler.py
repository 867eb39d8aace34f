"""Asks that people be told what became of upgrades, and that a roll-out stopped or waits; counts ends (UPG-13, UPG-20).

Trigger: queue notify_upgrade, from the bus: UpgradeSucceeded, UpgradeFailed, UpgradeAborted,
UpgradeConfirmationRequested, UpgradeRolledBack, UpgradeRollbackFailed, UpgradeReadyToStop,
UpgradeNeedsAttention, RolloutConfirmationRequested, RolloutStopped of enghub.upgrade, each asked for once; and
NoticeUndelivered of enghub.notices, which goes into the execution's log.
Runbook: docs/runbooks/upgrade-notices.md.
"""

from enghub.core import entrypoints
from enghub.core.entrypoints import on
from enghub.core.events import Envelope
from enghub.upgrade import published
from enghub.upgrade.consumed import NoticeUndelivered
from enghub.upgrade.notices import wiring

HEARD_OF = (
    *(published.UpgradeSucceeded, published.UpgradeFailed, published.UpgradeAborted),
    *(published.UpgradeConfirmationRequested, published.UpgradeRolledBack, published.UpgradeRollbackFailed),
    *(published.UpgradeReadyToStop, published.UpgradeNeedsAttention),
    *(published.RolloutConfirmationRequested, published.RolloutStopped),
)


def tell(event: Envelope, _: published.UpgradeEvent) -> None:
    """Ask that everybody be told of one event."""
    wiring.notices().handle(event)


def note(event: Envelope, missed: NoticeUndelivered) -> None:
    """Note who was not reached."""
    wiring.notices().note(event, missed)


lambda_handler = entrypoints.events(*(on(kind, tell) for kind in HEARD_OF), on(NoticeUndelivered, note))
