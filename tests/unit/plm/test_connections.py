"""Signatures and tokens between the hub and a PLM (PLM-06, PLM-18)."""

import base64
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enghub.plm.connections.errors import ConnectionMisconfigured, SignatureRefused
from enghub.plm.connections.model import Api, Webhook, check_name, sign
from tests.factories.http import NOW
from tests.factories.plm import API

secrets = st.text(min_size=1, max_size=40)


def a_webhook(*kept: str, require_timestamp: bool = False) -> Webhook:
    return Webhook("default", "acme", "sh-01", kept, require_timestamp)


def refusal(webhook: Webhook, body: bytes, signature: str, timestamp: str | None = None) -> str:
    with pytest.raises(SignatureRefused) as refused:
        webhook.verify(body, signature, timestamp, NOW)
    return refused.value.confidential


def test_the_signature_is_the_published_example() -> None:
    """RFC 4231 gives no text keys; this is the example of the HMAC article that everybody checks against."""
    quick = b"The quick brown fox jumps over the lazy dog"
    assert sign("key", quick) == "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8"


@given(st.binary(max_size=300), secrets, secrets)
def test_a_body_signed_with_either_secret_passes(body: bytes, current: str, previous: str) -> None:
    for used in (current, previous):
        a_webhook(current, previous).verify(body, sign(used, body), None, NOW)
        a_webhook(current, previous).verify(body, sign(used, body).upper(), None, NOW)


@given(st.binary(max_size=300), st.binary(max_size=300), secrets)
def test_the_signature_of_another_body_does_not(body: bytes, other: bytes, secret: str) -> None:
    if body != other:
        assert refusal(a_webhook(secret), body, sign(secret, other)) == "SIGNATURE_WRONG"


@given(st.binary(max_size=100), secrets, st.integers(-2000, 2000))
def test_a_timestamp_counts_when_it_is_signed_and_recent(body: bytes, secret: str, seconds: int) -> None:
    timestamp = str(int((NOW + timedelta(seconds=seconds)).timestamp()))
    signature = sign(secret, timestamp.encode() + b"." + body)
    if abs(seconds) <= 300:
        a_webhook(secret).verify(body, signature, timestamp, NOW)
    else:
        assert refusal(a_webhook(secret), body, signature, timestamp) == "TIMESTAMP_OUTSIDE_WINDOW"


@pytest.mark.parametrize("timestamp", ["", "now", "1e9", "-5", "٣", " 1772438400", "9" * 13])
def test_a_timestamp_that_is_no_number_of_seconds_is_refused(timestamp: str) -> None:
    signed = sign("s", timestamp.encode("ascii", "replace") + b".{}")
    assert refusal(a_webhook("s"), b"{}", signed, timestamp) == "TIMESTAMP_OUTSIDE_WINDOW"


def test_a_connection_may_demand_the_timestamp() -> None:
    webhook = a_webhook("s", require_timestamp=True)
    assert refusal(webhook, b"{}", sign("s", b"{}")) == "TIMESTAMP_MISSING"


@pytest.mark.parametrize(
    "stored",
    [
        {},
        {"tenantId": "acme"},
        {"tenantId": "acme", "secrets": []},
        {"tenantId": "acme", "secrets": [""]},
        {"tenantId": "", "secrets": ["s"]},
        {"tenantId": "acme", "secrets": "s"},
    ],
)
def test_a_connection_without_tenant_or_secret_is_not_used(stored: dict[str, object]) -> None:
    with pytest.raises(ConnectionMisconfigured):
        Webhook.of("default", stored)


def test_only_the_current_and_the_previous_secret_count() -> None:
    webhook = Webhook.of("default", {"tenantId": "acme", "secrets": ["new", "old", "ancient"]})
    assert webhook.secrets == ("new", "old")


def test_the_token_is_key_milliseconds_and_signature() -> None:
    token = Api.of("default", API).token(NOW)
    key, milliseconds, signature = base64.b64decode(token).decode().split(":")
    assert (key, milliseconds) == ("enghub", "1772438400000")
    assert signature == sign("api-secret", b"enghub1772438400000")


@pytest.mark.parametrize("missing", ["tenantId", "baseUrl", "apiKey", "secret"])
def test_an_api_connection_needs_all_its_members(missing: str) -> None:
    with pytest.raises(ConnectionMisconfigured):
        Api.of("default", {name: value for name, value in API.items() if name != missing})


@pytest.mark.parametrize("name", ["", "A", "a/b", "../x", "a b", "-a", "a" * 41, "é"])
def test_a_connection_name_is_lower_case_letters_digits_and_dashes(name: str) -> None:
    assert check_name(name) is None
    assert check_name("plm-2") == "plm-2"
