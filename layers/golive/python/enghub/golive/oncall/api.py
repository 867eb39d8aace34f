"""Schedules, overrides, covers, days off and policies on the wire (OPS-12)."""

from datetime import datetime, timedelta
from typing import Annotated, Self

from pydantic import Field, model_validator

from enghub.core import wire
from enghub.core.errors import Invalid
from enghub.core.i18n import Text
from enghub.core.setup.api import Clock, Name, UserId, Version, Zone
from enghub.golive.directory.api import Days, Wall
from enghub.golive.oncall.covers import Cover, DaysOff
from enghub.golive.oncall.model import (
    EVERY_DAY,
    Counting,
    Level,
    Override,
    OverrideKind,
    Rotation,
    Schedule,
    Window,
)
from enghub.golive.oncall.model import (
    Days as DayKind,
)
from enghub.golive.policies.model import Policy, Step, Target, TargetKind
from enghub.kit.calendars.intervals import Interval

YEAR_MINUTES = 366 * 1440
LONGEST = timedelta(days=100)
_SPAN = Text("write a time after `from`, at most 100 days later", "请填写晚于 from 且不超过 100 天的时间")
_BOTH = Text("say backStart and backEnd, or neither", "backStart 与 backEnd 须同时填写或都不填")
_ONE_ID = Text("two rotations have the same rotationId: each needs its own", "rotationId 重复，每个轮换须有唯一编号")
OverrideId = Annotated[str, Field(pattern=r"^[0-9A-Za-z-]{1,64}$", max_length=64)]


class WindowPart(wire.Request):
    """Hours on duty; an end at or before the start is the next day's."""

    start: Clock
    end: Clock
    weekdays: Annotated[tuple[Annotated[wire.Count, Field(le=6)], ...], Field(min_length=1, max_length=7)] = EVERY_DAY
    days: DayKind = DayKind.ANY


class RotationPart(wire.Request):
    """Groups that take turns; a group of several is on together."""

    rotation_id: Name
    start: Wall
    turn_minutes: Annotated[wire.Count, Field(ge=1, le=YEAR_MINUTES)]
    members: Annotated[
        tuple[Annotated[tuple[UserId, ...], Field(min_length=1, max_length=50)], ...],
        Field(min_length=1, max_length=100),
    ]
    windows: Annotated[tuple[WindowPart, ...], Field(max_length=20)] = ()
    counting: Counting = Counting.ELAPSED
    until: Wall | None = None

    def to_rotation(self) -> Rotation:
        """Return the rotation."""
        windows = tuple(Window(one.start, one.end, tuple(sorted(set(one.weekdays))), one.days) for one in self.windows)
        return Rotation(
            self.rotation_id, self.start, self.turn_minutes, self.members, windows, self.counting, self.until or ""
        )


class LevelPart(wire.Request):
    """Who is paged together; all its rotations' people are on at once."""

    rotations: Annotated[tuple[RotationPart, ...], Field(min_length=1, max_length=10)]


class PutScheduleRequest(wire.Request):
    """A rota with up to three levels."""

    name: wire.ShortText
    zone: Zone
    levels: Annotated[tuple[LevelPart, ...], Field(min_length=1, max_length=3)]
    calendar_id: Name | None = None
    version: Version | None = None

    @model_validator(mode="after")
    def _ids_are_unique(self) -> Self:
        names = [one.rotation_id for level in self.levels for one in level.rotations]
        if len(set(names)) < len(names):
            raise wire.Unfit(_ONE_ID, field="levels")
        return self

    def to_schedule(self, tenant_id: str, schedule_id: str, since: datetime) -> Schedule:
        """Return the schedule."""
        levels = tuple(Level(tuple(one.to_rotation() for one in level.rotations)) for level in self.levels)
        return Schedule(tenant_id, schedule_id, self.name, self.zone, levels, since, self.calendar_id or "")


class OverrideRequest(wire.Request):
    """ADD ``by``, REMOVE ``user``, or REPLACE ``user`` by ``by``, from ``start`` until just before ``end``."""

    kind: OverrideKind
    start: wire.Instant
    end: wire.Instant
    user: UserId | None = None
    by: UserId | None = None
    level: Annotated[wire.Count, Field(le=3)] = 0
    policy_id: Name | None = None
    reason: Annotated[str, Field(max_length=500)] = ""

    def to_override(self, tenant_id: str, schedule_id: str) -> Override:
        """Return the override."""
        return Override(
            tenant_id=tenant_id,
            schedule_id=schedule_id,
            override_id="",
            kind=self.kind,
            start=self.start,
            end=self.end,
            made_at=self.start,
            user=self.user or "",
            by=self.by or "",
            level=self.level,
            policy_id=self.policy_id or "",
            reason=self.reason,
        )


class CoverRequest(wire.Request):
    """Somebody asks to be covered; with ``backStart`` and ``backEnd`` they offer a time in return."""

    start: wire.Instant
    end: wire.Instant
    reason: Annotated[str, Field(max_length=500)] = ""
    back_start: wire.Instant | None = None
    back_end: wire.Instant | None = None

    @model_validator(mode="after")
    def _both_or_neither(self) -> Self:
        if (self.back_start is None) != (self.back_end is None):
            raise wire.Unfit(_BOTH, field="backEnd")
        return self

    def to_cover(self, tenant_id: str, schedule_id: str, user: str) -> Cover:
        """Return the request."""
        return Cover(
            tenant_id, schedule_id, "", user, self.start, self.end, self.reason, self.back_start, self.back_end
        )


class DaysOffRequest(wire.Request):
    """Days and spans of days on which somebody is away."""

    days: Annotated[tuple[Days, ...], Field(max_length=200)]
    version: Version | None = None

    def to_days_off(self, tenant_id: str, user_id: str) -> DaysOff:
        """Return the days off."""
        return DaysOff(tenant_id, user_id, self.days)


class TargetPart(wire.Request):
    """A person, or whoever is on at a level of a schedule."""

    kind: TargetKind
    target_id: UserId
    level: Annotated[wire.Count, Field(ge=1, le=3)] = 1


class StepPart(wire.Request):
    """Who is paged together, and how long they have."""

    targets: Annotated[tuple[TargetPart, ...], Field(max_length=10)]
    delay_minutes: Annotated[wire.Count, Field(ge=1, le=9000)] = 15


class PutPolicyRequest(wire.Request):
    """Steps in order; ``fallback`` is paged when nobody else is found."""

    name: wire.ShortText
    steps: Annotated[tuple[StepPart, ...], Field(min_length=1, max_length=10)]
    repeat: Annotated[wire.Count, Field(le=9)] = 1
    fallback: Annotated[tuple[UserId, ...], Field(max_length=10)] = ()
    remind_minutes: Annotated[wire.Count, Field(ge=5, le=5_760)] | None = None
    """An acknowledged incident that nobody says anything of for so long pages anew."""
    version: Version | None = None

    def to_policy(self, tenant_id: str, policy_id: str) -> Policy:
        """Return the policy."""
        steps = tuple(
            Step(tuple(Target(one.kind, one.target_id, one.level) for one in step.targets), step.delay_minutes)
            for step in self.steps
        )
        return Policy(tenant_id, policy_id, self.name, steps, self.repeat, self.fallback, self.remind_minutes or 0)


def period(since: datetime, until: datetime) -> Interval:
    """Return a period that somebody asks about.

    Raises:
        Invalid: it is empty or longer than 100 days.
    """
    if not since < until <= since + LONGEST:
        raise Invalid(field="to", problem=_SPAN)
    return Interval(since, until)
