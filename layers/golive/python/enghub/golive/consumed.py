"""What this context reads from events; everything else in them it ignores."""

from enghub.core import wire
from enghub.core.event_data import EventData


class NoticeAcknowledged(EventData, source="enghub.notices"):
    """Somebody pressed the link of a page."""

    notice_type: str
    subject: str
    by: str


class UpgradeTold(EventData, source="enghub.upgrade"):
    """What is read of an upgrade of a site."""

    site_id: str
    source_version: str
    target_version: str
    environment: str
    problem: str | None = None


class UpgradeStarted(UpgradeTold):
    """Its workflow runs."""


class UpgradeResumed(UpgradeTold):
    """It goes on from its breakpoint."""


class UpgradeSucceeded(UpgradeTold):
    """The site has its new version."""


class UpgradeFailed(UpgradeTold):
    """It stopped at its breakpoint."""


class UpgradeAborted(UpgradeTold):
    """An operator stopped it."""


class UpgradeRollbackStarted(UpgradeTold):
    """What was done is being taken back."""


class UpgradeRolledBack(UpgradeTold):
    """The site is as it was before."""


class UpgradeRollbackFailed(UpgradeTold):
    """The way back stopped too."""


class RolloutTold(EventData, source="enghub.upgrade"):
    """What is read of a roll-out to many sites."""

    rollout_id: str
    name: str
    environment: str
    target_version: str
    sites: int
    problem: str | None = None


class RolloutStarted(RolloutTold):
    """It was accepted."""


class RolloutStopped(RolloutTold):
    """Too many sites failed."""


class RolloutSucceeded(RolloutTold):
    """Every wave is complete."""


class ConfigurationChanged(EventData, source="enghub.settings"):
    """An item of one layer changed; the event tells no value."""

    config_key: str
    layer: str
    operation: str
    version: int


class FeatureFlagChanged(EventData, source="enghub.settings"):
    """A feature flag changed."""

    flag_key: str
    environment: str
    operation: str
    is_enabled: bool
    version: int


class GrayReleaseChanged(EventData, source="enghub.settings"):
    """A gray release moved."""

    release_id: str
    feature_key: str
    environment: str
    action: str
    current_percentage: float
    why: str


class BusinessRuleActivated(EventData, source="enghub.settings"):
    """Another version of a business rule decides, or none (0); tenant ``*`` is everybody's."""

    rule_key: str
    kind: str
    layer: str
    active_version: int
    previous_version: int
    table: str


class ChangePointCreated(EventData, source="enghub.plm"):
    """An engineering change came."""

    change_point_id: str
    ecn_number: str
    title: str


class ChangePointCancelled(EventData, source="enghub.plm"):
    """An engineering change was withdrawn."""

    change_point_id: str
    ecn_number: str


class BomChanged(EventData, source="enghub.plm"):
    """A version of a product's BOM is another now."""

    product_code: str
    bom_version: str
    revision: int


class CutoverStarted(EventData, source="enghub.golive"):
    """A cut-over, or a rehearsal of one, began."""

    go_live_id: str
    run_id: str
    rehearsal: bool


class CutoverEnded(EventData, source="enghub.golive"):
    """It ended."""

    go_live_id: str
    run_id: str
    rehearsal: bool
    state: str
    reason: str


class RampChanged(EventData, source="enghub.golive"):
    """A traffic ramp was started, moved traffic, was held or ended; ``percent`` is the new version's share."""

    ramp_id: str
    name: str
    service_id: str
    action: str
    percent: int
    said: str


class ReleaseChanged(EventData, source="enghub.golive"):
    """A release, or a proposal of an improvement, went on."""

    release_id: str
    kind: str
    title: str
    system: str
    version: str
    action: str


class LineTold(EventData, source="enghub.mes"):
    """What is read of a stop of a line, or of one of its stations."""

    stop_id: str
    line_id: str
    station_id: str | None = None
    reason: str | None = None
    is_planned: bool = False
    started_at: wire.Instant
    work_order_id: str | None = None


class LineStopped(LineTold):
    """It does not produce."""


class LineStarted(LineTold):
    """It produces again."""

    ended_at: wire.Instant


class AndonTold(EventData, source="enghub.mes"):
    """What is read of a station's call for help."""

    call_id: str
    line_id: str
    station_id: str
    kind: str
    state: str
    raised_at: wire.Instant


class AndonRaised(AndonTold):
    """It calls."""


class AndonChanged(AndonTold):
    """Somebody came, or it is solved."""
