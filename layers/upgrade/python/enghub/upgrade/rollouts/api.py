"""Roll-outs on the wire (UPG-11, UPG-12)."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from enghub.core import wire
from enghub.core.i18n import Language, Text
from enghub.upgrade.executions.model import OnFailure
from enghub.upgrade.executions.step import said
from enghub.upgrade.rollouts.model import QUEUE_SECONDS, Rollout, RolloutStatus, SiteRow, tally
from enghub.upgrade.rollouts.service import RolloutDetail, StartRollout
from enghub.upgrade.sites.api import Tags
from enghub.upgrade.sites.ids import SiteId
from enghub.upgrade.versions import VersionText

BASE = "/api/v1/upgrade/rollouts"
NEXT = {RolloutStatus.WAITING: "confirm", RolloutStatus.PAUSED: "resume", RolloutStatus.STOPPED: "resume"}
_ONE_SELECTOR = Text("name siteIds or tags, one of them", "请指定 siteIds 或 tags 之一")


class RolloutRequest(wire.Request):
    """Which sites shall come to which version, and how carefully."""

    name: wire.ShortText
    upgrade_after_version: VersionText
    environment: Annotated[str, Field(min_length=1, max_length=30, pattern=r"^[A-Za-z][A-Za-z0-9_-]*$")] = "test"
    site_ids: Annotated[tuple[SiteId, ...], Field(max_length=500)] = ()
    tags: Tags = Field(default_factory=dict)
    """Every site that carries all of these, when no siteIds are named."""
    canaries: Annotated[tuple[SiteId, ...], Field(max_length=50)] = ()
    wave_size: Annotated[int, Field(ge=1, le=50)] = 5
    max_failure_rate: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Of a wave's sites; a failed canary always stops."""
    pause_seconds: Annotated[int, Field(ge=0, le=604_800)] = 0
    requires_confirmation: bool = False
    on_failure: Literal["stop", "rollback", "confirm"] = "stop"
    max_queue_seconds: Annotated[int, Field(ge=60, le=604_800)] = QUEUE_SECONDS
    """A site whose upgrade waits longer in the queue is withdrawn, and counts as failed."""

    @model_validator(mode="after")
    def _one_selector(self) -> Self:
        if bool(self.site_ids) is bool(self.tags):
            raise wire.Unfit(_ONE_SELECTOR, field="siteIds")
        return self

    def to_command(self) -> StartRollout:
        """Return what is asked."""
        return StartRollout(
            self.name,
            self.upgrade_after_version,
            self.environment,
            self.site_ids,
            self.tags,
            self.canaries,
            self.wave_size,
            self.max_failure_rate,
            self.pause_seconds,
            self.requires_confirmation,
            OnFailure(self.on_failure),
            self.max_queue_seconds,
        )


class RolloutResponse(wire.Response):
    """A roll-out in short."""

    rollout_id: str
    name: str
    status: str
    upgrade_after_version: str
    environment: str
    sites: int
    waves: int
    wave: int
    attempt: int
    run: int
    created_by: str
    created_at: wire.Instant

    @classmethod
    def of(cls, rollout: Rollout) -> "RolloutResponse":
        """Return the answer for a roll-out."""
        return cls(
            rollout_id=rollout.rollout_id,
            name=rollout.name,
            status=rollout.status.value,
            upgrade_after_version=rollout.target_version,
            environment=rollout.environment,
            sites=rollout.sites,
            waves=rollout.waves,
            wave=rollout.wave,
            attempt=rollout.attempt,
            run=rollout.run,
            created_by=rollout.created_by,
            created_at=rollout.created_at,
        )


class RolloutsResponse(wire.Response):
    """One page of roll-outs, newest first."""

    items: tuple[RolloutResponse, ...]
    cursor: str | None


class WaveResponse(wire.Response):
    """How far a wave is."""

    wave: int
    canary: bool
    sites: int
    pending: int
    running: int
    succeeded: int
    failed: int
    skipped: int
    failure_rate: float

    @classmethod
    def of(cls, rows: tuple[SiteRow, ...], attempt: int) -> "WaveResponse":
        """Return the answer for the rows of one wave."""
        found = tally(rows, attempt)
        return cls(
            wave=rows[0].wave,
            canary=rows[0].canary,
            sites=found.total,
            pending=found.pending,
            running=found.running,
            succeeded=found.succeeded,
            failed=found.failed,
            skipped=found.skipped,
            failure_rate=found.failure_rate,
        )


class RolloutSiteResponse(wire.Response):
    """How far a site is; its execution tells the rest."""

    site_id: str
    wave: int
    canary: bool
    status: str
    attempt: int
    execution_id: str | None
    upgrade_before_version: str | None
    reason: str | None
    started_at: wire.Instant | None
    ended_at: wire.Instant | None

    @classmethod
    def of(cls, row: SiteRow, language: Language) -> "RolloutSiteResponse":
        """Return the answer for a site."""
        return cls(
            site_id=row.site_id,
            wave=row.wave,
            canary=row.canary,
            status=row.status.value,
            attempt=row.attempt,
            execution_id=row.execution_id,
            upgrade_before_version=row.source_version,
            reason=said(row.reason, language),
            started_at=row.started_at,
            ended_at=row.ended_at,
        )


class RolloutStatusResponse(RolloutResponse):
    """A roll-out with its waves and sites."""

    wave_size: int
    max_failure_rate: float
    pause_seconds: int
    requires_confirmation: bool
    on_failure: str
    max_queue_seconds: int
    next_wave_at: wire.Instant | None
    reason: str | None
    """Why it stopped."""
    next_action: str | None
    ended_at: wire.Instant | None
    progress: tuple[WaveResponse, ...]
    site_progress: tuple[RolloutSiteResponse, ...]

    @classmethod
    def seen(cls, seen: RolloutDetail, language: Language) -> "RolloutStatusResponse":
        """Return the answer for a roll-out with its sites."""
        rollout = seen.rollout
        by_wave: dict[int, tuple[SiteRow, ...]] = {}
        for row in seen.rows:
            by_wave[row.wave] = (*by_wave.get(row.wave, ()), row)
        verb = NEXT.get(rollout.status)
        return cls(
            **RolloutResponse.of(rollout).model_dump(),
            wave_size=rollout.wave_size,
            max_failure_rate=rollout.max_failure_rate,
            pause_seconds=rollout.pause_seconds,
            requires_confirmation=rollout.requires_confirmation,
            on_failure=rollout.on_failure.value,
            max_queue_seconds=rollout.max_queue_seconds,
            next_wave_at=rollout.not_before,
            reason=said(rollout.problem, language),
            next_action=None if verb is None else f"POST {BASE}/{rollout.rollout_id}/{verb}",
            ended_at=rollout.ended_at,
            progress=tuple(
                WaveResponse.of(rows, rollout.attempt if wave == rollout.wave else 0) for wave, rows in by_wave.items()
            ),
            site_progress=tuple(RolloutSiteResponse.of(row, language) for row in seen.rows),
        )
