"""Criteria, and what probes read: also of what is expired, silent or nonsense (OPS-01, OPS-02)."""

import json
import sqlite3
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enghub.golive.gateways.certificates import read_certificates
from enghub.golive.gateways.probes import Probes
from enghub.golive.probes.model import (
    Certificate,
    Criterion,
    Operator,
    Outcome,
    Probe,
    ProbeKind,
    Reading,
    certificate_reading,
    unmet,
)
from enghub.kit.outbound.addresses import Policy
from enghub.kit.outbound.calls import Answer, Outbound
from enghub.kit.outbound.errors import OutboundFailed
from enghub.kit.outbound.network import Network
from tests.factories.certificates import a_certificate, https_server, pem

NOW = datetime(2026, 11, 28, 9, 44, 42, tzinfo=UTC)
DAYS = Criterion("daysLeft", Operator.AT_LEAST, Decimal(30), "d")


@pytest.mark.parametrize(
    ("operator", "measured", "holds"),
    [
        ("<", "0.999", True),
        ("<", "1", False),
        ("<=", "1", True),
        ("==", "1.0", True),
        (">=", "1", True),
        (">", "1", False),
        ("<", "NaN", False),
        (">=", "NaN", False),
        (">=", "Infinity", False),
    ],
)
def test_a_criterion_holds_at_its_border_as_its_operator_says(operator: str, measured: str, holds: bool) -> None:
    assert Criterion("x", Operator(operator), Decimal(1)).holds(Decimal(measured)) is holds


@given(st.sampled_from(list(Operator)), st.decimals(allow_nan=False, allow_infinity=False, places=4))
def test_what_was_not_measured_never_holds(operator: Operator, value: Decimal) -> None:
    assert unmet([Criterion("x", operator, value)], {"y": value}) == (Criterion("x", operator, value),)


@pytest.mark.parametrize(
    ("not_after", "days", "state", "is_met"),
    [
        (datetime(2026, 11, 28, 9, 40, tzinfo=UTC), -1, "expired", False),
        (datetime(2026, 12, 28, 9, 0, tzinfo=UTC), 29, "valid", False),
        (datetime(2026, 12, 28, 9, 44, 42, tzinfo=UTC), 30, "valid", True),
        (datetime(2026, 12, 28, 10, 0, tzinfo=UTC), 30, "valid", True),
        (datetime(2026, 11, 28, 9, 44, 43, tzinfo=UTC), 0, "valid", False),
        (datetime(2026, 11, 28, 9, 44, 42, tzinfo=UTC), 0, "expired", False),
    ],
)
def test_days_left_are_whole_days_rounded_down(not_after: datetime, days: int, state: str, is_met: bool) -> None:
    one = Certificate("h", "CN=h", NOW - timedelta(days=90), not_after)
    found = certificate_reading([one], {"h": ""}, NOW)
    assert (int(found.measures["daysLeft"]), found.facts["state"]) == (days, state)
    assert (unmet([DAYS], found.measures) == ()) is is_met
    assert found.facts["notAfter"] == f"{not_after:%Y-%m-%dT%H:%M:%SZ}"


def test_the_one_of_the_chain_that_ends_first_counts() -> None:
    chain = [
        Certificate("h", name, NOW - timedelta(days=9), NOW + timedelta(days=days))
        for name, days in (("leaf", 80), ("between", 12))
    ]
    found = certificate_reading(chain, {"h": ""}, NOW)
    assert (int(found.measures["daysLeft"]), found.facts["endsFirst"]) == (12, "h: between")


LOOPBACK = Policy(loopback=True, plain_http=True)


def reached(
    folder: Path, authority_days: int, leaf_days: int, *, trusts: bool = True, name: str = "shop.test"
) -> Reading:
    """Read what a server of that name shows; the name leads to 127.0.0.1."""
    authority = a_certificate("authority", NOW.replace(year=2030) + timedelta(days=authority_days))
    leaf = a_certificate("shop.test", datetime.now(UTC) + timedelta(days=leaf_days), authority)
    context = ssl.create_default_context(cadata=pem(authority[0]) if trusts else pem(a_certificate("x", NOW)[0]))
    with https_server(folder, leaf, authority[0]) as port:
        network = Network(resolve=lambda *_: ["127.0.0.1"], tls=lambda: context)
        return read_certificates(Outbound(LOOPBACK, network), f"https://{name}:{port}/", lambda: datetime.now(UTC))


def test_a_valid_certificate_is_read_with_its_whole_chain(tmp_path: Path) -> None:
    found = reached(tmp_path, 0, 45)
    assert found.measures == {"daysLeft": 44, "valid": 1, "trusted": 1, "certificates": 2}


def test_an_expired_certificate_is_read_all_the_same(tmp_path: Path) -> None:
    """The handshake would fail, and "cannot connect" would hide the dates."""
    found = reached(tmp_path, 0, -3)
    assert (int(found.measures["daysLeft"]), int(found.measures["trusted"])) == (-4, 0)
    assert "expired" in next(text for name, text in found.facts.items() if name.startswith("notTrusted"))


@pytest.mark.parametrize(("trusts", "name"), [(False, "shop.test"), (True, "other.test")])
def test_a_foreign_authority_or_name_is_told(tmp_path: Path, trusts: bool, name: str) -> None:
    found = reached(tmp_path, 0, 45, trusts=trusts, name=name)
    assert (int(found.measures["valid"]), int(found.measures["trusted"])) == (1, 0)


def test_nobody_there_is_a_reading_too() -> None:
    network = Network(resolve=lambda *_: ["127.0.0.1"])
    found = read_certificates(Outbound(LOOPBACK, network), "https://shop.test:9/", lambda: NOW)
    assert found.outcome is Outcome.FAILED


class Said(Outbound):
    """Answers without a network."""

    def request(self, *_: Any, **__: Any) -> Answer:
        return _ANSWERS.pop()


_ANSWERS: list[Answer] = []


def probed(probe: Probe, answer: Answer | None = None, secret: Mapping[str, Any] | None = None) -> Reading:
    if answer is not None:
        _ANSWERS.append(answer)
    return Probes(Said(), lambda *_: secret or {}, lambda: NOW).read("acme", probe)


def an_answer(body: Any = "", status: int = 200, **headers: str) -> Answer:
    text = body if isinstance(body, str) else json.dumps(body)
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, text.encode(), 12)


def test_http_reads_status_and_time() -> None:
    found = probed(Probe(ProbeKind.HTTP, url="https://h/"), an_answer("ok", 503))
    assert found.measures == {"status": 503, "milliseconds": 12}


def prometheus(*values: str) -> Answer:
    return an_answer({"status": "success", "data": {"result": [{"metric": {}, "value": [0, v]} for v in values]}})


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        (prometheus("0.25"), Decimal("0.25")),
        (prometheus("NaN"), None),
        (prometheus("+Inf"), None),
        (prometheus(), None),
        (prometheus("1", "2"), None),
        (an_answer("", 200), None),
        (an_answer("[]", 200), None),
        (an_answer({}, 502), None),
    ],
)
def test_a_metric_is_one_finite_value_or_nothing(answer: Answer, value: Decimal | None) -> None:
    probe = Probe(ProbeKind.METRIC, url="https://p/api/v1/query", query="lag", measure="lag")
    found = probed(probe, answer)
    assert found.measures.get("lag") == value
    assert (found.outcome is Outcome.READ) is (value is not None)


def test_a_backups_age_is_exact_hours_since_it_was_made() -> None:
    probe = Probe(ProbeKind.BACKUP_AGE, url="https://b/full.dump")
    found = probed(probe, an_answer(last_modified="Sat, 28 Nov 2026 08:14:42 GMT"))
    assert found.measures == {"age": Decimal("1.5")}
    assert probed(probe, an_answer(status=404)).outcome is Outcome.FAILED
    assert probed(probe, an_answer()).outcome is Outcome.FAILED


def test_sql_reads_the_numbers_of_the_first_row(tmp_path: Path) -> None:
    file = tmp_path / "shop.db"
    connection = sqlite3.connect(file)
    connection.execute("CREATE TABLE orders (id INTEGER, total NUMERIC)")
    connection.executemany("INSERT INTO orders VALUES (?, ?)", [(1, 10.5), (2, 4)])
    connection.commit()
    connection.close()
    secret = {"url": f"sqlite:///{file}"}

    def asked(query: str) -> Reading:
        return probed(Probe(ProbeKind.SQL, database="shop", query=query), secret=secret)

    found = asked("SELECT count(*) AS orders, sum(total) AS amount, 'x' AS note FROM orders")
    assert (found.measures, found.facts) == ({"orders": 2, "amount": Decimal("14.5")}, {"note": "x"})
    assert asked("SELECT id FROM orders WHERE id > 7").outcome is Outcome.FAILED
    assert asked("DELETE FROM orders").outcome is Outcome.FAILED
    assert asked("SELECT count(*) AS orders FROM orders").measures == {"orders": 2}
    assert asked("SELECT nothing FROM nowhere").outcome is Outcome.FAILED
    nowhere = probed(Probe(ProbeKind.SQL, database="shop", query="SELECT 1"), secret={"url": "oracle://h/d"})
    assert nowhere.outcome is Outcome.FAILED


def test_an_address_that_does_not_answer_is_a_reading() -> None:
    class Silent(Outbound):
        def request(self, *_: Any, **__: Any) -> Answer:
            raise OutboundFailed("ConnectTimeout")

    found = Probes(Silent(), lambda *_: {}, lambda: NOW).read("acme", Probe(ProbeKind.HTTP, url="https://h/"))
    assert (found.outcome, found.facts["reason"]) == (Outcome.FAILED, "OutboundFailed: ConnectTimeout")
