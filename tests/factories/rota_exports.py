"""Exports of other systems' rotas, and what becomes of them (OPS-23)."""

from datetime import UTC, datetime, timedelta
from typing import Any

from enghub.golive.importers.formats import OnCallExport, OpsgenieExport, PagerDutyExport
from enghub.golive.importers.model import Carried, Plan
from enghub.golive.importers.service import plan
from enghub.golive.oncall.rota import Rota
from enghub.kit.calendars.days import WorkingDays

NOW = datetime(2026, 11, 28, 10, 0, tzinfo=UTC)
USERS = {"U1": "ana", "U2": "ben", "U3": "cy", "ana@example.com": "ana", "ben@example.com": "ben"}


def pagerduty(*layers: dict[str, Any], zone: str = "Europe/Paris", **more: Any) -> Plan:
    schedule = {"id": "PS1", "name": "Ops", "time_zone": zone, "schedule_layers": list(layers), **more}
    return plan(PagerDutyExport.model_validate({"schedules": [schedule]}), USERS, "acme", NOW)


def a_layer(*users: str, name: str = "PL1", **more: Any) -> dict[str, Any]:
    return {
        "id": name,
        "start": "2026-10-05T09:00:00+02:00",
        "rotation_virtual_start": "2026-10-05T09:00:00+02:00",
        "rotation_turn_length_seconds": 604_800,
        "users": [{"user": {"id": user, "type": "user_reference"}} for user in users],
        **more,
    }


def opsgenie(*rotations: dict[str, Any], zone: str = "America/New_York", **more: Any) -> Plan:
    schedule = {"id": "8e7c-1", "name": "Ops", "timezone": zone, "rotations": list(rotations), **more}
    return plan(OpsgenieExport.model_validate({"schedules": [schedule]}), USERS, "acme", NOW)


def a_rotation(*people: str, name: str = "r1", **more: Any) -> dict[str, Any]:
    participants = [{"type": "user", "username": f"{one}@example.com"} if one else {"type": "none"} for one in people]
    base = {"id": name, "startDate": "2026-10-05T12:00:00Z", "type": "weekly", "length": 1}
    return {**base, "participants": participants, **more}


def grafana(*shifts: dict[str, Any], kind: str = "calendar", at: datetime = NOW) -> Plan:
    names = [one["id"] for one in shifts]
    schedule = {"id": "SBM7", "name": "Ops", "type": kind, "time_zone": "Europe/Berlin", "shifts": names}
    export = {"schedules": [schedule], "on_call_shifts": list(shifts)}
    return plan(OnCallExport.model_validate(export), USERS, "acme", at)


def days(found: Plan, begin: str, count: int) -> list[tuple[str, ...]]:
    """Return who is on at noon of so many days (UTC)."""
    first = datetime.fromisoformat(f"{begin}T12:00:00+00:00")
    return [rota(found).on_at(first + timedelta(days=number))[0] for number in range(count)]


def a_shift(name: str = "O1", **more: Any) -> dict[str, Any]:
    base = {"id": name, "type": "rolling_users", "start": "2026-10-05T09:00:00", "duration": 604_800}
    return {**base, "frequency": "weekly", "rolling_users": [["U1"], ["U2"]], **more}


def rota(found: Plan) -> Rota:
    (one,) = found.rotas
    return Rota([one.schedule], one.overrides, WorkingDays())


def on(found: Plan, at: str) -> tuple[str, ...]:
    return rota(found).on_at(datetime.fromisoformat(at))[0]


def same(found: Plan) -> Carried:
    (one,) = found.rotas
    assert (one.different, one.differences) == (0, ()), one.differences[:3]
    assert one.hours == 90 * 24
    return one
