"""Action priority by the AIAG-VDA table, and an assessment that shows its factors (PLM-10; PF16)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enghub.plm.changes.model import ChangeCategory
from enghub.plm.risks.errors import RatingRefused
from enghub.plm.risks.model import Evidence, Priority, action_priority, assess

ORDER = [Priority.LOW, Priority.MEDIUM, Priority.HIGH]
rating = st.integers(1, 10)


@pytest.mark.parametrize(
    ("ratings", "priority"),
    [
        *(((5, 5, 5), "L"), ((10, 1, 10), "L"), ((8, 2, 10), "M"), ((9, 6, 1), "H"), ((8, 4, 6), "M")),
        *(((8, 4, 7), "H"), ((7, 6, 1), "M"), ((6, 5, 6), "L"), ((9, 3, 4), "L"), ((2, 8, 5), "M"), ((1, 10, 10), "L")),
    ],
)
def test_the_table_of_the_handbook(ratings: tuple[int, int, int], priority: str) -> None:
    assert action_priority(*ratings).value == priority


@pytest.mark.parametrize("ratings", [(0, 5, 5), (5, 0, 5), (5, 5, 0), (11, 5, 5), (5, 5, -1)])
def test_a_rating_outside_one_to_ten_is_refused(ratings: tuple[int, int, int]) -> None:
    with pytest.raises(RatingRefused):
        action_priority(*ratings)


@given(rating, rating, rating)
def test_a_worse_rating_never_lowers_the_priority(severity: int, occurrence: int, detection: int) -> None:
    here = ORDER.index(action_priority(severity, occurrence, detection))
    for worse in ((1, 0, 0), (0, 1, 0), (0, 0, 1)):
        there = [min(10, one + more) for one, more in zip((severity, occurrence, detection), worse, strict=True)]
        assert ORDER.index(action_priority(*there)) >= here


def test_every_factor_is_in_the_answer() -> None:
    found = assess(Evidence(ChangeCategory.CRITICAL, 2, 3, 1, 4, 0))
    assert (found.severity, found.occurrence, found.detection) == (10, 9, 7)
    assert (found.priority, found.rpn) == (Priority.HIGH, 630)
    assert sum(one.points for one in found.factors if one.rating == "severity") == 10
    assert "2019" in found.edition
    watched = assess(Evidence(ChangeCategory.GENERAL, 0, 0, 1, 0, 1))
    assert (watched.detection, watched.priority) == (4, Priority.LOW)
