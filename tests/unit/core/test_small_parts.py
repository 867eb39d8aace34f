"""Time, ids, languages, settings, errors: the small promises."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enghub.core import clock, config, errors, events, i18n, ids
from enghub.core.errors import EngHubError
from enghub.core.identity import Principal
from tests.factories.http import NOW, a_principal

TIMES = st.integers(0, 250_000_000_000_000_000).map(
    lambda micro: datetime.fromtimestamp(0, UTC) + timedelta(microseconds=micro)
)


@given(TIMES)
def test_a_time_survives_its_text(at: datetime) -> None:
    assert clock.from_text(clock.to_text(at)) == at


@given(TIMES, TIMES)
def test_texts_of_times_sort_as_the_times(left: datetime, right: datetime) -> None:
    assert (clock.to_text(left) < clock.to_text(right)) == (left < right)


def test_a_time_without_offset_is_refused() -> None:
    with pytest.raises(ValueError, match="offset"):
        clock.from_text("2026-03-02T08:00:00")


def test_ids_sort_by_time_and_do_not_repeat() -> None:
    made = [ids.new_id(NOW.replace(second=s % 60, minute=s // 60)) for s in range(120)]
    assert made == sorted(made)
    assert len({ids.new_id(NOW) for _ in range(1000)}) == 1000
    assert {len(one) for one in made} == {26}


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("zh-CN", "zh"),
        ("zh-Hans;q=0.9, en;q=0.8", "zh"),
        ("en, zh;q=0.5", "en"),
        ("fr, zh;q=0.1", "zh"),
        ("fr", "en"),
        ("zh;q=x", "en"),
    ],
)
def test_the_preferred_language_is_found(header: str | None, language: str) -> None:
    assert i18n.negotiate(header) == language


def all_errors(base: type[EngHubError] = EngHubError) -> list[type[EngHubError]]:
    return [base, *(sub for child in base.__subclasses__() for sub in all_errors(child))]


@pytest.mark.parametrize("error", all_errors())
def test_every_error_has_a_code_of_its_status_and_speaks_both_languages(error: type[EngHubError]) -> None:
    assert error.code.startswith(str(error.status))
    assert error.text.en
    assert error.text.zh


def test_an_errors_name_is_stable_for_programs() -> None:
    assert errors.VersionConflict(expected=1, actual=2).name == "VERSION_CONFLICT"


@dataclass(frozen=True)
class Settings:
    queue_url: str
    batch_size: int = 10
    strict: bool = False


def test_settings_come_from_upper_case_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    config.load.cache_clear()
    monkeypatch.setenv("QUEUE_URL", "q")
    monkeypatch.setenv("STRICT", "true")
    assert config.load(Settings) == Settings("q", 10, True)


def test_a_missing_or_malformed_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    config.load.cache_clear()
    monkeypatch.delenv("QUEUE_URL", raising=False)
    with pytest.raises(config.MissingSettingError, match="QUEUE_URL"):
        config.load(Settings)
    monkeypatch.setenv("QUEUE_URL", "q")
    monkeypatch.setenv("BATCH_SIZE", "many")
    with pytest.raises(config.MissingSettingError, match="BATCH_SIZE"):
        config.load(Settings)


def test_a_caller_survives_the_authorizer_context() -> None:
    caller = a_principal("a:b", "c:d", factories=("sh-01", "bj-01"))
    assert Principal.from_context(caller.to_context()) == caller


@pytest.mark.parametrize(
    ("factories", "wanted", "granted"),
    [(("a",), None, "a"), (("a", "b"), "b", "b"), (("a", "b"), None, None), (("a",), "b", None), ((), None, None)],
)
def test_the_factory_must_be_one_of_the_callers(
    factories: tuple[str, ...], wanted: str | None, granted: str | None
) -> None:
    caller = a_principal(factories=factories)
    if granted is None:
        with pytest.raises(errors.Forbidden):
            caller.factory(wanted)
    else:
        assert caller.factory(wanted) == granted


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20), st.text())
def test_a_number_leaves_to_its_last_digit_and_texts_beside_it_as_they_are(number: Decimal, text: str) -> None:
    data = json.loads(events.dumps({"quantity": number, "note": text}), parse_float=Decimal, parse_int=Decimal)
    assert data == {"quantity": number, "note": text}
