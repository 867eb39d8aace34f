"""The request that starts an upgrade (UPG-12); the plan takes the same one and needs nothing else of executions."""

from typing import Literal

from enghub.upgrade.requests import WantedUpgrade

BASE = "/api/v1/upgrade"


class UpgradeRequest(WantedUpgrade):
    """An upgrade, and what shall happen when it meets an obstacle."""

    on_failure: Literal["stop", "rollback", "confirm"] = "stop"
    """`confirm` asks an operator whether to roll back, for a day."""

    when_busy: Literal["refuse", "queue"] = "refuse"
    """What happens when the site is being upgraded already."""
