"""PagerDuty's schedules and policies: read for our rota, and said by their own rules to compare with (OPS-23). Pure.

Layers stand top first; the first that has somebody on decides. A turn is counted from ``rotation_virtual_start`` by the
wall clock of the schedule. The override made last decides above all layers; the list has them as they were
made.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta, tzinfo

from enghub.golive.importers import pagerduty_shifts, texts
from enghub.golive.importers.formats import (
    LayerUser,
    PagerDutyExport,
    PagerDutyOverride,
    PagerDutyPolicy,
    PagerDutySchedule,
    Restriction,
    ScheduleLayer,
)
from enghub.golive.importers.model import Change, ForeignRota, Line, Reading, Source, Spans
from enghub.golive.importers.texts import slug
from enghub.golive.importers.weeks import ALWAYS, DAY, weekly
from enghub.golive.policies.model import Policy, Step, Target, TargetKind
from enghub.kit.calendars.zones import local, zone


def rotas(export: PagerDutyExport, reading: Reading, at: datetime) -> Iterable[ForeignRota]:
    """Yield every schedule, understood; what differs is looked for from ``at`` on."""
    for schedule in export.schedules:
        place = f"schedules.{schedule.id}"
        if schedule.rotations or schedule.custom_shifts:
            made = pagerduty_shifts.rota(schedule, reading, at)
            yield from (made,) if made else ()
            continue
        if not schedule.schedule_layers:
            reading.note(place, texts.NO_LINES)
            continue
        tz, layers = zone(schedule.time_zone), schedule.schedule_layers
        lines = tuple(_line(layer, len(layers) - number, tz, reading, place) for number, layer in enumerate(layers))
        overrides = [one for one in schedule.overrides if isinstance(one, PagerDutyOverride)]
        changes = tuple(Change(one.start, one.end, (reading.user(one.user.id),)) for one in overrides)
        named = [*(one.user.id for one in _users(schedule)), *(one.user.id for one in overrides)]
        source = _source(schedule, overrides, tz, {user: reading.user(user) for user in named})
        yield ForeignRota(slug(schedule.id), schedule.name or schedule.id, schedule.time_zone, lines, changes, source)


def policies(export: PagerDutyExport, reading: Reading, tenant_id: str) -> Iterable[Policy]:
    """Yield every escalation policy."""
    schedules = {one.id for one in export.schedules}
    for policy in export.escalation_policies:
        yield Policy(tenant_id, slug(policy.id), policy.name, _steps(policy, schedules, reading), policy.num_loops)


def _steps(policy: PagerDutyPolicy, schedules: set[str], reading: Reading) -> tuple[Step, ...]:
    steps = []
    for number, rule in enumerate(policy.escalation_rules):
        place = f"escalation_policies.{policy.id}.{number}"
        if rule.is_in_turns:
            reading.note(place, texts.ROUND_ROBIN)
        targets: list[Target] = []
        for one in rule.targets:
            kind = one.type.removesuffix("_reference")
            if kind == "user":
                targets.append(Target(TargetKind.USER, reading.user(one.id)))
            elif kind in {"schedule", "schedule_v3"}:
                if one.id not in schedules:
                    reading.note(place, texts.NO_SCHEDULE.filled(name=one.id))
                targets.append(Target(TargetKind.SCHEDULE, slug(one.id)))
            else:
                reading.note(place, texts.NO_TARGETS.filled(kind=one.type))
        steps.append(Step(tuple(targets), rule.escalation_delay_in_minutes))
    return tuple(steps)


def _users(schedule: PagerDutySchedule) -> Iterable[LayerUser]:
    return (one for layer in schedule.schedule_layers for one in layer.users)


def _line(layer: ScheduleLayer, rank: int, tz: tzinfo, reading: Reading, place: str) -> Line:
    start, anchor = local(layer.start, tz), local(layer.rotation_virtual_start, tz)
    until = local(layer.end, tz) if layer.end else None
    if any(one is not None and (one.second or one.microsecond) for one in (start, anchor, until)):
        reading.note(f"{place}.{layer.id}", texts.SECONDS)
    if layer.rotation_turn_length_seconds % 60:
        reading.note(f"{place}.{layer.id}", texts.LENGTH)
    return Line(
        line_id=slug(layer.id),
        rank=rank,
        start=_whole(start),
        until=_whole(until) if until else None,
        anchor=_whole(anchor),
        turn=timedelta(minutes=layer.rotation_turn_length_seconds // 60),
        members=tuple((reading.user(one.user.id),) for one in layer.users),
        week=_week(layer.restrictions),
    )


def _week(restrictions: tuple[Restriction, ...]) -> Spans:
    if not restrictions:
        return ALWAYS
    spans: list[tuple[int, int]] = []
    for one in restrictions:
        hour, minute, *_ = map(int, one.start_time_of_day.split(":"))
        start, length = hour * 60 + minute, one.duration_seconds // 60
        if one.type == "daily_restriction":
            spans += [(day * DAY + start, min(length, DAY)) for day in range(7)]
        else:
            spans.append((((one.start_day_of_week or 1) - 1) * DAY + start, length))
    return weekly(spans)


def _source(
    schedule: PagerDutySchedule, overrides: list[PagerDutyOverride], tz: tzinfo, names: dict[str, str]
) -> Source:
    """Return who is on by PagerDuty's own rules, in seconds of their own, not by our rota."""

    def named(user: str) -> frozenset[str]:
        return frozenset({names.get(user, user)})

    def on(at: datetime) -> frozenset[str]:
        for override in reversed(overrides):
            if override.start <= at < override.end:
                return named(override.user.id)
        wall = local(at, tz)
        for layer in schedule.schedule_layers:
            lives = layer.start <= at and (layer.end is None or at < layer.end)
            if lives and (not layer.restrictions or any(_within(one, wall) for one in layer.restrictions)):
                passed = wall - local(layer.rotation_virtual_start, tz)
                turn = passed // timedelta(seconds=layer.rotation_turn_length_seconds)
                return named(layer.users[turn % len(layer.users)].user.id)
        return frozenset()

    return on


def _within(one: Restriction, wall: datetime) -> bool:
    hour, minute, *rest = map(int, one.start_time_of_day.split(":"))
    begins = hour * 3600 + minute * 60 + (rest[0] if rest else 0)
    second = wall.hour * 3600 + wall.minute * 60 + wall.second
    if one.type == "daily_restriction":
        return (second - begins) % 86_400 < one.duration_seconds
    day = wall.isoweekday() - (one.start_day_of_week or 1)
    return (day * 86_400 + second - begins) % (7 * 86_400) < one.duration_seconds


def _whole(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)
