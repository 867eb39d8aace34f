"""What versions need of a site against what it states (UPG-01, UPG-04)."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enghub.upgrade.amounts import amount_of
from enghub.upgrade.manifests.errors import ManifestInvalid
from enghub.upgrade.manifests.model import parse
from enghub.upgrade.planning.errors import ComponentsMissing, ResourcesNotEnough
from enghub.upgrade.planning.needs import Needs, Verdict, needs_of
from tests.factories.upgrade import baseline, patch

UNITS = {"B": 1, "KB": 2**10, "MiB": 2**20, "gb": 2**30, "TB": 2**40}


def needs(resources: dict[str, str], components: tuple[str, ...] = (), **dependencies: Any) -> Needs:
    needed = {"min_source_version": "2.16.4", **dependencies}
    return needs_of([parse(baseline(dependencies=needed)), parse(patch())], resources, components)


@given(st.integers(0, 10**6), st.sampled_from(sorted(UNITS)), st.sampled_from(["", " "]))
def test_an_amount_is_its_number_times_its_unit(number: int, unit: str, space: str) -> None:
    assert amount_of("memory", f"{number}{space}{unit}") == number * UNITS[unit]


def test_the_documents_amounts_are_read() -> None:
    assert [amount_of(*pair) for pair in (("memory", "2GB"), ("disk", "10GB"), ("cpu", "2cores"))] == [
        2 * 2**30,
        10 * 2**30,
        Decimal(2),
    ]


@pytest.mark.parametrize("text", ["", "2", "GB", "-2GB", "2 cores", "2e3GB", "about 2GB", "2GB or more", "١GB"])
def test_what_is_no_amount_of_memory_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="write a number and a unit, as 2GB"):
        amount_of("memory", text)


def test_a_manifest_with_a_wrong_amount_is_refused_naming_the_field() -> None:
    with pytest.raises(ManifestInvalid, match=r"dependencies\.required_resources\.cpu: .*2cores"):
        needs({}, required_resources={"memory": "2GB", "cpu": "2GB"})


@given(st.integers(0, 5000), st.sampled_from(sorted(UNITS)), st.integers(0, 5000), st.sampled_from(sorted(UNITS)))
def test_a_site_is_refused_exactly_when_it_states_less_than_is_needed(a: int, unit: str, b: int, other: str) -> None:
    needed, there = f"{a}{unit}", f"{b}{other}"
    found = needs({"disk": there}, required_resources={"disk": needed})
    less = b * UNITS[other] < a * UNITS[unit]
    assert found.resources[0].verdict is (Verdict.NOT_ENOUGH if less else Verdict.ENOUGH)
    if less:
        with pytest.raises(ResourcesNotEnough) as refused:
            found.demand("EU")
        errors = [{"version": "2.16.5", "resource": "disk", "needed": needed, "there": there}]
        assert (refused.value.details["field"], refused.value.details["errors"]) == ("resources.disk", errors)
    else:
        found.demand("EU")


def test_what_is_not_stated_or_cannot_be_compared_is_for_a_person_and_no_refusal() -> None:
    found = needs({"cpu": "8cores"}, required_resources={"memory": "2GB", "cpu": "2cores", "gpu": "1"})
    assert [(need.name, need.there, need.verdict) for need in found.resources] == [
        ("memory", None, Verdict.NOT_STATED),
        ("cpu", "8cores", Verdict.ENOUGH),
        ("gpu", None, Verdict.NOT_STATED),
    ]
    found.demand("EU")


def test_components_are_missed_only_at_a_site_that_names_some() -> None:
    wanted = ["ft-manager", "ft-report"]
    assert {need.verdict for need in needs({}, required_components=wanted).components} == {Verdict.NOT_STATED}
    found = needs({}, ("ft-manager",), required_components=wanted)
    assert [need.verdict for need in found.components] == [Verdict.ENOUGH, Verdict.NOT_ENOUGH]
    with pytest.raises(ComponentsMissing, match=r"lacks the components ft-report that 2\.16\.5 requires"):
        found.demand("EU")
