"""PagerDuty's schedules of shifts, as GET /v3/schedules/{id} answers them (OPS-23).

From PagerDuty/developer-docs, the upgrade guide of the schedules API, and PagerDuty/pagerduty-mcp-server's models.
"""

from typing import Annotated, Literal

from pydantic import Field

from enghub.core import wire
from enghub.core.setup.api import Zone
from enghub.golive.importers.shapes import Export, Foreign, Title


class ZonedTime(Export):
    """An instant, and the zone whose clocks a rule runs by."""

    date_time: wire.Instant
    time_zone: Zone


class Member(Export):
    """Somebody, or nobody on purpose."""

    type: Literal["user_member", "empty_member"]
    user_id: Foreign | None = None


class Assignment(Export):
    """Who has the shifts: one after the other, each for so many, or everybody."""

    type: Literal["rotating_member_assignment_strategy", "every_member_assignment_strategy"]
    members: Annotated[tuple[Member, ...], Field(min_length=1, max_length=50)]
    shifts_per_member: Annotated[int, Field(ge=1, le=100)] | None = None


class ShiftEvent(Export):
    """A shift that comes again by rules of iCalendar."""

    id: Foreign
    name: Title | None = None
    start_time: ZonedTime
    end_time: ZonedTime
    effective_since: wire.Instant | None = None
    effective_until: wire.Instant | None = None
    recurrence: Annotated[tuple[Annotated[str, Field(max_length=300)], ...], Field(max_length=10)] = ()
    assignment_strategy: Assignment


class ShiftRotation(Export):
    """Shifts one after the other; all rotations of a schedule are on together."""

    id: Foreign
    events: Annotated[tuple[ShiftEvent, ...], Field(max_length=50)] = ()


class ShiftOverride(Export):
    """Somebody instead of somebody in one rotation, or in one single shift."""

    rotation_id: Foreign | None = None
    custom_shift_id: Foreign | None = None
    start_time: wire.Instant
    end_time: wire.Instant
    overridden_member: Member
    overriding_member: Member


class ShiftAssignment(Export):
    """Who has a single shift."""

    member: Member


class CustomShift(Export):
    """A single shift, in addition."""

    id: Foreign
    start_time: wire.Instant
    end_time: wire.Instant
    assignments: Annotated[tuple[ShiftAssignment, ...], Field(max_length=50)] = ()
