"""The request that starts an upgrade (UPG-12); the plan takes the same one and needs nothing else of executions."""

from typing import Annotated, Literal

from pydantic import Field

from enghub.upgrade.drift.api import DriftAcceptance
from enghub.upgrade.requests import WantedUpgrade

WaiverReason = Annotated[str, Field(min_length=10, max_length=500)]


class UpgradeRequest(WantedUpgrade):
    """An upgrade, and what shall happen when it meets an obstacle."""

    on_failure: Literal["stop", "rollback", "confirm"] = "stop"
    """`confirm` asks an operator whether to roll back, for a day."""

    when_busy: Literal["refuse", "queue"] = "refuse"
    """What happens when the site is being upgraded already."""

    promotion_waiver: WaiverReason | None = None
    """Why it may run in production though its manifests did not succeed in test; it stands in the report."""

    drift_acceptance: DriftAcceptance | None = None
    """Lets it begin on a site that is not as the last upgrade left it."""
