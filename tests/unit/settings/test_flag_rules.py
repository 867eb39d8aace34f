"""Clauses, segments, prerequisites, types; an explanation never says other than the evaluation (CFG-09, CFG-29)."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enghub_flags.evaluation import as_type, compiled, typed
from enghub_flags.explaining import explain
from enghub_flags.model import Clause, ErrorCode, Operator, Reason, Result, ValueType
from enghub_flags.operators import NEGATIVE, ORDERS, compiled_clause
from enghub_flags.reading import DefinitionRefused, flag_from, flag_to, segment_from, segment_to
from enghub_flags.semver import version
from tests.factories.flags import a_document, a_flag, a_rule


def holds(attribute: str, operator: str, values: Any, context: dict[str, Any]) -> bool:
    listed = tuple(values) if isinstance(values, list) else (values,)
    return compiled_clause(Clause(attribute, Operator(operator), listed), {})(context)


@pytest.mark.parametrize("absent", [{}, {"country": None, "age": None, "isPro": None, "version": None}])
@pytest.mark.parametrize(
    ("attribute", "operator", "values", "right"),
    [
        ("country", "IN", ["CN"], False),
        ("country", "NOT_IN", ["CN"], True),
        ("age", "LESS", 18, False),
        ("age", "GREATER_OR_EQUAL", 18, False),
        ("isPro", "EQUALS", False, False),
        ("isPro", "NOT_EQUALS", False, True),
        ("version", "SEMVER_LESS", "2.0.0", False),
        ("version", "EXISTS", [], False),
        ("version", "NOT_EXISTS", [], True),
    ],
)
def test_what_is_absent_or_null(
    absent: dict[str, Any], attribute: str, operator: str, values: Any, right: bool
) -> None:
    """SF6, with inverted ones and our own members."""
    assert holds(attribute, operator, values, absent) is right


SAMPLES: dict[Operator, tuple[Any, ...]] = {
    **dict.fromkeys(Operator, ("a",)),
    **dict.fromkeys(ORDERS, (1,)),
    **dict.fromkeys((Operator.BEFORE, Operator.AFTER), ("2026-01-01T00:00:00Z",)),
    **{one: ("1.0.0",) for one in Operator if one.startswith("SEMVER")},
}


@pytest.mark.parametrize("operator", list(Operator))
@pytest.mark.parametrize("odd", [None, 1.5, True, {"a": 1}, float("nan"), [None], "", "\ud800"])
def test_no_context_makes_an_operator_fail(operator: Operator, odd: Any) -> None:
    test = compiled_clause(Clause("x", operator, SAMPLES[operator]), {})
    assert test({}) is (operator in NEGATIVE)
    assert isinstance(test({"x": odd}), bool)


def test_a_bad_operand_fails_its_clause_and_not_the_flag() -> None:
    """SF7: a version that is a number; the next rule decides."""
    flag = a_flag(
        names=("new", "pro", "off"),
        fallthrough={"variant": "off"},
        rules=[
            a_rule("v", ("version", "SEMVER_GREATER_OR_EQUAL", "1.10.0"), variant="new"),
            a_rule("p", ("plan", "EQUALS", "pro"), variant="pro"),
        ],
    )
    found = compiled([flag]).evaluate(flag.key, {"version": 2, "plan": "pro"})
    assert (found.variant, found.rule, found.reason) == ("pro", "p", Reason.TARGETING_MATCH)


@pytest.mark.parametrize(
    ("left", "right", "order"),
    [
        ("1.10.0", "1.9.0", 1),
        ("1.0.0-rc.10", "1.0.0-rc.9", 1),
        ("1.0.0-ls101", "1.0.0-ls99", -1),
        ("1.0.0", "1.0.0-rc.1", 1),
        ("1.0.0+a", "1.0.0+b", 0),
        ("1.0.0-1", "1.0.0-a", -1),
        ("1.0.0-a", "1.0.0-a.1", -1),
    ],
)
def test_versions_are_ordered_as_semver_says(left: str, right: str, order: int) -> None:
    one, two = version(left), version(right)
    assert one is not None
    assert two is not None
    assert (one > two) - (one < two) == order


@pytest.mark.parametrize("text", ["1", "1.2", "01.2.3", "1.2.3-", "v1.2.3", "1.2.3-01", " 1.2.3", 2, None])
def test_what_is_no_version(text: Any) -> None:
    assert version(text) is None


def test_numbers_compare_exactly() -> None:
    assert not holds("n", "EQUALS", 9007199254740993, {"n": 9007199254740992.0})
    assert holds("n", "GREATER", 9007199254740992, {"n": 9007199254740993})
    assert holds("n", "EQUALS", 5, {"n": 5.0})
    assert not holds("n", "EQUALS", 5, {"n": "5"})
    assert not holds("n", "EQUALS", 1, {"n": True})
    assert not holds("n", "LESS", 2, {"n": True})


def test_integers_and_floats_are_exact_or_refused() -> None:
    """SF8."""
    variants = [{"name": "a", "value": Decimal("10.0")}]
    flag = flag_from(a_document(valueType="INTEGER", variants=variants, offVariant="a", fallthrough={"variant": "a"}))
    assert flag.value("a") == 10
    assert type(flag.value("a")) is int
    for wrong in (9007199254740993, 1.5, True, "1"):
        variants = [{"name": "a", "value": wrong}]
        with pytest.raises(DefinitionRefused) as refused:
            flag_from(a_document(valueType="INTEGER", variants=variants, offVariant="a", fallthrough={"variant": "a"}))
        assert refused.value.field == "variants.0.value"
    half = Result("f", 1.5, "a", Reason.STATIC)
    assert typed(half, ValueType.INTEGER, 7)[1:4] == (7, "", Reason.ERROR)
    assert typed(half, ValueType.INTEGER, 7).error is ErrorCode.TYPE_MISMATCH
    as_float = as_type(1, ValueType.FLOAT)
    assert (as_float, type(as_float)) == (1.0, float)


def test_a_list_is_in_when_one_of_it_is() -> None:
    assert holds("roles", "IN", ["lead"], {"roles": ["operator", "lead"]})
    assert not holds("roles", "NOT_IN", ["lead"], {"roles": ["operator", "lead"]})
    assert holds("roles", "CONTAINS", "lead", {"roles": ["lead"]})
    assert holds("name", "CONTAINS", "ea", {"name": "lead"})


def test_times_need_an_offset() -> None:
    assert holds("at", "BEFORE", "2026-01-01T00:00:00Z", {"at": "2025-12-31T23:00:00-00:30"})
    assert not holds("at", "BEFORE", "2026-01-01T00:00:00Z", {"at": "2025-12-31T23:00:00"})


def test_segments_name_people_and_describe_them() -> None:
    pilots = segment_from(
        {
            "key": "pilots",
            "included": ["u-1"],
            "excluded": ["u-2"],
            "rules": [[{"attribute": "site", "operator": "STARTS_WITH", "values": ["sh-"]}]],
        }
    )
    assert segment_from(segment_to(pilots)) == pilots
    flag = a_flag(rules=[a_rule("pilots", ("", "IN_SEGMENT", ["pilots", "gone"]))], fallthrough={"variant": "off"})
    ruleset = compiled([flag], [pilots])
    found = [
        ruleset.evaluate(flag.key, {"targetingKey": user, "site": site}).value
        for user, site in (("u-1", "bj-1"), ("u-2", "sh-1"), ("u-3", "sh-1"), ("u-3", "bj-1"))
    ]
    assert found == [True, False, True, False]


def test_names_come_before_rules_and_prerequisites_before_all() -> None:
    base = a_flag("base", rules=[a_rule("eu", ("region", "EQUALS", "eu"), variant="off")])
    flag = a_flag(
        prerequisites=[{"flag": "base", "variants": ["on"]}],
        targets=[{"variant": "on", "users": ["u-1"], "tenants": ["acme"]}],
        fallthrough={"variant": "off"},
    )
    ruleset = compiled([base, flag])
    assert ruleset.evaluate("new-ui", {"targetingKey": "u-1"}).rule == "targets.on"
    assert ruleset.evaluate("new-ui", {"tenantId": "acme"}).value is True
    failed = ruleset.evaluate("new-ui", {"targetingKey": "u-1", "region": "eu"})
    assert (failed.value, failed.reason, failed.rule) == (False, Reason.PREREQUISITE_FAILED, "base")
    off = compiled([a_flag("base", isEnabled=False), flag]).evaluate("new-ui", {"targetingKey": "u-1"})
    assert off.reason is Reason.PREREQUISITE_FAILED


def test_a_circle_of_prerequisites_holds_for_nobody_and_harms_no_other_flag() -> None:
    def needing(key: str, other: str) -> Any:
        return a_flag(key, prerequisites=[{"flag": other, "variants": ["on"]}])

    ruleset = compiled([needing("a", "b"), needing("b", "c"), needing("c", "a"), needing("d", "a"), a_flag("e")])
    assert ruleset.broken == {"a", "b", "c"}
    assert [ruleset.evaluate(key, {}).value for key in "abcde"] == [False, False, False, False, True]


def test_disabled_is_a_reason_and_unknown_an_error() -> None:
    ruleset = compiled([a_flag(isEnabled=False)])
    off = ruleset.evaluate("new-ui", {})
    assert (off.value, off.variant, off.reason, off.error) == (False, "off", Reason.DISABLED, None)
    assert ruleset.evaluate("nope", {}).error is ErrorCode.FLAG_NOT_FOUND


def test_who_changes_an_object_changes_their_own() -> None:
    flag = a_flag(
        valueType="OBJECT",
        variants=[{"name": "a", "value": {"rows": [1]}}],
        offVariant="a",
        fallthrough={"variant": "a"},
    )
    ruleset = compiled([flag])
    ruleset.evaluate("new-ui", {}).value["rows"].append(2)
    assert ruleset.evaluate("new-ui", {}).value == {"rows": [1]}


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"offVariant": "blue"}, "offVariant"),
        ({"fallthrough": {"variant": "on", "percentage": 100.5}}, "fallthrough.percentage"),
        ({"fallthrough": {"variant": "on", "percentage": 0.0001}}, "fallthrough.percentage"),
        ({"fallthrough": {"variant": "on", "percentage": True}}, "fallthrough.percentage"),
        ({"fallthrough": {"weights": {"on": 0}}}, "fallthrough.weights"),
        ({"fallthrough": {"weights": {"on": -1, "off": 3}}}, "fallthrough.weights.on"),
        ({"fallthrough": {"variant": "on", "weights": {"on": 1}}}, "fallthrough"),
        ({"fallthrough": {}}, "fallthrough"),
        ({"prerequisites": [{"flag": "new-ui", "variants": ["on"]}]}, "prerequisites"),
        ({"rules": [a_rule("r", ("v", "SEMVER_LESS", "1.2"))]}, "rules.0.clauses.0.values"),
        ({"rules": [a_rule("r", ("v", "LESS", "18"))]}, "rules.0.clauses.0.values"),
        ({"rules": [a_rule("r", ("v", "BEFORE", "2026-01-01"))]}, "rules.0.clauses.0.values"),
        ({"rules": [a_rule("r", ("v", "IN", []))]}, "rules.0.clauses.0.values"),
        ({"rules": [a_rule("r", ("", "IN", ["a"]))]}, "rules.0.clauses.0.attribute"),
        ({"rules": [a_rule("r"), a_rule("r")]}, "rules"),
        ({"variants": [{"name": "on", "value": 1}, {"name": "off", "value": False}]}, "variants.0.value"),
    ],
)
def test_a_definition_that_cannot_be_names_its_place_in_both_languages(fields: dict[str, Any], field: str) -> None:
    with pytest.raises(DefinitionRefused) as refused:
        flag_from(a_document(**fields))
    assert refused.value.field == field
    assert all(refused.value.problem)


VALUES = st.one_of(st.sampled_from(["a", "b", "", "1.2.3", "2026-01-01T00:00:00Z"]), st.integers(-3, 3), st.booleans())
CONTEXTS = st.dictionaries(st.sampled_from(["targetingKey", "tenantId", "x", "y"]), st.none() | VALUES)


@st.composite
def serves(draws: st.DrawFn) -> dict[str, Any]:
    percentage = draws(st.sampled_from([0, 0.001, 5, 50, 99.999, 100]))
    found: dict[str, Any] = {"percentage": percentage, "bucketBy": draws(st.sampled_from(["targetingKey", "x"]))}
    found |= draws(st.sampled_from([{"variant": "on"}, {"variant": "off"}, {"weights": {"on": 1, "off": 2}}]))
    return {**found, "continues": draws(st.booleans())}


@st.composite
def rules(draws: st.DrawFn, rule_id: str) -> dict[str, Any]:
    clauses = [
        (draws(st.sampled_from(["x", "y"])), operator, list(SAMPLES[operator]) if "EXISTS" not in operator else [])
        for operator in draws(st.lists(st.sampled_from(list(Operator)), max_size=2))
        if "SEGMENT" not in operator
    ]
    return a_rule(rule_id, *clauses, **draws(serves()))


@st.composite
def flags(draws: st.DrawFn, key: str = "f") -> dict[str, Any]:
    names = st.lists(st.sampled_from(["a", "b"]), max_size=1)
    return a_document(
        key,
        isEnabled=draws(st.booleans()),
        targets=[{"variant": "on", "users": draws(names), "tenants": draws(names)}],
        prerequisites=[{"flag": "base", "variants": ["on"]}] if draws(st.booleans()) else [],
        rules=[draws(rules(f"r{place}")) for place in range(draws(st.integers(0, 3)))],
        fallthrough=draws(serves()),
    )


@settings(max_examples=60, deadline=None)
@given(flags(), flags("base"), CONTEXTS)
def test_an_explanation_says_what_the_evaluation_does_and_a_document_keeps_it(
    document: dict[str, Any], base: dict[str, Any], context: dict[str, Any]
) -> None:
    base["prerequisites"] = []
    both = [flag_from(document), flag_from(base)]
    ruleset = compiled(both)
    explained = explain(ruleset, "f", context)
    result, last = explained.result, explained.steps[-1]
    assert result == ruleset.evaluate("f", context)
    assert result == compiled([flag_from(flag_to(flag)) for flag in both]).evaluate("f", context)
    assert last.decides
    stage = {Reason.DISABLED: "enabled", Reason.PREREQUISITE_FAILED: "prerequisite"}.get(result.reason)
    if stage is None:
        stage = "targets" if result.rule.startswith("targets.") else "rule" if result.rule else "fallthrough"
    assert last.stage == stage
    if result.reason is Reason.SPLIT and last.drawn is not None:
        assert last.drawn.position is not None
        assert (last.drawn.position < last.drawn.limit) or result.variant == "off"
    if stage == "rule":
        assert last.name == result.rule
