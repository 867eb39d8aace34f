"""Rehearsals on the wire (UPG-09, UPG-12)."""

from typing import Annotated

from pydantic import Field

from enghub.core import wire
from enghub.core.i18n import Language
from enghub.upgrade.executions.step import said
from enghub.upgrade.rehearsal.model import Rehearsal, RehearsalDetail, StartRehearsal, StepTimes
from enghub.upgrade.requests import WantedUpgrade

BASE = "/api/v1/upgrade/rehearsals"


class RehearsalRequest(WantedUpgrade):
    """Which upgrade to rehearse on a copy of the site's database."""

    row_limit: Annotated[int, Field(ge=1, le=1_000_000)] = 100_000
    """Rows of each table that are copied at most, those with the lowest keys."""

    def to_command(self) -> StartRehearsal:
        """Return what is asked."""
        return StartRehearsal(
            self.upgrade_before_version, self.upgrade_after_version, self.site_id, self.environment, self.row_limit
        )


class RehearsalResponse(wire.Response):
    """A rehearsal in short."""

    rehearsal_id: str
    status: str
    part: str
    """What it does, or what it did not end: claim, copy, before, up, down, after, again."""
    site_id: str
    environment: str
    upgrade_before_version: str
    upgrade_after_version: str
    row_limit: int
    created_at: wire.Instant

    @classmethod
    def of(cls, rehearsal: Rehearsal) -> "RehearsalResponse":
        """Return the answer for a rehearsal."""
        return cls(
            rehearsal_id=rehearsal.rehearsal_id,
            status=rehearsal.status.value,
            part=rehearsal.part.value,
            site_id=rehearsal.site_id,
            environment=rehearsal.environment,
            upgrade_before_version=rehearsal.source_version,
            upgrade_after_version=rehearsal.target_version,
            row_limit=rehearsal.row_limit,
            created_at=rehearsal.created_at,
        )


class NotCopiedResponse(wire.Response):
    """Something of the site that the scratch database lacks, wholly or in part."""

    what: str
    why: str


class StepTimesResponse(wire.Response):
    """One step in the three runs; null where it did not run to its end."""

    step: str
    up_seconds: float | None
    down_seconds: float | None
    again_seconds: float | None
    restored: bool | None
    """Whether the structure after its undoing was that before it; null while or where that cannot be told."""
    differences: tuple[str, ...]
    no_inverse: str | None
    """Why it cannot be undone by itself."""

    @classmethod
    def of(cls, times: StepTimes, language: Language) -> "StepTimesResponse":
        """Return the answer for a step."""
        return cls(
            step=times.step,
            up_seconds=times.up,
            down_seconds=times.down,
            again_seconds=times.again,
            restored=times.restored,
            differences=times.differences,
            no_inverse=said(times.no_inverse, language),
        )


class RehearsalStatusResponse(RehearsalResponse):
    """A rehearsal with what it copied and found, as far as it is."""

    ended_at: wire.Instant | None
    rows: int
    """Copied, of all tables."""
    not_copied: tuple[NotCopiedResponse, ...]
    left_out: tuple[str, ...]
    """Steps, or parameters of steps, that use more than the database."""
    steps: tuple[StepTimesResponse, ...]
    differences: tuple[str, ...]
    """What the way back did not bring back as it was, rows and structure."""
    error: str | None

    @classmethod
    def seen(cls, seen: RehearsalDetail, language: Language) -> "RehearsalStatusResponse":
        """Return the answer for a rehearsal with its steps."""
        rehearsal = seen.rehearsal
        return cls(
            **RehearsalResponse.of(rehearsal).model_dump(),
            ended_at=rehearsal.ended_at,
            rows=rehearsal.rows,
            not_copied=tuple(NotCopiedResponse(what=one.what, why=one.why) for one in rehearsal.not_copied),
            left_out=rehearsal.left_out,
            steps=tuple(StepTimesResponse.of(step, language) for step in seen.steps),
            differences=rehearsal.differences,
            error=said(rehearsal.problem, language),
        )
