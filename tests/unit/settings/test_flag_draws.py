"""Who is in, and who gets which variant: ends, shares, growth, and other engines' formulas (CFG-09, CFG-31)."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare

from enghub_flags.evaluation import _Maker, compiled, in_draw, which_draw
from enghub_flags.hashing import HashVersion, cbor_text, draw, netstring
from enghub_flags.model import WHOLE, Flag, Reason
from tests.factories.flags import a_flag

USERS = [f"u-{number}" for number in range(10_000)]
TEXT = st.text(min_size=1, max_size=12)


def flagd(version: HashVersion, on: int, whole: int = 100_000) -> Flag:
    split = {
        "hashVersion": version,
        "seed": ["new-ui"],
        "scale": whole,
        "ranges": [[0, on, "on"], [on, whole, "off"]],
    }
    return a_flag(fallthrough={"split": split})


def variant(flag: Flag, user: Any, **attributes: Any) -> str:
    return compiled([flag]).evaluate(flag.key, {"targetingKey": user, **attributes}).variant


def test_zero_weights_serve_nobody_wherever_they_stand() -> None:
    """SF1: the hashes of the case, at the very ends of the draw."""
    weights = (("foo", 98_900), ("bar", 1_000), ("baz", 100))
    hashes = (4247722655, 4247722656, 4290672328, 4290672329, 4294967295)
    flag = a_flag(names=("foo", "bar", "baz", "qux"), off="qux", fallthrough={"variant": "foo"})
    for place in range(4):
        listed = (*weights[:place], ("qux", 0), *weights[place:])
        limits, total = _Maker(flag)._limits(listed, "")
        found = [next(one.variant for end, one in limits if (number * total) >> 32 < end) for number in hashes]
        assert found == ["foo", "bar", "bar", "baz", "baz"]


@pytest.mark.parametrize(
    ("on", "first", "last"), [(0, "off", "off"), (1, "on", "off"), (99_999, "on", "off"), (100_000, "on", "on")]
)
def test_the_ends_of_a_percentage(on: int, first: str, last: str) -> None:
    """SF2: bucket 0 is u-1180's, bucket 99,999 is u-5168's."""
    flag = flagd(HashVersion.FLAGD_2, on)
    assert (variant(flag, "u-1180"), variant(flag, "u-5168")) == (first, last)


@pytest.mark.parametrize(
    ("version", "scale", "count"),
    [(HashVersion.FLAGD_2, 100, 5029), (HashVersion.FLAGD_3, 100, 4946), (HashVersion.UNLEASH, 100, 5037)],
)
def test_half_is_drawn_once(version: HashVersion, scale: int, count: int) -> None:
    """SF3."""
    position = draw(version, ("new-ui",), scale)
    assert sum(position(user) < 50 for user in USERS) == count


@pytest.mark.parametrize(
    ("version", "seed", "scale", "place"),
    [
        (HashVersion.UNLEASH, ("new-ui",), 100, 86),  # Unleash counts from 1: 87
        (HashVersion.GROWTHBOOK_1, ("new-ui",), 1, 0.188),
        (HashVersion.GROWTHBOOK_2, ("new-ui",), 1, 0.3248),
        (HashVersion.FLAGD_2, ("new-ui",), 100, 83),
        (HashVersion.FLAGD_3, ("new-ui",), 100, 9),
    ],
)
def test_every_engine_keeps_its_own_formula(
    version: HashVersion, seed: tuple[str, ...], scale: int, place: float
) -> None:
    """SF4: user u-1003."""
    assert draw(version, seed, scale)("u-1003") == place


def test_flagsmith_draws_with_md5() -> None:
    assert round(draw(HashVersion.FLAGSMITH, ("7",), 100)("u-1003"), 4) == 2.7606


@pytest.mark.parametrize(
    "absent", [{}, {"companyId": None}, {"companyId": ""}, {"companyId": 1.5}, {"companyId": True}]
)
def test_who_lacks_the_attribute_is_not_in_and_hears_why(absent: dict[str, Any]) -> None:
    """SF5: no fall-back to the user, and nobody hashes "undefined"."""
    flag = a_flag(fallthrough={"variant": "on", "percentage": 50, "bucketBy": "companyId"})
    found = compiled([flag]).evaluate(flag.key, {"targetingKey": "u-1004", **absent})
    assert (found.variant, found.reason, found.attribute) == ("off", Reason.NO_BUCKETING_ATTRIBUTE, "companyId")


@given(TEXT, TEXT)
def test_parts_do_not_run_into_each_other(salt: str, unit: str) -> None:
    assert netstring(salt + unit) != netstring(salt) + netstring(unit)
    assert netstring(salt[:-1]) + netstring(salt[-1:] + unit) != netstring(salt) + netstring(unit)


@given(TEXT, st.integers(0, WHOLE), st.integers(0, WHOLE), st.lists(TEXT, max_size=20))
def test_a_growing_percentage_moves_nobody_out_and_the_last_in_leaves_first(
    salt: str, one: int, other: int, users: list[str]
) -> None:
    small, large = sorted((one, other))
    position = in_draw(a_flag(salt=salt))
    joined = {user: position(user) for user in users}
    assert {user for user in users if joined[user] < small} <= {user for user in users if joined[user] < large}
    left = {user for user in users if small <= joined[user] < large}
    stayed = {user for user in users if joined[user] < small}
    assert all(joined[user] >= joined[kept] for user in left for kept in stayed)


def test_the_draw_of_a_flag_never_changes() -> None:
    """The formula of hashVersion 1, for ever: these places were written down when it was made."""
    flag = a_flag(salt="s-1")
    assert [in_draw(flag)(user) for user in ("u-0", "u-1", "班次-7")] == PLACES
    assert cbor_text("u-1003") == b"\x66u-1003"


PLACES: list[float] = [88098, 76955, 45287]


def test_draws_are_uniform_and_independent_of_each_other() -> None:
    """Chi-square of 100 cells each; p under one in 100,000 would be a broken hash; the draw is the same each run."""
    flag = a_flag(salt="4f2a")
    is_in, which = in_draw(flag), which_draw(flag, 10)
    cells = Counter(int(is_in(user)) * 100 // WHOLE for user in USERS)
    assert chisquare([cells[cell] for cell in range(100)]).pvalue > 1e-5
    pairs = Counter((int(is_in(user)) * 10 // WHOLE, which(user)) for user in USERS)
    assert chisquare([pairs[cell, share] for cell in range(10) for share in range(10)]).pvalue > 1e-5
    others = in_draw(a_flag(salt="4f2b"))
    across = Counter((int(is_in(user)) * 10 // WHOLE, int(others(user)) * 10 // WHOLE) for user in USERS)
    assert chisquare([across[one, two] for one in range(10) for two in range(10)]).pvalue > 1e-5


def test_who_gets_which_variant_does_not_move_when_more_come_in() -> None:
    def of(percentage: float) -> dict[str, str]:
        flag = a_flag(
            names=("a", "b", "off"), fallthrough={"percentage": percentage, "weights": {"a": 1, "b": 2}}, salt="x"
        )
        ruleset = compiled([flag])
        return {user: ruleset.evaluate(flag.key, {"targetingKey": user}).variant for user in USERS[:2000]}

    few, many = of(20), of(60.5)
    assert all(many[user] == given for user, given in few.items() if given != "off")
    shares = Counter(many.values())
    assert shares["b"] > 1.6 * shares["a"]


@settings(max_examples=30)
@given(st.lists(st.integers(0, 1000), min_size=1, max_size=6), TEXT)
def test_weights_of_any_kind_serve_exactly_one_that_has_a_weight(weights: list[int], user: str) -> None:
    names = [f"v{place}" for place in range(len(weights))]
    if not sum(weights):
        weights[0] = 1
    flag = a_flag(names=(*names, "none"), off="none", fallthrough={"weights": dict(zip(names, weights, strict=True))})
    found = variant(flag, user)
    assert dict(zip(names, weights, strict=True))[found] > 0
