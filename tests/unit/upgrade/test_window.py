"""Hours in which a step may begin (source document, chapters 1.2 and 1.4)."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from enghub.upgrade.manifests.document import Window

CLOCKS = st.times().map(lambda at: f"{at:%H:%M}")
MOMENTS = st.integers(0, 366 * 86_400).map(lambda n: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=n))
OFFSETS = st.integers(-14 * 60 + 1, 14 * 60 - 1)


@given(begin=CLOCKS, end=CLOCKS, minutes=OFFSETS, moment=MOMENTS)
def test_a_window_is_open_exactly_in_its_hours_by_the_sites_clock(
    begin: str, end: str, minutes: int, moment: datetime
) -> None:
    if begin == end:
        return
    sign, rest = ("-" if minutes < 0 else "+"), abs(minutes)
    window = Window(begin=begin, end=end, utc_offset=f"{sign}{rest // 60:02d}:{rest % 60:02d}")
    there = f"{moment.astimezone(timezone(timedelta(minutes=minutes))):%H:%M}"
    opened = begin <= there < end if begin < end else there >= begin or there < end
    wait = window.seconds_until(moment)
    assert (wait == 0) is opened
    assert 0 <= wait < 86_400
    assert window.seconds_until(moment + timedelta(seconds=wait)) == 0
    if wait:
        assert window.seconds_until(moment + timedelta(seconds=wait - 1)) == 1


def test_no_time_at_all_is_refused() -> None:
    with pytest.raises(ValidationError, match="begin and end are the same"):
        Window(begin="22:00", end="22:00")
