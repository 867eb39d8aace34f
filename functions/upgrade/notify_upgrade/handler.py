"""Tells by mail, webhook and metrics what became of an upgrade, and that a roll-out stopped or waits (UPG-13, UPG-20).

Trigger: queue notify_upgrade, from the bus: UpgradeSucceeded, UpgradeFailed, UpgradeAborted,
UpgradeConfirmationRequested, UpgradeRolledBack, UpgradeRollbackFailed, UpgradeReadyToStop,
UpgradeNeedsAttention, RolloutConfirmationRequested, RolloutStopped of enghub.upgrade. Each recipient is marked when it
was reached: a redelivery reaches only who was missed.
Runbook: docs/runbooks/upgrade-notices.md.
"""

from enghub.core import entrypoints
from enghub.core.entrypoints import Message
from enghub.core.events import Envelope
from enghub.upgrade.notices import wiring


def notify_upgrade(message: Message) -> None:
    """Tell everybody of one event."""
    wiring.notices().handle(Envelope.from_dict(message.event))


lambda_handler = entrypoints.queue(notify_upgrade)
