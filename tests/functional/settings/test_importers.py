"""Definitions of other engines: what is carried answers as the published engines do, the rest is named (CFG-31)."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from enghub_flags.evaluation import compiled
from enghub_flags.importers import flagd, flagsmith, growthbook, unleash
from enghub_flags.importers.model import Converted
from enghub_flags.model import Reason
from enghub_flags.reading import flag_from, segment_from
from tests.engines import Engines, engines

CONVERT: dict[str, Callable[[Any, str], Converted]] = {
    "flagd": flagd.convert,
    "growthbook": growthbook.convert,
    "unleash": unleash.convert,
    "flagsmith": flagsmith.convert,
}
USERS = st.one_of(st.sampled_from(["", "u-1", "u-1003", "张三", "é", "𝄞", "0", "a" * 40]), st.uuids().map(str))
TEXTS = st.sampled_from(["CN", "DE", "beta", "a b", "@x.com", "alice@x.com"])


@pytest.fixture(scope="module")
def others() -> Iterator[Engines]:
    with engines() as found:
        yield found


def agree(others: Engines, engine: str, version: str, definitions: Any, contexts: list[dict[str, Any]]) -> Converted:
    """Check that everything carried answers as the original; return what became of it."""
    found = CONVERT[engine](definitions, version)
    rules = compiled(map(flag_from, found.flags), map(segment_from, found.segments))
    asked = [(flag["key"], context) for flag in found.flags for context in contexts]
    theirs = others.answers(engine, definitions, asked)
    for (key, context), expected in zip(asked, theirs, strict=True):
        result = rules.evaluate(key, context)
        mine = None if engine == "flagd" and result.reason is Reason.DISABLED else result.value
        assert mine == expected, (key, context, definitions, found.flags)
    return found


def examples(number: int = 60) -> settings:
    checks = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(
        max_examples=number, deadline=None, suppress_health_check=checks, phases=[Phase.explicit, Phase.generate]
    )


def sometimes(value: Any) -> Any:
    return st.one_of(st.none(), value)


def contexts_of(**attributes: Any) -> Any:
    """Draw contexts in which an attribute may be absent."""
    one = st.fixed_dictionaries({}, optional=attributes)
    return st.lists(one, min_size=4, max_size=10)


# --- flagd ---

VARIANT = st.sampled_from(["a", "b"])
FLAGD_CLAUSES = st.one_of(
    st.builds(lambda op, text: {op: [{"var": "country"}, text]}, st.sampled_from(["==", "===", "!=", "!=="]), TEXTS),
    st.builds(lambda texts: {"in": [{"var": "country"}, texts]}, st.lists(TEXTS, min_size=1, max_size=3)),
    st.builds(lambda op, text: {op: [{"var": "email"}, text]}, st.sampled_from(["starts_with", "ends_with"]), TEXTS),
    st.builds(lambda op, n: {op: [{"var": "age"}, n]}, st.sampled_from(["<", "<=", ">", ">="]), st.integers(-3, 60)),
    st.builds(
        lambda op, version: {"sem_ver": [{"var": "version"}, op, version]},
        st.sampled_from(["=", "<", "<=", ">", ">="]),
        st.sampled_from(["1.10.0", "1.9.0", "2.0.0-rc.1"]),
    ),
)
FLAGD_CONDITIONS = st.recursive(
    FLAGD_CLAUSES,
    lambda inner: st.one_of(
        st.builds(lambda parts: {"and": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda parts: {"or": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda part: {"!": [part]}, inner),
    ),
    max_leaves=5,
)
FRACTIONAL = st.builds(lambda a, b: {"fractional": [["a", a], ["b", b]]}, st.integers(0, 70), st.integers(1, 1000))
FLAGD_ANSWERS = st.one_of(VARIANT, st.none(), FRACTIONAL)
FLAGD_TARGETING = st.recursive(
    FLAGD_ANSWERS,
    lambda inner: st.one_of(
        st.builds(lambda c, x, y: {"if": [c, x, y]}, FLAGD_CONDITIONS, inner, inner),
        st.builds(lambda c, x, d, y: {"if": [c, x, d, y]}, FLAGD_CONDITIONS, inner, FLAGD_CONDITIONS, inner),
    ),
    max_leaves=4,
).filter(lambda found: isinstance(found, dict))
FLAGD_CONTEXTS = contexts_of(
    targetingKey=USERS,
    country=sometimes(TEXTS),
    email=sometimes(TEXTS),
    age=sometimes(st.one_of(st.integers(-5, 70), st.floats(0, 70))),
    version=sometimes(st.sampled_from(["1.10.0", "1.9.0", "2.0.0", "2.0.0-rc.1"])),
)


@examples()
@given(targeting=FLAGD_TARGETING, enabled=st.booleans(), contexts=FLAGD_CONTEXTS)
def test_flagd_version_3(others: Engines, targeting: Any, enabled: bool, contexts: Any) -> None:
    flag = {
        "state": "ENABLED" if enabled else "DISABLED",
        "variants": {"a": 1, "b": 2, "off": 0},
        "defaultVariant": "off",
        "targeting": targeting,
    }
    agree(others, "flagd", "v3", {"flags": {"new-ui": flag}}, contexts)


def test_flagd_draws_by_version_and_by_texts_of_its_own(others: Engines) -> None:
    joined = {"cat": [{"var": "$flagd.flagKey"}, {"var": "email"}]}
    targeting = {
        "shorthand": {"fractional": [["on", 30], ["off", 70]]},
        "joined": {"fractional": [joined, ["on", 30], ["off", 70]]},
        "alone": {"fractional": [{"var": "email"}, ["on", 30], ["off", 70]]},
    }
    both = {"on": True, "off": False}
    flags = {
        key: {"state": "ENABLED", "variants": both, "defaultVariant": "off", "targeting": one}
        for key, one in targeting.items()
    }
    contexts = [{"targetingKey": f"u-{n}", "email": f"用户{n}@x.com"} for n in range(100)]
    found = agree(others, "flagd", "v3", {"flags": flags}, contexts)
    assert (len(found.flags), len(found.notes)) == (3, 2)
    # What v1 and v2 draw is in SF4: 83 of 100 by v2, 9 by v3.
    new_ui = {"flags": {"new-ui": flags["shorthand"]}}
    for version, value in (("v2", False), ("v3", True)):
        made = flagd.convert(new_ui, version)
        result = compiled(map(flag_from, made.flags)).evaluate("new-ui", {"targetingKey": "u-1003"})
        assert (version, result.value) == (version, value)


@pytest.mark.parametrize("logic", [["<", 18], ["<", 0], ["<=", 0], [">", -3], [">", 0], [">=", 0], [">=", 1]])
def test_what_is_missing_is_zero_to_flagd(others: Engines, logic: list[Any]) -> None:
    condition = {logic[0]: [{"var": "age"}, logic[1]]}
    flags = {
        name: {
            "state": "ENABLED",
            "variants": {"a": 1, "off": 0},
            "defaultVariant": "off",
            "targeting": {"if": [one, "a"]},
        }
        for name, one in {"is": condition, "is-not": {"!": [condition]}}.items()
    }
    agree(
        others, "flagd", "v3", {"flags": flags}, [{}, {"age": None}, {"age": 0}, {"age": 5}, {"age": -4}, {"age": 20}]
    )


# --- GrowthBook ---

GB_VALUES = st.one_of(st.integers(0, 40), TEXTS, st.booleans(), st.just(0), st.just(1))
GB_OPERATORS = st.one_of(
    st.builds(lambda op, value: {op: value}, st.sampled_from(["$eq", "$ne"]), GB_VALUES),
    st.builds(lambda op, values: {op: values}, st.sampled_from(["$in", "$nin"]), st.lists(GB_VALUES, max_size=3)),
    st.builds(lambda op, n: {op: n}, st.sampled_from(["$lt", "$lte", "$gt", "$gte"]), st.integers(-3, 40)),
    st.builds(lambda there: {"$exists": there}, st.booleans()),
)
GB_NAMES = st.sampled_from(["country", "age", "pro"])
GB_LEAVES = st.one_of(
    st.builds(lambda name, value: {name: value}, GB_NAMES, GB_VALUES),
    st.builds(lambda name, one: {name: one}, GB_NAMES, GB_OPERATORS),
    st.builds(lambda name, one: {name: {"$not": one}}, GB_NAMES, GB_OPERATORS),
)
GB_CONDITIONS = st.recursive(
    GB_LEAVES,
    lambda inner: st.one_of(
        st.builds(lambda op, parts: {op: parts}, st.sampled_from(["$or", "$nor", "$and"]), st.lists(inner, max_size=3)),
        st.builds(lambda part: {"$not": part}, inner),
    ),
    max_leaves=5,
)
SHARES = st.sampled_from([0, 0.001, 0.1, 0.3333, 0.5, 0.9999, 1])
GB_RULES = st.one_of(
    st.builds(
        lambda value, more: {"force": value, **more},
        TEXTS,
        st.fixed_dictionaries(
            {},
            optional={
                "condition": GB_CONDITIONS,
                "coverage": SHARES,
                "hashVersion": st.sampled_from([1, 2]),
                "seed": st.sampled_from(["seed", "种子"]),
                "hashAttribute": st.sampled_from(["id", "company"]),
            },
        ),
    ),
    st.builds(
        lambda values, more: {"variations": values, **more},
        st.lists(TEXTS, min_size=2, max_size=3, unique=True),
        st.fixed_dictionaries(
            {},
            optional={
                "condition": GB_CONDITIONS,
                "coverage": SHARES,
                "hashVersion": st.sampled_from([1, 2]),
                "key": st.just("exp-1"),
            },
        ),
    ),
)
GB_CONTEXTS = contexts_of(
    id=sometimes(USERS),
    company=sometimes(USERS),
    country=sometimes(TEXTS),
    age=sometimes(st.integers(-5, 45)),
    pro=sometimes(st.booleans()),
)


@examples()
@given(rules=st.lists(GB_RULES, max_size=4), contexts=GB_CONTEXTS)
def test_growthbook(others: Engines, rules: Any, contexts: Any) -> None:
    definitions = {"features": {"new-ui": {"defaultValue": "nothing", "rules": rules}}}
    agree(others, "growthbook", "4.0.0", definitions, contexts)


# --- Unleash ---

UNLEASH_CONSTRAINTS = st.lists(
    st.builds(
        lambda name, operator, values, inverted: {
            "contextName": name,
            "operator": operator,
            "values": values,
            "inverted": inverted,
        },
        st.sampled_from(["country", "userId", "email"]),
        st.sampled_from(["IN", "NOT_IN", "STR_CONTAINS", "STR_STARTS_WITH", "STR_ENDS_WITH", "NUM_GT"]),
        st.lists(TEXTS, min_size=1, max_size=3),
        st.booleans(),
    ),
    max_size=3,
)
UNLEASH_STRATEGIES = st.lists(
    st.builds(
        lambda named, constraints, segments: {**named, "constraints": constraints, "segments": segments},
        st.one_of(
            st.just({"name": "default", "parameters": {}}),
            st.just({"name": "userWithId", "parameters": {"userIds": "u-1, 张三"}}),
            st.builds(
                lambda share, by: {
                    "name": "flexibleRollout",
                    "parameters": {"rollout": str(share), "stickiness": by, "groupId": "new-ui"},
                },
                st.sampled_from([0, 1, 30, 50, 99, 100]),
                st.sampled_from(["userId", "company"]),
            ),
        ),
        UNLEASH_CONSTRAINTS,
        st.sampled_from([[], [1]]),
    ),
    max_size=3,
)
SHOWN = USERS.filter(bool)


@examples()
@given(
    strategies=UNLEASH_STRATEGIES,
    enabled=st.booleans(),
    contexts=contexts_of(userId=SHOWN, company=SHOWN, country=TEXTS, email=TEXTS),
)
def test_unleash(others: Engines, strategies: Any, enabled: bool, contexts: Any) -> None:
    segment = {"id": 1, "constraints": [{"contextName": "country", "operator": "IN", "values": ["CN", "DE"]}]}
    feature = {"name": "new-ui", "enabled": enabled, "strategies": strategies}
    definitions = {"version": 2, "features": [feature], "segments": [segment]}
    agree(others, "unleash", "yggdrasil 2.0.0", definitions, contexts)


# --- Flagsmith ---

FS_CONDITIONS = st.one_of(
    st.builds(
        lambda operator, value: {"property": "country", "operator": operator, "value": value},
        st.sampled_from(["EQUAL", "NOT_EQUAL", "IN", "REGEX"]),
        TEXTS,
    ),
    st.builds(
        lambda operator, value: {"property": "age", "operator": operator, "value": str(value)},
        st.sampled_from(["GREATER_THAN", "GREATER_THAN_INCLUSIVE", "LESS_THAN", "LESS_THAN_INCLUSIVE", "IN"]),
        st.integers(-3, 40),
    ),
    st.builds(
        lambda name, operator: {"property": name, "operator": operator, "value": ""},
        st.sampled_from(["country", "age"]),
        st.sampled_from(["IS_SET", "IS_NOT_SET"]),
    ),
)
FS_RULES = st.recursive(
    st.builds(
        lambda kind, conditions: {"type": kind, "conditions": conditions},
        st.sampled_from(["ALL", "ANY", "NONE"]),
        st.lists(FS_CONDITIONS, max_size=3),
    ),
    lambda inner: st.builds(
        lambda kind, rules: {"type": kind, "rules": rules},
        st.sampled_from(["ALL", "ANY", "NONE"]),
        st.lists(inner, min_size=1, max_size=2),
    ),
    max_leaves=3,
)
SPLIT = st.builds(
    lambda share, rule: {
        "type": "ALL",
        "conditions": [{"property": "", "operator": "PERCENTAGE_SPLIT", "value": str(share)}],
        "rules": [rule],
    },
    st.sampled_from([0, 10, 50.5, 100]),
    FS_RULES,
)
FS_SEGMENTS = st.lists(
    st.builds(
        lambda rule, enabled, value, priority: (rule, {"enabled": enabled, "value": value, **priority}),
        st.one_of(FS_RULES, SPLIT),
        st.booleans(),
        st.sampled_from(["x", 5, None]),
        st.sampled_from([{}, {"priority": 1}, {"priority": 2}]),
    ),
    max_size=3,
)


@examples()
@given(
    segments=FS_SEGMENTS,
    contexts=st.lists(
        st.fixed_dictionaries({"targetingKey": SHOWN}, optional={"country": TEXTS, "age": st.integers(-5, 45)}),
        min_size=4,
        max_size=8,
    ),
)
def test_flagsmith(others: Engines, segments: Any, contexts: Any) -> None:
    definitions = {
        "environment": {"key": "env", "name": "env"},
        "features": {"new-ui": {"key": "1", "name": "new-ui", "enabled": True, "value": "base"}},
        "segments": {
            str(n): {
                "key": str(n),
                "name": f"s{n}",
                "rules": [rule],
                "overrides": [{"key": f"o{n}", "name": "new-ui", **override}],
            }
            for n, (rule, override) in enumerate(segments)
        },
    }
    agree(others, "flagsmith", "11.1.1", definitions, contexts)
