"""Which versions lie between source and target, and why (UPG-03)."""

from collections import Counter
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


def _line(version: str, **needs: object) -> Manifest:
    patch = {"base_version": version.rpartition(".")[0]} if version.count(".") == 3 else {}
    kind = "patch" if patch else "baseline"
    data = {
        "version": version,
        "version_type": kind,
        "description": version,
        "dependencies": needs,
        "upgrade_steps": {},
    }
    return Manifest.model_validate({**data, **patch})


BACKPORTED = [
    _line("2.0.0", min_source_version="1.0.0"),
    _line("2.0.0.2"),
    _line("2.0.0.3"),
    _line("2.1.0", min_source_version="2.0.0"),
    _line("2.1.0.1"),
    _line("2.1.0.2", equivalent_to=["2.0.0.3"]),
    _line("2.2.0", min_source_version="2.0.0"),
]


@pytest.mark.parametrize(
    ("source", "target", "applied", "expected"),
    [
        ("2.0.0.2", "2.1.0.2", (), ["2.1.0", "2.1.0.1", "2.1.0.2"]),
        ("2.0.0.3", "2.1.0.2", ("2.0.0.3",), ["2.1.0", "2.1.0.1"]),
        ("2.0.0.3", "2.1.0.2", (), ["2.1.0", "2.1.0.1"]),
        ("2.1.0.1", "2.2.0", ("2.0.0.2", "2.1.0", "2.1.0.1"), ["2.1.0.2", "2.2.0"]),
        ("2.1.0.1", "2.2.0", ("2.0.0.3", "2.1.0", "2.1.0.1"), ["2.2.0"]),
        ("2.0.0.2", "2.2.0", (), ["2.0.0.3", "2.1.0", "2.1.0.1", "2.2.0"]),
        ("2.1.0.1", "2.1.0.2", ("2.0.0.3", "2.1.0", "2.1.0.1"), []),
    ],
)
def test_a_change_with_two_names_runs_exactly_once(
    source: str, target: str, applied: tuple[str, ...], expected: list[str]
) -> None:
    path = find_path(Version.parse(source), Version.parse(target), BACKPORTED, [Version.parse(one) for one in applied])
    assert [str(version) for version in path.versions] == expected


@given(st.sets(st.integers(1, 4), min_size=1), st.sets(st.integers(1, 4), min_size=1), st.integers(0, 4), st.booleans())
def test_of_twins_no_path_runs_two_and_none_is_lost(old: set[int], new: set[int], at: int, recorded: bool) -> None:
    pairs = [(f"2.0.0.{a}", f"2.1.0.{b}") for a, b in zip(sorted(old), sorted(new), strict=False)]
    twins = {b: a for a, b in pairs}
    known = [_line("2.0.0", min_source_version="1.0.0"), *(_line(f"2.0.0.{n}") for n in sorted(old))]
    known += [_line("2.1.0", min_source_version="2.0.0")]
    known += [
        _line(f"2.1.0.{n}", equivalent_to=[twins[f"2.1.0.{n}"]] if f"2.1.0.{n}" in twins else []) for n in sorted(new)
    ]
    known += [_line("2.2.0", min_source_version="2.0.0")]
    had = [n for n in sorted(old) if n <= at]
    source = f"2.0.0.{had[-1]}" if had else "2.0.0"
    applied = [Version.parse(f"2.0.0.{n}") for n in had] if recorded else []
    path = [str(one) for one in find_path(Version.parse(source), Version.parse("2.2.0"), known, applied).versions]
    for first, second in pairs:
        got = (int(first.rpartition(".")[2]) in had) + (first in path) + (second in path)
        assert got == 1, (first, second, path)


def test_ten_thousand_versions_are_judged_once_each() -> None:
    known = [_line(f"1.{n // 100}.{n % 100}", min_source_version="1.0.0") for n in range(1, 2_000)]
    calls = Counter[str]()
    original = Version.parse

    def parse(text: str) -> Version:
        calls["parse"] += 1
        return original(text)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Version, "parse", parse)
        path = find_path(original("1.0.0"), known[-1].number, known)
    assert len(path.versions) == 1_999
    assert calls["parse"] <= 4 * len(known), "the work grows with the versions, not with their square"
