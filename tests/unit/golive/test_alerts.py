"""What senders send, and what a message changes (OPS-11); golive-field GF13, GF14."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from enghub.golive.alerts import formats, sns
from enghub.golive.alerts.errors import WrongAlert
from enghub.golive.alerts.model import Alert, Integration, Member, Protocol_, Route, Status, heard
from enghub.golive.incidents.targets import IncidentSeverity

NOW = datetime(2026, 11, 28, 10, 20, tzinfo=UTC)
TEN = datetime(2026, 11, 28, 10, 0, tzinfo=UTC)
AM = Integration("acme", "am", "Alertmanager", Protocol_.ALERTMANAGER, "erp", ("cluster",))


def firing(start: datetime | None, severity: str = "critical") -> Alert:
    return Alert("f", Status.FIRING, "down", severity, {"cluster": "a"}, start)


def resolved(start: datetime | None, end: datetime | None = None) -> Alert:
    return Alert("f", Status.RESOLVED, "down", "critical", {"cluster": "a"}, start, end)


def after(*alerts: Alert) -> Member | None:
    known: Member | None = None
    for alert in alerts:
        known = heard(known, AM.placed(alert), "acme", NOW) or known
    return known


def test_a_late_resolved_of_an_earlier_firing_ends_no_newer_one() -> None:
    ten_past = TEN + timedelta(minutes=10)
    found = after(firing(TEN), firing(ten_past), resolved(TEN, TEN + timedelta(minutes=5)))
    assert found is not None
    assert (found.is_firing, found.starts_at) == (True, ten_past)


@given(
    order=st.permutations([firing(TEN), firing(TEN + timedelta(minutes=10)), resolved(TEN, TEN + timedelta(minutes=5))])
)
@settings(max_examples=6, deadline=None)
def test_no_order_of_arrival_matters(order: list[Alert]) -> None:
    found = after(*order)
    assert found is not None
    assert (found.is_firing, found.starts_at) == (True, TEN + timedelta(minutes=10))


def test_a_firing_that_was_over_does_not_come_back_by_a_late_message() -> None:
    found = after(resolved(TEN, TEN), firing(TEN))
    assert found is not None
    assert not found.is_firing
    assert after(firing(None), resolved(None), firing(None)).is_firing  # type: ignore[union-attr]


def test_a_worse_severity_of_the_same_firing_is_news_a_better_one_is_not() -> None:
    first = after(firing(TEN, "warning"))
    assert heard(first, AM.placed(firing(TEN)), "acme", NOW) is not None
    assert heard(first, AM.placed(firing(TEN, "info")), "acme", NOW) is None


def test_routes_and_words_give_service_and_severity_and_groups_are_by_label() -> None:
    routed = Integration(
        "acme",
        "am",
        "A",
        Protocol_.ALERTMANAGER,
        "erp",
        (),
        {"disaster": IncidentSeverity.P0},
        (Route({"team": "db"}, "database", IncidentSeverity.P2),),
    )
    db = routed.placed(Alert("k", Status.FIRING, "t", "disaster", {"team": "db"}))
    assert (db.service_id, db.severity) == ("database", IncidentSeverity.P2)
    assert routed.placed(Alert("k", Status.FIRING, "t", " Disaster ", {})).severity is IncidentSeverity.P0
    assert AM.placed(firing(TEN)).group == AM.placed(resolved(TEN)).group
    assert AM.placed(firing(TEN)).group != AM.placed(Alert("f", Status.FIRING, "t", "", {"cluster": "b"})).group


WEBHOOK = {
    "version": "4",
    "groupKey": "{}:{}",
    "truncatedAlerts": 3,
    "status": "firing",
    "notification_reason": "new",
    "alerts": [],
}
ONE = {
    "status": "firing",
    "labels": {"alertname": "Down", "severity": "critical"},
    "annotations": {"summary": "It is down"},
    "startsAt": "2026-11-28T10:00:00.123456789Z",
    "endsAt": "0001-01-01T00:00:00Z",
}


def test_alertmanager_and_prometheus_are_read_as_they_are() -> None:
    (alert,) = formats.alertmanager({**WEBHOOK, "alerts": [ONE]})
    assert (alert.title, alert.status, alert.ends_at) == ("It is down", Status.FIRING, None)
    (over,) = formats.prometheus([{**ONE, "endsAt": "2026-11-28T10:10:00Z"}], NOW)
    (still,) = formats.prometheus([{**ONE, "endsAt": "2026-11-28T10:30:00Z"}], NOW)
    assert (over.status, still.status, over.key == still.key == alert.key) == (Status.RESOLVED, Status.FIRING, True)


def test_no_data_is_no_recovery() -> None:
    alarm = {"AlarmName": "cpu", "AlarmArn": "arn:aws:cloudwatch:eu-central-1:1:alarm:cpu"}
    found = [formats.cloudwatch({**alarm, "NewStateValue": state}) for state in ("ALARM", "INSUFFICIENT_DATA", "OK")]
    assert [one and one.status for one in found] == [Status.FIRING, None, Status.RESOLVED]


TRIGGER = {
    "routing_key": "k",
    "event_action": "trigger",
    "dedup_key": "d",
    "payload": {"summary": "s", "source": "h", "severity": "error"},
}


@pytest.mark.parametrize(
    ("read", "body", "field"),
    [
        (formats.alertmanager, {**WEBHOOK, "alerts": [{**ONE, "labels": {}}]}, "alerts.0.labels"),
        (formats.alertmanager, {**WEBHOOK, "alerts": None}, "alerts"),
        (formats.alertmanager, {**WEBHOOK, "alerts": [{**ONE, "startsAt": "soon"}]}, "alerts.0.startsAt"),
        (formats.alertmanager, {**WEBHOOK, "alerts": [ONE] * 2001}, "alerts"),
        (formats.pagerduty, {**TRIGGER, "dedup_key": "x" * 256}, "dedup_key"),
        (formats.pagerduty, {**TRIGGER, "event_action": "boom"}, "event_action"),
        (formats.pagerduty, {**TRIGGER, "payload": {"summary": "s", "severity": "error"}}, "payload.source"),
        (formats.pagerduty, {"event_action": "resolve"}, "dedup_key"),
        (formats.opsgenie, {"message": "m", "alias": "x" * 513}, "alias"),
        (formats.opsgenie, {}, "message"),
        (formats.cloudwatch, {"AlarmName": "a", "NewStateValue": "FINE"}, "NewStateValue"),
    ],
)
def test_what_is_wrong_is_refused_by_its_field_never_cut(read: Any, body: Any, field: str) -> None:
    with pytest.raises(WrongAlert) as refused:
        read(body)
    assert refused.value.details["field"] == field


def test_keys_of_just_the_allowed_length_are_taken() -> None:
    assert formats.pagerduty({**TRIGGER, "dedup_key": "x" * 255}).key == "x" * 255
    assert formats.opsgenie({"message": "m", "alias": "x" * 512}).key == "x" * 512


@pytest.mark.parametrize(
    ("url", "fine"),
    [
        ("https://sns.eu-central-1.amazonaws.com/S.pem", True),
        ("http://sns.eu-central-1.amazonaws.com/S.pem", False),
        ("https://sns.cn-north-1.amazonaws.com.cn/S.pem", True),
        ("https://sns.eu-central-1.amazonaws.com.evil.example/S.pem", False),
        ("https://sns.eu-central-1.amazonaws.com@evil.example/S.pem", False),
        ("https://b.s3.amazonaws.com/S.pem", False),
        ("https://sns.eu-central-1.amazonaws.com:8443/S.pem", False),
        ("https://sns.eu-central-1.amazonaws.com.cn.evil.example/S.pem", False),
        (None, False),
    ],
)
def test_a_certificate_is_fetched_from_amazon_alone(url: Any, fine: bool) -> None:
    assert sns.is_amazons(url) is fine


@pytest.fixture(scope="module")
def signer() -> tuple[rsa.RSAPrivateKey, bytes]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, TEN, TEN + timedelta(days=1)).sign(
        key, hashes.SHA256()
    )
    return key, made.public_bytes(serialization.Encoding.PEM)


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_message_counts_only_as_it_was_signed(signer: tuple[rsa.RSAPrivateKey, bytes], version: str) -> None:
    key, certificate = signer
    message: dict[str, Any] = {
        "Type": "Notification",
        "MessageId": "m",
        "TopicArn": "t",
        "Message": "{}",
        "Timestamp": "2026",
        "SignatureVersion": version,
    }
    message["SigningCertURL"] = "https://sns.eu-central-1.amazonaws.com/S.pem"
    text = sns.signed_text(message)
    assert b"Subject" not in text
    algorithm = hashes.SHA1() if version == "1" else hashes.SHA256()
    message["Signature"] = base64.b64encode(key.sign(text, padding.PKCS1v15(), algorithm)).decode()
    fetched: list[str] = []

    def fetch(url: str) -> bytes:
        fetched.append(url)
        return certificate

    assert sns.is_signed(message, fetch)
    assert not sns.is_signed({**message, "Message": "{ }"}, fetch)
    assert not sns.is_signed({**message, "Subject": "s"}, fetch)
    fetched.clear()
    assert not sns.is_signed({**message, "SigningCertURL": "https://evil.example/S.pem"}, fetch)
    assert fetched == []
