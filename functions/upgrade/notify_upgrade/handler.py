"""Tells by mail, webhook and metrics what became of an upgrade, and that a roll-out stopped or waits (UPG-13, UPG-20).

Trigger: queue notify_upgrade, from the bus: UpgradeSucceeded, UpgradeFailed, UpgradeAborted,
UpgradeConfirmationRequested, UpgradeRolledBack, UpgradeRollbackFailed, UpgradeReadyToStop,
UpgradeNeedsAttention, RolloutConfirmationRequested, RolloutStopped of enghub.upgrade. Each recipient is marked when it
was reached: a redelivery reaches only who was missed.
Runbook: docs/runbooks/upgrade-notices.md.
"""

from enghub.core import entrypoints
from enghub.core.entrypoints import on
from enghub.core.events import Envelope
from enghub.upgrade import published
from enghub.upgrade.notices import wiring

HEARD_OF = (
    *(published.UpgradeSucceeded, published.UpgradeFailed, published.UpgradeAborted),
    *(published.UpgradeConfirmationRequested, published.UpgradeRolledBack, published.UpgradeRollbackFailed),
    *(published.UpgradeReadyToStop, published.UpgradeNeedsAttention),
    *(published.RolloutConfirmationRequested, published.RolloutStopped),
)


def tell(event: Envelope, _: published.UpgradeEvent) -> None:
    """Tell everybody of one event."""
    wiring.notices().handle(event)


lambda_handler = entrypoints.events(*(on(kind, tell) for kind in HEARD_OF))
