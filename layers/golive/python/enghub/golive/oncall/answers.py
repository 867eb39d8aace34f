"""What schedules, overrides, covers, days off and policies look like in answers (OPS-12)."""

from datetime import datetime, timedelta

from enghub.core import wire
from enghub.core.commits import Kept
from enghub.core.i18n import Language
from enghub.golive.oncall.covers import Cover, CoverState, DaysOff
from enghub.golive.oncall.linter import Warning_
from enghub.golive.oncall.model import Counting, Override, OverrideKind, Rotation, Schedule
from enghub.golive.oncall.model import Days as DayKind
from enghub.golive.oncall.rota import Shift
from enghub.golive.policies.model import Policy, TargetKind


class WarningResponse(wire.Response):
    """What the maker of a rota should know; in the caller's language."""

    rule: str
    text: str

    @classmethod
    def of(cls, found: Warning_, language: Language) -> "WarningResponse":
        """Return the answer for a warning."""
        return cls(rule=found.rule, text=found.text.filled(**found.values).render(language))


class WarningsResponse(wire.Response):
    """What the maker of a rota should know."""

    items: tuple[WarningResponse, ...]


class DutyWindowResponse(wire.Response):
    """Hours on duty."""

    start: str
    end: str
    weekdays: tuple[int, ...]
    days: DayKind


class RotationResponse(wire.Response):
    """Groups that take turns."""

    rotation_id: str
    start: str
    turn_minutes: int
    members: tuple[tuple[str, ...], ...]
    windows: tuple[DutyWindowResponse, ...]
    counting: Counting
    until: str | None

    @classmethod
    def of(cls, one: Rotation) -> "RotationResponse":
        """Return the answer for a rotation."""
        return cls(
            rotation_id=one.rotation_id,
            start=one.start,
            turn_minutes=one.turn_minutes,
            members=one.members,
            windows=tuple(
                DutyWindowResponse(start=part.start, end=part.end, weekdays=part.weekdays, days=part.days)
                for part in one.windows
            ),
            counting=one.counting,
            until=one.until or None,
        )


class LevelResponse(wire.Response):
    """Who is paged together."""

    rotations: tuple[RotationResponse, ...]


class ScheduleResponse(wire.Response):
    """A rota; ``warnings`` only where it was stored just now."""

    schedule_id: str
    name: str
    zone: str
    levels: tuple[LevelResponse, ...]
    calendar_id: str | None
    since: wire.Instant
    version: int
    warnings: tuple[WarningResponse, ...] | None = None

    @classmethod
    def of(cls, kept: Kept[Schedule], warnings: tuple[WarningResponse, ...] | None = None) -> "ScheduleResponse":
        """Return the answer for a schedule."""
        one = kept.value
        levels = tuple(
            LevelResponse(rotations=tuple(map(RotationResponse.of, level.rotations))) for level in one.levels
        )
        return cls(
            schedule_id=one.schedule_id,
            name=one.name,
            zone=one.zone,
            levels=levels,
            calendar_id=one.calendar_id or None,
            since=one.since,
            version=kept.revision,
            warnings=warnings,
        )


class SchedulesResponse(wire.Response):
    """A page of schedules; it may hold fewer, also none, while there is a cursor."""

    items: tuple[ScheduleResponse, ...]
    cursor: str | None


class OnCallLevelResponse(wire.Response):
    """Who is on at one level; nobody where it is empty."""

    level: int
    users: tuple[str, ...]


class OnCallResponse(wire.Response):
    """Who is on at an instant."""

    at: wire.Instant
    levels: tuple[OnCallLevelResponse, ...]

    @classmethod
    def of(cls, at: datetime, on: tuple[tuple[str, ...], ...]) -> "OnCallResponse":
        """Return the answer for an instant."""
        levels = tuple(OnCallLevelResponse(level=number, users=users) for number, users in enumerate(on, 1))
        return cls(at=at, levels=levels)


class ShiftResponse(wire.Response):
    """Who is on at one level, from when until when."""

    level: int
    starts_at: wire.Instant
    ends_at: wire.Instant
    users: tuple[str, ...]

    @classmethod
    def of(cls, shift: Shift) -> "ShiftResponse":
        """Return the answer for a shift."""
        span = shift.interval
        return cls(level=shift.level, starts_at=span.start, ends_at=span.end, users=shift.users)


class RotaPreviewResponse(wire.Response):
    """Who is on in a period, by level and time; nobody's time has no users."""

    items: tuple[ShiftResponse, ...]


class OverrideResponse(wire.Response):
    """An override."""

    override_id: str
    kind: OverrideKind
    start: wire.Instant
    end: wire.Instant
    user: str | None
    by: str | None
    level: int
    policy_id: str | None
    reason: str
    warnings: tuple[WarningResponse, ...] | None = None

    @classmethod
    def of(cls, one: Override, warnings: tuple[WarningResponse, ...] | None = None) -> "OverrideResponse":
        """Return the answer for an override."""
        return cls(
            override_id=one.override_id,
            kind=one.kind,
            start=one.start,
            end=one.end,
            user=one.user or None,
            by=one.by or None,
            level=one.level,
            policy_id=one.policy_id or None,
            reason=one.reason,
            warnings=warnings,
        )


class OverridesResponse(wire.Response):
    """What changes a schedule in a period, 500 at most."""

    items: tuple[OverrideResponse, ...]


class CoverResponse(wire.Response):
    """A request to be covered."""

    cover_id: str
    user: str
    start: wire.Instant
    end: wire.Instant
    back_start: wire.Instant | None
    back_end: wire.Instant | None
    reason: str
    state: CoverState
    taken_by: str | None

    @classmethod
    def of(cls, kept: Kept[Cover]) -> "CoverResponse":
        """Return the answer for a request."""
        one = kept.value
        return cls(
            cover_id=one.cover_id,
            user=one.user,
            start=one.start,
            end=one.end,
            back_start=one.back_start,
            back_end=one.back_end,
            reason=one.reason,
            state=one.state,
            taken_by=one.taken_by or None,
        )


class CoversResponse(wire.Response):
    """A page of requests, newest first."""

    items: tuple[CoverResponse, ...]
    cursor: str | None


class DaysOffResponse(wire.Response):
    """Days off of somebody."""

    user_id: str
    days: tuple[str, ...]
    version: int

    @classmethod
    def of(cls, kept: Kept[DaysOff]) -> "DaysOffResponse":
        """Return the answer for somebody's days off."""
        return cls(user_id=kept.value.user_id, days=kept.value.days, version=kept.revision)


class TargetResponse(wire.Response):
    """Whom a step pages."""

    kind: TargetKind
    target_id: str
    level: int


class PolicyStepResponse(wire.Response):
    """Who is paged together."""

    targets: tuple[TargetResponse, ...]
    delay_minutes: int


class PolicyResponse(wire.Response):
    """An escalation policy; ``lateSteps`` are paged only after the 30 minutes in which P1 has to be answered."""

    policy_id: str
    name: str
    steps: tuple[PolicyStepResponse, ...]
    repeat: int
    fallback: tuple[str, ...]
    remind_minutes: int | None
    late_steps: tuple[int, ...]
    version: int

    @classmethod
    def of(cls, kept: Kept[Policy]) -> "PolicyResponse":
        """Return the answer for a policy."""
        one = kept.value
        steps = tuple(
            PolicyStepResponse(
                targets=tuple(
                    TargetResponse(kind=target.kind, target_id=target.target_id, level=target.level)
                    for target in step.targets
                ),
                delay_minutes=step.delay_minutes,
            )
            for step in one.steps
        )
        return cls(
            policy_id=one.policy_id,
            name=one.name,
            steps=steps,
            repeat=one.repeat,
            fallback=one.fallback,
            remind_minutes=one.remind_minutes or None,
            late_steps=one.too_late(timedelta(minutes=30)),
            version=kept.revision,
        )


class PoliciesResponse(wire.Response):
    """A page of policies; it may hold fewer, also none, while there is a cursor."""

    items: tuple[PolicyResponse, ...]
    cursor: str | None


class FeedResponse(wire.Response):
    """The address of a calendar feed; it is shown once."""

    path: str
    key_hash: str
