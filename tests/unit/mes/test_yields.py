"""When a shift's yield is too low (MES-10)."""

import pytest

from enghub.mes.ocap.model import LEAST_SHIFTS, Yield
from tests.factories.mes import FACTORY


def with_history(good: int, defect: int, shifts: int = LEAST_SHIFTS) -> Yield:
    found = Yield(FACTORY, "P", "OP-10")
    for day in range(shifts):
        found, _ = found.counted(f"2026-02-{day + 1:02}", "day", good, defect)
    return found


@pytest.mark.parametrize(
    ("good", "defect", "why"),
    [(24, 5, ""), (25, 5, "under 85 %"), (85, 15, ""), (84, 16, "under 85 %")],
)
def test_under_85_percent_from_30_pieces_on(good: int, defect: int, why: str) -> None:
    _, said = Yield(FACTORY, "P", "OP-10").counted("2026-03-02", "day", good, defect)
    assert why in said
    assert bool(said) == bool(why)


@pytest.mark.parametrize(("good", "defect", "is_low"), [(96, 4, False), (93, 7, True), (90, 10, True)])
def test_under_its_own_history_by_three_sigma(good: int, defect: int, is_low: bool) -> None:
    """History 98 %, 100 pieces: the limit is 98 - 3 x 1.4 = 93.8 %."""
    _, said = with_history(980, 20).counted("2026-03-02", "day", good, defect)
    assert ("under its history" in said) is is_low
    _, early = with_history(980, 20, LEAST_SHIFTS - 1).counted("2026-03-02", "day", good, defect)
    assert early == ""


def test_a_shift_is_told_once_and_old_shifts_are_forgotten() -> None:
    found = with_history(100, 0, 25)
    assert len(found.shifts) == 21
    found, said = found.counted("2026-03-02", "day", 30, 20)
    assert said
    _, again = found.counted("2026-03-02", "day", 0, 20)
    assert again == ""
