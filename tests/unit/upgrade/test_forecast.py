"""A plan says what it will take, from what the same versions took elsewhere (UPG-04)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enghub.upgrade.manifests.document import Step
from enghub.upgrade.phases import Stage
from enghub.upgrade.planning.forecast import Took, forecast_of
from enghub.upgrade.planning.plan import PlannedStep

SUMS = {"2.16.5": "now"}


def planned(id: str, stage: Stage = Stage.STARTUP_PRE_PROCESS, estimate: int = 60) -> PlannedStep:  # noqa: A002
    definition = {"id": id, "name": id, "class_name": "enghub.SqlScripts", "estimated_duration": estimate}
    return PlannedStep(f"2.16.5/{id}", stage, "2.16.5", 1, Step.model_validate(definition))


def took(site_id: str, checksum: str = "now", **seconds: float) -> Took:
    return Took(site_id, {"2.16.5": checksum}, {f"2.16.5/{name}": value for name, value in seconds.items()})


def test_the_middle_of_the_sites_counts_and_what_ran_nowhere_counts_with_its_estimate() -> None:
    steps = [planned("check", Stage.PRE_BUSINESS_CHECK, 5), planned("main"), planned("later", Stage.POST_UPGRADE)]
    found = forecast_of(steps, SUMS, [took("A", main=10, later=100), took("B", main=30), took("C", main=200)])
    assert found is not None
    assert (found.middle, found.fastest, found.slowest) == (5 + 30 + 100, 5 + 10 + 100, 5 + 200 + 100)
    assert (found.outage, found.sites, found.unknown) == (30, 3, ("2.16.5/check",))
    assert found.steps["2.16.5/later"].sites == 1


def test_the_very_manifest_is_preferred_and_another_of_its_version_is_better_than_nothing() -> None:
    found = forecast_of([planned("main")], SUMS, [took("A", "old", main=500), took("B", main=20)])
    assert found is not None
    assert found.middle == 20
    other = forecast_of([planned("main")], SUMS, [took("A", "old", main=500)])
    assert other is not None
    assert other.middle == 500


def test_a_site_counts_once_with_its_newest_upgrade() -> None:
    found = forecast_of([planned("main")], SUMS, [took("A", main=20), took("A", main=900), took("B", main=30)])
    assert found is not None
    assert (found.middle, found.slowest, found.sites) == (25, 30, 2)


@pytest.mark.parametrize("elsewhere", [[], [took("A", other=3)]])
def test_no_other_site_no_forecast(elsewhere: list[Took]) -> None:
    assert forecast_of([planned("main")], SUMS, elsewhere) is None


@given(st.lists(st.tuples(st.floats(0, 1e6), st.floats(0, 1e6)), min_size=1, max_size=12))
def test_the_middle_lies_between_the_fastest_and_the_slowest(ran: list[tuple[float, float]]) -> None:
    elsewhere = [took(f"S{number}", a=a, b=b) for number, (a, b) in enumerate(ran)]
    found = forecast_of([planned("a"), planned("b", Stage.POST_UPGRADE)], SUMS, elsewhere)
    assert found is not None
    assert found.fastest <= found.middle <= found.slowest
    assert 0 <= found.outage <= found.middle
    assert found.fastest >= min(a for a, _ in ran) + min(b for _, b in ran) - 1e-6
