"""The events this context promises, version 1.0 of each; their schemas are in ``events/published``.

Fields are added, never renamed or removed; a breaking change makes a new version.
"""

from typing import Literal

from enghub.core.event_data import EventData


class UpgradeEvent(EventData, source="enghub.upgrade"):
    """Base of this context's events."""


class UpgradeState(UpgradeEvent):
    """An execution as it is after the change; ``run`` counts its workflows."""

    execution_id: str
    site_id: str
    environment: str
    source_version: str
    target_version: str
    status: str
    run: int
    total_steps: int
    completed_steps: int
    step: str | None = None
    problem: str | None = None


class UpgradeRequested(UpgradeState):
    """An upgrade was accepted; its steps are planned and pinned."""


class UpgradeStarted(UpgradeState):
    """Its workflow runs."""


class UpgradeResumed(UpgradeState):
    """A stopped upgrade goes on from its breakpoint."""


class UpgradeStepCompleted(UpgradeState):
    """A step succeeded, for good."""


class UpgradeStepSkipped(UpgradeState):
    """A step failed that is not required."""


class UpgradeConfirmationRequested(UpgradeState):
    """An operator must confirm a step."""


class UpgradeReadyToStop(UpgradeState):
    """Everything before the outage is done; `note` says how ready the site is. Its business system is stopped next."""

    note: dict[Literal["en", "zh"], str]


class UpgradeNeedsAttention(UpgradeState):
    """A step succeeded and left something to a person, which `note` names."""

    note: dict[Literal["en", "zh"], str]


class UpgradeSucceeded(UpgradeState):
    """The site has its new version."""


class UpgradeFailed(UpgradeState):
    """It stopped at its breakpoint and can be resumed."""


class UpgradeAborted(UpgradeState):
    """An operator stopped it; it can be resumed."""


class UpgradeRollbackStarted(UpgradeState):
    """The way back begins; `problem` is why the upgrade failed."""


class UpgradeRollbackConfirmationRequested(UpgradeState):
    """It failed, and its policy asks an operator whether to roll back."""


class UpgradeStepRolledBack(UpgradeState):
    """A step is undone."""


class UpgradeRolledBack(UpgradeState):
    """The site is as it was before the upgrade."""


class UpgradeRollbackFailed(UpgradeState):
    """The rollback stopped at its own breakpoint; the site stays locked until it is resumed and ends."""


class RolloutState(UpgradeEvent):
    """A roll-out as it is after the change; the counts are those of `wave`, the rate is 0..1 of its sites."""

    rollout_id: str
    name: str
    environment: str
    target_version: str
    status: str
    run: int
    sites: int
    waves: int
    wave: int
    problem: str | None = None
    max_failure_rate: float
    succeeded: int = 0
    failed: int = 0
    skipped: int = 0
    failed_sites: tuple[str, ...] = ()
    failure_rate: float = 0.0


class RolloutStarted(RolloutState):
    """A roll-out was accepted; its waves are fixed."""


class RolloutWaveCompleted(RolloutState):
    """Every site of a wave has ended, and not too many failed."""


class RolloutConfirmationRequested(RolloutState):
    """A wave is complete, and somebody must confirm the next one."""


class RolloutStopped(RolloutState):
    """Too many sites of a wave failed, or a canary; it can be resumed."""


class RolloutSucceeded(RolloutState):
    """Every wave is complete."""


class ManifestChanged(UpgradeEvent):
    """A manifest was uploaded, put in force or taken out."""

    version: str
    operation: Literal["UPLOAD", "ACTIVATE", "DEACTIVATE"]
    latest_revision: int
    active_revision: int | None
    checksum: str


EVENTS: dict[str, type[UpgradeEvent]] = {
    kind.__name__: kind
    for kind in (
        *(UpgradeRequested, UpgradeStarted, UpgradeResumed, UpgradeStepCompleted, UpgradeStepSkipped),
        *(UpgradeConfirmationRequested, UpgradeSucceeded, UpgradeFailed, UpgradeAborted, ManifestChanged),
        *(UpgradeRollbackStarted, UpgradeRollbackConfirmationRequested, UpgradeStepRolledBack),
        *(UpgradeRolledBack, UpgradeRollbackFailed, UpgradeReadyToStop, UpgradeNeedsAttention),
        *(RolloutStarted, RolloutWaveCompleted, RolloutConfirmationRequested, RolloutStopped, RolloutSucceeded),
    )
}
