"""Moves releases by what upgrades of their system to their version say (OPS-24).

Trigger: queue follow_upgrades, from the bus: UpgradeStarted, UpgradeSucceeded, UpgradeFailed, UpgradeAborted,
UpgradeRolledBack, UpgradeRollbackFailed of enghub.upgrade. An event is heard once per release.
Runbook: docs/runbooks/golive.md.
"""

from enghub.core import entrypoints
from enghub.core.entrypoints import on
from enghub.golive.releases.wiring import SAID, follow

lambda_handler = entrypoints.events(*(on(one, follow) for one in SAID))
