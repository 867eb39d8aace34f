"""Requests about upgrades that were accepted, and the command of one that starts (UPG-12)."""

from typing import Annotated, Literal

from pydantic import Field

from enghub.core import wire
from enghub.upgrade.drift.model import AcceptDrift
from enghub.upgrade.executions.model import OnFailure, StartUpgrade
from enghub.upgrade.executions.start_request import UpgradeRequest, WaiverReason


def to_command(request: UpgradeRequest) -> StartUpgrade:
    """Return what is asked."""
    return StartUpgrade(
        request.upgrade_before_version,
        request.upgrade_after_version,
        request.site_id,
        request.environment,
        OnFailure(request.on_failure),
        request.when_busy,
        request.promotion_waiver,
        None if (drift := request.drift_acceptance) is None else AcceptDrift(drift.digest, drift.reason),
    )


class ResumeRequest(wire.Request):
    """How to go on; ``decision`` when a statement is in doubt, or ``skip`` past what a rollback stands at."""

    decision: Literal["applied", "again", "skip"] | None = None
    revision: Literal["active"] | None = None
    """`active`: with the manifests that are in force now, for all that has not run."""
    promotion_waiver: WaiverReason | None = None
    """With a revision in production: why it may take what did not succeed in test."""


class AbortRequest(wire.Request):
    """Nothing to say."""


class ConfirmRequest(wire.Request):
    """Which step to let pass; the one that waits when none is named."""

    step: Annotated[str, Field(min_length=1, max_length=200)] | None = None
