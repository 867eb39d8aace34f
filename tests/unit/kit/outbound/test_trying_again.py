"""When another try is made, and when a host is left alone."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enghub.kit.outbound.addresses import Policy
from enghub.kit.outbound.breaker import Breaker
from enghub.kit.outbound.calls import Outbound
from enghub.kit.outbound.errors import OutboundFailed, OutboundRefused
from enghub.kit.outbound.network import Network
from enghub.kit.outbound.retries import retry_after, wait_seconds

NOW = datetime(2026, 11, 28, 10, 0, tzinfo=UTC)


@given(st.integers(1, 100), st.floats(0, 1), st.one_of(st.none(), st.floats(0, 10_000)))
def test_a_pause_doubles_between_half_and_whole_and_is_never_longer_than_the_longest(
    attempt: int, chance: float, asked: float | None
) -> None:
    found = wait_seconds(attempt, first=2, most=600, asked=asked, chance=lambda: chance)
    whole = min(600, 2 * 2 ** min(attempt - 1, 30))
    assert found <= 600
    assert found >= min(whole / 2, 600)
    if asked is not None:
        assert found >= min(asked, 600)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120),
        ("0", 0),
        ("Sat, 28 Nov 2026 10:00:30 GMT", 30),
        ("Sat, 28 Nov 2026 09:00:00 GMT", 0),
        ("soon", None),
        ("", None),
        ("-5", None),
        ("Sat, 28 Nov 2026 10:00:30", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(text: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": text}, NOW) == seconds
    assert retry_after({}, NOW) is None


class Clock:
    """Seconds that tests turn on."""

    at = 0.0

    def __call__(self) -> float:
        return self.at


def test_a_host_that_failed_five_times_is_left_alone_then_asked_once() -> None:
    clock, asked = Clock(), []

    def resolve(host: str, _: int) -> list[str]:
        asked.append(host)
        raise OSError

    out = Outbound(Policy(), Network(resolve=resolve), Breaker(failures=5, seconds=30, now=clock))

    def kind(host: str = "down.example") -> str:
        with pytest.raises(OutboundFailed) as failure:
            out.request("GET", f"https://{host}/")
        return failure.value.kind

    assert [kind() for _ in range(7)] == ["ConnectError"] * 5 + ["CircuitOpen"] * 2
    assert kind("other.example") == "ConnectError", "others are asked as before"
    clock.at = 31
    assert [kind(), kind()] == ["ConnectError", "CircuitOpen"], "one try, then it is left alone again"
    assert asked.count("down.example") == 6


def test_a_success_forgets_the_failures_and_a_refusal_of_ours_is_no_failure() -> None:
    breaker = Breaker(failures=2, now=Clock())

    def fails() -> None:
        with pytest.raises(OutboundFailed, match="ReadTimeout"), breaker.guard("h"):
            raise OutboundFailed("ReadTimeout")

    fails()
    with breaker.guard("h"):
        pass
    fails()
    with pytest.raises(OutboundRefused):
        Outbound(Policy(), breaker=breaker).request("GET", "https://127.0.0.1/")
    with breaker.guard("h"):
        pass
