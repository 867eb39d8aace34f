"""What PagerDuty, Opsgenie and Grafana OnCall export of who is on call, as their APIs write it (OPS-23).

PagerDuty: GET /schedules/{id} (schedule_layers, top first), /schedules/{id}/overrides, /escalation_policies, from
developer.pagerduty.com (api-schema 91a06fb), and /v3/schedules/{id} (``shift_formats``). Opsgenie: GET
/v2/schedules?expand=rotation, .../overrides, /v2/escalations, from docs.opsgenie.com and iksaif/opsgenie_swagger.
OnCall: GET /api/v1/schedules, /on_call_shifts, /escalation_policies, /escalation_chains, from grafana/oncall
docs/sources/oncall-api-reference (0b48a00) and engine/apps/public_api/serializers. Members that are not read here are
ignored: exports have many. Answers are taken as they come, in their envelopes, and the files of
opsgenie/opsgenie-configuration-backup (a schedule with ``scheduleOverrideList``).
"""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from enghub.core import wire
from enghub.core.setup.api import Zone
from enghub.golive.importers.shapes import Answer, Answered, Export, Foreign, Naive, Seconds, TimeOfDay, Title
from enghub.golive.importers.shift_formats import CustomShift, ShiftOverride, ShiftRotation

# --- PagerDuty --------------------------------------------------------------------------------------------------------


class Reference(Export):
    """Something of theirs, by its id."""

    id: Foreign
    type: Title = ""


class LayerUser(Export):
    """A user of a layer."""

    user: Reference


class Restriction(Export):
    """When a layer is on duty; day 1 is Monday."""

    type: Literal["daily_restriction", "weekly_restriction"]
    start_time_of_day: TimeOfDay
    duration_seconds: Annotated[int, Field(ge=60, le=7 * 86_400)]
    start_day_of_week: Annotated[int, Field(ge=1, le=7)] | None = None


class ScheduleLayer(Export):
    """Users who take turns; a layer further up hides those below while it has somebody on."""

    id: Foreign
    name: Title = ""
    start: wire.Instant
    end: wire.Instant | None = None
    rotation_virtual_start: wire.Instant
    rotation_turn_length_seconds: Seconds
    users: Annotated[tuple[LayerUser, ...], Field(min_length=1, max_length=100)]
    restrictions: Annotated[tuple[Restriction, ...], Field(max_length=50)] = ()


class PagerDutyOverride(Export):
    """Somebody instead of whoever is on."""

    start: wire.Instant
    end: wire.Instant
    user: Reference


class PagerDutySchedule(Answered):
    """A schedule with its layers, or, of type ``schedule_v3``, with its rotations of shifts.

    ``overrides`` and ``custom_shifts`` are as /schedules/{id}/overrides and /v3/schedules/{id}/custom_shifts list them.
    """

    id: Foreign
    type: Title = "schedule"
    name: Title = ""
    time_zone: Zone = "UTC"
    schedule_layers: Annotated[tuple[ScheduleLayer, ...], Field(max_length=20)] = ()
    overrides: Annotated[tuple[PagerDutyOverride | ShiftOverride, ...], Field(max_length=500), Answer] = ()
    rotations: Annotated[tuple[ShiftRotation, ...], Field(max_length=50), Answer] = ()
    custom_shifts: Annotated[tuple[CustomShift, ...], Field(max_length=200), Answer] = ()


class Strategy(Export):
    """How targets of a rule are assigned."""

    type: Title = ""


class EscalationRule(Export):
    """Targets paged together, and how long they have."""

    escalation_delay_in_minutes: Annotated[int, Field(ge=1, le=9_000)]
    targets: Annotated[tuple[Reference, ...], Field(max_length=20)] = ()
    escalation_rule_assignment_strategy: Strategy | Title | None = None

    @property
    def is_in_turns(self) -> bool:
        """Whether one target after the other is paged; the API writes it as a text or with its type."""
        given = self.escalation_rule_assignment_strategy
        return (given.type if isinstance(given, Strategy) else given) == "round_robin"


class PagerDutyPolicy(Answered):
    """An escalation policy."""

    id: Foreign
    name: Title
    num_loops: Annotated[int, Field(ge=0, le=9)] = 0
    escalation_rules: Annotated[tuple[EscalationRule, ...], Field(min_length=1, max_length=20)]


class PagerDutyExport(Export):
    """What PagerDuty's REST API answers, without the envelopes."""

    schedules: Annotated[tuple[PagerDutySchedule, ...], Field(max_length=20), Answer] = ()
    escalation_policies: Annotated[tuple[PagerDutyPolicy, ...], Field(max_length=50), Answer] = ()


# --- Opsgenie ---------------------------------------------------------------------------------------------------------

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WeekdayOf = Annotated[Weekday, BeforeValidator(lambda given: given.lower() if isinstance(given, str) else given)]
Unit = Literal["seconds", "minutes", "hours", "days", "weeks"]
_MINUTES: dict[Unit, int] = {"minutes": 1, "hours": 60, "days": 1_440, "weeks": 10_080}
Hour = Annotated[int, Field(ge=0, le=24)]
Minute = Annotated[int, Field(ge=0, le=59)]


class Participant(Export):
    """Who takes a turn or is told; ``none`` is nobody."""

    type: Literal["user", "team", "escalation", "none", "schedule", "group", "all"]
    id: Foreign | None = None
    username: Foreign | None = None


class TimeSpan(Export):
    """From when until when, of a day or of a week."""

    startHour: Hour  # noqa: N815 - their name
    startMin: Minute  # noqa: N815
    endHour: Hour  # noqa: N815
    endMin: Minute  # noqa: N815
    startDay: WeekdayOf | None = None  # noqa: N815
    endDay: WeekdayOf | None = None  # noqa: N815


class TimeRestriction(Export):
    """When a rotation is on duty."""

    type: Literal["time-of-day", "weekday-and-time-of-day"]
    restriction: TimeSpan | None = None
    restrictions: Annotated[tuple[TimeSpan, ...], Field(max_length=50)] = ()


class OpsgenieRotation(Export):
    """Participants who take turns; all rotations of a schedule are on together."""

    id: Foreign
    name: Title = ""
    startDate: wire.Instant  # noqa: N815
    endDate: wire.Instant | None = None  # noqa: N815
    type: Literal["hourly", "daily", "weekly"]
    length: Annotated[int, Field(ge=1, le=366)] = 1
    participants: Annotated[tuple[Participant, ...], Field(min_length=1, max_length=100)]
    timeRestriction: TimeRestriction | None = None  # noqa: N815
    enabled: bool = True


class RotationReference(Export):
    """A rotation, by its id."""

    id: Foreign


class OpsgenieOverride(Export):
    """Somebody instead of whoever is on, in some rotations or, without any, in all."""

    startDate: wire.Instant  # noqa: N815
    endDate: wire.Instant  # noqa: N815
    user: Participant
    rotations: Annotated[tuple[RotationReference, ...], Field(max_length=50)] = ()


class OpsgenieSchedule(Answered):
    """A schedule with its rotations and overrides."""

    id: Foreign
    name: Title
    timezone: Zone
    enabled: bool = True
    rotations: Annotated[tuple[OpsgenieRotation, ...], Field(max_length=20)] = ()
    overrides: Annotated[tuple[OpsgenieOverride, ...], Field(max_length=500), Answer] = ()


class Delay(Export):
    """How long after the alert was made."""

    timeAmount: Annotated[int, Field(ge=0, le=9_000)] = 0  # noqa: N815
    timeUnit: Unit = "minutes"  # noqa: N815

    @property
    def minutes(self) -> int:
        """Whole minutes, seconds rounded up."""
        return self.timeAmount * _MINUTES[self.timeUnit] if self.timeUnit != "seconds" else -(-self.timeAmount // 60)


class OpsgenieRule(Export):
    """Whom a rule tells, after which time, on which condition."""

    condition: Title = "if-not-acked"
    notifyType: Title = "default"  # noqa: N815
    delay: Delay = Delay()
    recipient: Participant


class OpsgenieRepeat(Export):
    """How often all is told again, and after how many minutes."""

    count: Annotated[int, Field(ge=0, le=20)] = 0
    waitInterval: Annotated[int, Field(ge=0, le=9_000)] = 0  # noqa: N815


class OpsgenieEscalation(Answered):
    """An escalation."""

    id: Foreign
    name: Title
    rules: Annotated[tuple[OpsgenieRule, ...], Field(max_length=30)]
    repeat: OpsgenieRepeat | None = None


class OpsgenieExport(Export):
    """What Opsgenie's REST API answers under ``data``."""

    schedules: Annotated[tuple[OpsgenieSchedule, ...], Field(max_length=20), Answer] = ()
    escalations: Annotated[tuple[OpsgenieEscalation, ...], Field(max_length=50), Answer] = ()


# --- Grafana OnCall ---------------------------------------------------------------------------------------------------

IcalDay = Literal["MO", "TU", "WE", "TH", "FR", "SA", "SU"]


class OnCallShift(Export):
    """One event of iCalendar, once, again and again, or with users who take turns; a higher level hides lower ones."""

    id: Foreign
    name: Title = ""
    type: Literal["single_event", "recurrent_event", "rolling_users", "override"]
    time_zone: Zone | None = None
    level: Annotated[int, Field(ge=0, le=99)] | None = None
    start: Naive
    rotation_start: Naive | None = None
    duration: Seconds
    frequency: Literal["hourly", "daily", "weekly", "monthly"] | None = None
    interval: Annotated[int, Field(ge=1, le=366)] | None = None
    until: Naive | None = None
    week_start: IcalDay | None = None
    by_day: Annotated[tuple[IcalDay, ...], Field(max_length=7)] | None = None
    by_month: Annotated[tuple[int, ...], Field(max_length=12)] | None = None
    by_monthday: Annotated[tuple[int, ...], Field(max_length=62)] | None = None
    users: Annotated[tuple[Foreign, ...], Field(max_length=50)] | None = None
    rolling_users: Annotated[tuple[tuple[Foreign, ...], ...], Field(max_length=100)] | None = None
    start_rotation_from_user_index: Annotated[int, Field(ge=0, le=99)] | None = None


class OnCallSchedule(Export):
    """A schedule; its shifts by their ids. One of type ``web`` was made in their pages."""

    id: Foreign
    name: Title
    time_zone: Zone = "UTC"
    type: Title = "web"
    ical_url_overrides: str | None = None
    shifts: Annotated[tuple[Foreign, ...], Field(max_length=100)] = ()


class OnCallChain(Export):
    """An escalation chain's name."""

    id: Foreign
    name: Title


class OnCallStep(Export):
    """One step of an escalation chain; ``type`` is null where nobody has set it yet."""

    escalation_chain_id: Foreign
    position: Annotated[int, Field(ge=0, le=1_000)]
    type: Title | None
    duration: Annotated[int, Field(ge=0, le=86_400)] | None = None
    persons_to_notify: Annotated[tuple[Foreign, ...], Field(max_length=50)] | None = None
    persons_to_notify_next_each_time: Annotated[tuple[Foreign, ...], Field(max_length=50)] | None = None
    notify_on_call_from_schedule: Foreign | None = None


class OnCallExport(Export):
    """What OnCall's API lists under ``results``."""

    schedules: Annotated[tuple[OnCallSchedule, ...], Field(max_length=20), Answer] = ()
    on_call_shifts: Annotated[tuple[OnCallShift, ...], Field(max_length=300), Answer] = ()
    escalation_chains: Annotated[tuple[OnCallChain, ...], Field(max_length=100), Answer] = ()
    escalation_policies: Annotated[tuple[OnCallStep, ...], Field(max_length=300), Answer] = ()
