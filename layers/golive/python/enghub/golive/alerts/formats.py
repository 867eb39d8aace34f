"""What monitoring systems send, read as alerts: Alertmanager, Prometheus, PagerDuty, Opsgenie, CloudWatch (OPS-11).

Unknown fields are ignored: senders add some with every version. What is needed and missing, or too long, is refused by
its field, never cut. Pure.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from enghub.core import clock
from enghub.core.i18n import Text
from enghub.golive.alerts.errors import WrongAlert
from enghub.golive.alerts.model import Alert, Status

MOST_ALERTS = 2_000
PAGERDUTY_KEY, OPSGENIE_ALIAS, TITLE = 255, 512, 500
_MISSING = Text("missing", "缺失")
_LONG = Text("too long", "过长")
_KIND = Text("of the wrong kind", "类型错误")
_MANY = Text("too many at once", "数量过多")
_NONE = Text("without labels", "没有标签")
_VALUE = Text("not one of the values served", "取值不受支持")
ACTIONS = {"trigger": Status.FIRING, "acknowledge": Status.ACKNOWLEDGED, "resolve": Status.RESOLVED}


def alertmanager(body: Any) -> list[Alert]:
    """Read a webhook of version 4; alerts that are not listed (``truncatedAlerts``) stay as they are.

    Raises:
        WrongAlert
    """
    found = _list(_object(body, "body").get("alerts"), "alerts")
    return [_prometheus(one, f"alerts.{place}", None) for place, one in enumerate(found)]


def prometheus(body: Any, now: datetime) -> list[Alert]:
    """Read what Prometheus posts to /api/v2/alerts: an alert is over once its ``endsAt`` is past.

    Raises:
        WrongAlert
    """
    return [_prometheus(one, str(place), now) for place, one in enumerate(_list(body, "body"))]


def _prometheus(one: Any, field: str, now: datetime | None) -> Alert:
    alert = _object(one, field)
    labels = _labels(alert.get("labels"), f"{field}.labels")
    if not labels:
        raise WrongAlert(field=f"{field}.labels", problem=_NONE)
    starts, ends = (_instant(alert.get(name), f"{field}.{name}") for name in ("startsAt", "endsAt"))
    is_over = alert.get("status") == "resolved" if now is None else ends is not None and ends <= now
    annotations = _labels(alert.get("annotations") or {}, f"{field}.annotations")
    title = annotations.get("summary") or annotations.get("description") or labels.get("alertname") or "alert"
    return Alert(
        key=_fingerprint(labels),
        status=Status.RESOLVED if is_over else Status.FIRING,
        title=title[:TITLE],
        severity=labels.get("severity", ""),
        labels=labels,
        starts_at=starts,
        ends_at=ends if is_over else None,
    )


def pagerduty(body: Any) -> Alert:
    """Read an event of Events API v2; the answer's ``dedup_key`` is the alert's key.

    Raises:
        WrongAlert
    """
    event = _object(body, "body")
    status = ACTIONS.get(str(event.get("event_action")))
    if status is None:
        raise WrongAlert(field="event_action", problem=_VALUE)
    given = event.get("dedup_key")
    key = _text(given, "dedup_key", PAGERDUTY_KEY) if given else ""
    if status is not Status.FIRING:
        if not key:
            raise WrongAlert(field="dedup_key", problem=_MISSING)
        return Alert(key, status, "", "", {})
    payload = _object(event.get("payload"), "payload")
    title, source = (_text(payload.get(name), f"payload.{name}", 1024) for name in ("summary", "source"))
    severity = str(payload.get("severity"))
    if severity not in {"critical", "error", "warning", "info"}:
        raise WrongAlert(field="payload.severity", problem=_VALUE)
    named = {name: payload[name] for name in ("component", "group", "class") if isinstance(payload.get(name), str)}
    made = key or hashlib.sha256(json.dumps([title, source]).encode()).hexdigest()[:32]
    return Alert(made, status, title[:TITLE], severity, {"source": source, **named})


def opsgenie(body: Any) -> Alert:
    """Read an alert of the Opsgenie API.

    Raises:
        WrongAlert
    """
    alert = _object(body, "body")
    title = _text(alert.get("message"), "message", 1024)
    alias = _text(alert["alias"], "alias", OPSGENIE_ALIAS) if alert.get("alias") else ""
    details = alert.get("details") or {}
    labels = {name: str(value) for name, value in _object(details, "details").items()}
    for name in ("source", "entity"):
        if isinstance(alert.get(name), str):
            labels[name] = alert[name]
    key = alias or hashlib.sha256(title.encode()).hexdigest()[:32]
    return Alert(key, Status.FIRING, title[:TITLE], str(alert.get("priority") or "P3"), labels)


def cloudwatch(message: Any) -> Alert | None:
    """Read a CloudWatch alarm; None for INSUFFICIENT_DATA: no data is no recovery, and no failure.

    Raises:
        WrongAlert
    """
    alarm = _object(message, "Message")
    name, state = (_text(alarm.get(field), field, 1024) for field in ("AlarmName", "NewStateValue"))
    if state not in {"ALARM", "OK", "INSUFFICIENT_DATA"}:
        raise WrongAlert(field="NewStateValue", problem=_VALUE)
    if state == "INSUFFICIENT_DATA":
        return None
    key = alarm.get("AlarmArn") or f"{alarm.get('AWSAccountId')}/{alarm.get('Region')}/{name}"
    labels = {"alarm": name, "region": str(alarm.get("Region", "")), "account": str(alarm.get("AWSAccountId", ""))}
    status = Status.FIRING if state == "ALARM" else Status.RESOLVED
    title = str(alarm.get("AlarmDescription") or name)
    return Alert(_text(key, "AlarmArn", 1024), status, title[:TITLE], "critical", labels)


def _fingerprint(labels: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(sorted(labels.items()), ensure_ascii=False).encode()).hexdigest()[:32]


def _object(value: Any, field: str) -> Mapping[str, Any]:
    if value is None:
        raise WrongAlert(field=field, problem=_MISSING)
    if not isinstance(value, Mapping):
        raise WrongAlert(field=field, problem=_KIND)
    return value


def _list(value: Any, field: str) -> list[Any]:
    if not isinstance(value, list):
        raise WrongAlert(field=field, problem=_MISSING if value is None else _KIND)
    if len(value) > MOST_ALERTS:
        raise WrongAlert(field=field, problem=_MANY)
    return value


def _labels(value: Any, field: str) -> dict[str, str]:
    found = _object(value, field)
    for name, text in found.items():
        if not isinstance(text, str):
            raise WrongAlert(field=f"{field}.{name}", problem=_KIND)
        if len(name) > 256 or len(text) > 16_384:
            raise WrongAlert(field=f"{field}.{name[:50]}", problem=_LONG)
    return dict(found)


def _text(value: Any, field: str, most: int) -> str:
    if value is None or value == "":
        raise WrongAlert(field=field, problem=_MISSING)
    if not isinstance(value, str):
        raise WrongAlert(field=field, problem=_KIND)
    if len(value) > most:
        raise WrongAlert(field=field, problem=_LONG)
    return value


def _instant(value: Any, field: str) -> datetime | None:
    if value in (None, "", "0001-01-01T00:00:00Z"):
        return None
    try:
        return clock.from_text(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise WrongAlert(field=field, problem=_KIND) from error
