"""What is kept of another context: the newest version, whatever order and how often its versions come, and the gaps."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from enghub.core.projections.model import AsOf, Fact, agree, corrected, take
from enghub.core.projections.proof import LOOKS, Derived
from tests.factories.http import NOW

versions = st.lists(st.integers(1, 12), min_size=1, max_size=30)


def a_fact(version: int, subject: str = "P-1") -> Fact:
    return Fact(subject, version, f"as of {version}", NOW + timedelta(minutes=version), NOW)


def all_taken(came: list[int]) -> Fact:
    known: Fact | None = None
    for version in came:
        known = take(known, a_fact(version)) or known
    assert known is not None
    return known


@given(versions)
def test_the_newest_version_stays_whatever_comes_after_it(came: list[int]) -> None:
    known = all_taken(came)
    assert (known.version, known.body) == (max(came), f"as of {max(came)}")


@given(versions)
def test_missing_are_the_versions_since_the_first_that_never_came(came: list[int]) -> None:
    assert set(all_taken(came).missing) == set(range(came[0], max(came))) - set(came)


@given(versions)
def test_what_came_before_changes_nothing(came: list[int]) -> None:
    known = all_taken(came)
    assert all(take(known, a_fact(version)) is None for version in came)


def test_how_far_behind_it_is() -> None:
    as_of = AsOf(NOW, 0)
    assert as_of.behind_seconds(NOW + timedelta(seconds=90)) == 90.0
    assert (as_of.behind_seconds(NOW), as_of.behind_seconds(None), AsOf(None, 0).behind_seconds(NOW)) == (0, 0, 0)


def derived(kept: dict[str, int], source: dict[str, int]) -> Derived[str, int]:
    def repair(name: str, seen: int | None, right: int) -> bool:
        if kept.get(name) != seen:
            return False
        kept[name] = right
        return True

    return Derived(
        kept=lambda: dict(kept),
        source=lambda: dict(source),
        nothing=lambda _: 0,
        agree=lambda part, right: (part or 0) == right,
        repair=repair,
        is_moving=lambda part: part < 0,
    )


parts = st.dictionaries(st.sampled_from("abcde"), st.integers(-1, 3))


@given(parts, st.dictionaries(st.sampled_from("abcde"), st.integers(0, 3)))
def test_after_repair_all_that_does_not_move_agrees(kept: dict[str, int], source: dict[str, int]) -> None:
    before, checked = dict(kept), derived(kept, source)
    wrong = {name for name in before.keys() | source.keys() if before.get(name, 0) != source.get(name, 0)}
    moving = {name for name, part in before.items() if part < 0}
    assert checked.repaired() == len(wrong - moving)
    proof = checked.proved()
    assert not proof.wrong
    assert set(proof.moving) == moving
    assert all(kept[name] == before[name] for name in moving)


def looking(*sources: dict[str, int]) -> Derived[str, int]:
    """Return what keeps ``a`` as 2 and finds another source at every look."""
    left = iter(sources)
    return Derived(
        kept=lambda: {"a": 2},
        source=lambda: next(left),
        nothing=lambda _: 0,
        agree=lambda part, right: part == right,
        repair=lambda *_: False,
    )


def test_a_difference_of_one_look_is_none_and_one_that_stays_is() -> None:
    assert looking({"a": 1}, {"a": 2}).proved().wrong == {}
    assert looking(*[{"a": 1}] * LOOKS).proved().wrong == {"a": 1}


@given(versions, st.integers(1, 12))
def test_a_correction_keeps_what_is_newer_and_closes_the_gaps_that_the_source_covers(
    came: list[int], told: int
) -> None:
    kept = all_taken(came)
    stored = corrected(kept, a_fact(told))
    assert agree(stored, a_fact(told))
    assert stored.version == max(kept.version, told)
    assert set(stored.missing) == {version for version in kept.missing if told < version < stored.version}
