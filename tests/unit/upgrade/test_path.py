"""Which versions lie between source and target, and why (UPG-03)."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enghub.upgrade.manifests.document import Manifest
from enghub.upgrade.manifests.model import parse
from enghub.upgrade.planning.errors import (
    DowngradeRefused,
    NothingToUpgrade,
    SourceTooNew,
    UnknownVersion,
    VersionGap,
)
from enghub.upgrade.planning.path import find_path
from enghub.upgrade.versions import NotAVersion, Version
from tests.factories.upgrade import baseline, patch


def manifests(*versions: str, **dependencies: dict[str, Any]) -> list[Manifest]:
    made = []
    for text in versions:
        needs = dependencies.get("v" + text.replace(".", "_"), {})
        made.append(
            parse(patch(text, dependencies=needs) if text.count(".") == 3 else baseline(text, dependencies=needs))
        )
    return made


def path(source: str, target: str, known: list[Manifest], applied: tuple[str, ...] = ()) -> list[str]:
    found = find_path(Version.parse(source), Version.parse(target), known, [Version.parse(text) for text in applied])
    return [str(version) for version in found.versions]


def reasons(source: str, target: str, known: list[Manifest], applied: tuple[str, ...] = ()) -> dict[str, str]:
    found = find_path(Version.parse(source), Version.parse(target), known, [Version.parse(text) for text in applied])
    return {str(verdict.version): verdict.reason.en for verdict in found.verdicts}


KNOWN = manifests("2.16.4", "2.16.5", "2.16.5.1", "2.16.5.2", "2.16.10", "2.17.0", "2.17.0.1")


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ("2.16.4", "2.16.5", ["2.16.5"]),
        ("2.16.4", "2.16.5.1", ["2.16.5", "2.16.5.1"]),
        ("2.16.5.1", "2.16.5.2", ["2.16.5.2"]),
        ("2.16.4", "2.17.0", ["2.16.5", "2.16.5.1", "2.16.5.2", "2.16.10", "2.17.0"]),
        ("2.16.5.1", "2.17.0.1", ["2.16.5.2", "2.16.10", "2.17.0", "2.17.0.1"]),
    ],
)
def test_baselines_and_their_patches_run_in_order(source: str, target: str, expected: list[str]) -> None:
    assert path(source, target, KNOWN) == expected


def test_a_jump_runs_what_stepping_runs() -> None:
    stops = ["2.16.4", "2.16.5", "2.16.5.2", "2.16.10", "2.17.0.1"]
    stepped = [version for a, b in pairwise(stops) for version in path(a, b, KNOWN)]
    assert path("2.16.4", "2.17.0.1", KNOWN) == stepped


def test_the_plan_says_of_every_version_why_it_is_in_or_out() -> None:
    assert reasons("2.16.5", "2.16.10", KNOWN) == {
        "2.16.4": "not above the source 2.16.5",
        "2.16.5": "not above the source 2.16.5",
        "2.16.5.1": "a patch on 2.16.5, up to the target",
        "2.16.5.2": "a patch on 2.16.5, up to the target",
        "2.16.10": "the target",
        "2.17.0": "above the target 2.16.10",
        "2.17.0.1": "above the target 2.16.10",
    }


def test_a_patch_published_late_for_an_older_baseline_is_found_by_who_needs_it() -> None:
    known = manifests("2.16.5", "2.16.6", "2.16.5.9", "2.17.0")
    assert path("2.16.5", "2.17.0", known) == ["2.16.5.9", "2.16.6", "2.17.0"]
    assert path("2.16.6", "2.17.0", known) == ["2.17.0"]


def test_a_version_that_carries_a_patchs_changes_leaves_it_out() -> None:
    known = manifests("2.16.5", "2.16.5.1", "2.17.0", v2_17_0={"includes": ["2.16.5.1"]})
    assert path("2.16.5", "2.17.0", known) == ["2.17.0"]
    assert reasons("2.16.5", "2.17.0", known)["2.16.5.1"] == "its changes are part of 2.17.0"


def test_a_back_port_does_not_run_twice() -> None:
    known = manifests("2.16.5", "2.16.5.1", "2.17.0", "2.17.0.1", "2.17.0.2", v2_17_0_1={"equivalent_to": ["2.16.5.1"]})
    assert path("2.16.5.1", "2.17.0.2", known) == ["2.17.0", "2.17.0.2"]
    assert path("2.17.0", "2.17.0.2", known, ("2.16.5.1",)) == ["2.17.0.2"]
    assert path("2.16.5", "2.17.0.2", known) == ["2.16.5.1", "2.17.0", "2.17.0.2"]


def test_what_the_site_ran_already_is_not_run_again() -> None:
    assert path("2.16.4", "2.16.5.2", KNOWN, ("2.16.5", "2.16.5.1")) == ["2.16.5.2"]


@pytest.mark.parametrize(
    ("source", "target", "known", "error"),
    [
        ("2.16.5", "2.16.5", KNOWN, NothingToUpgrade),
        ("2.17.0", "2.16.5", KNOWN, DowngradeRefused),
        ("2.16.4", "2.18.0", KNOWN, UnknownVersion),
        ("1.0.0", "2.16.4", KNOWN, UnknownVersion),
        ("2.16.3", "2.16.6", manifests("2.16.6", v2_16_6={"min_source_version": "2.16.5"}), VersionGap),
        ("2.16.4", "2.16.5.1", manifests("2.16.4", "2.16.5.1"), UnknownVersion),
        ("2.16.5", "2.16.6", manifests("2.16.5", "2.16.6", v2_16_6={"max_source_version": "2.16.4"}), SourceTooNew),
    ],
)
def test_what_cannot_be_done_is_refused_with_the_reason(
    source: str, target: str, known: list[Manifest], error: type[Exception]
) -> None:
    with pytest.raises((error, VersionGap) if error is UnknownVersion else error):
        path(source, target, known)


def test_a_source_without_a_manifest_is_known_when_the_first_version_accepts_it() -> None:
    known = manifests("2.16.5", v2_16_5={"min_source_version": "2.16.0", "max_source_version": "2.16.4"})
    assert path("2.16.4", "2.16.5", known) == ["2.16.5"]
    assert path("2.16.4.3", "2.16.5", known) == ["2.16.5"]


@pytest.mark.parametrize("text", ["2.16", "2.16.5.1.1", "v2.16.5", "2.16.05", "", "2..5", "2.16.5-rc1"])
def test_a_version_has_three_or_four_numbers(text: str) -> None:
    with pytest.raises(NotAVersion):
        Version.parse(text)


numbers = st.lists(st.integers(0, 30), min_size=3, max_size=4).map(tuple)


@given(numbers, numbers)
def test_versions_compare_as_numbers(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    assert (Version(a) < Version(b)) == (a < b)
    assert Version.parse(str(Version(a))) == Version(a)
