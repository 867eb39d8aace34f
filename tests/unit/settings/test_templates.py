"""What a template's schema makes of each key, in both forms (CFG-13)."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enghub.core.errors import EngHubError
from enghub.settings.configs import rules, values
from enghub.settings.configs.model import ConfigType
from enghub.settings.templates.blueprints import MAX_ITEMS, Blueprint, blueprints
from enghub.settings.templates.errors import TemplateRefused
from enghub.settings.templates.model import TemplateVersion, order

DOCUMENTED = {
    "password": {
        "minLength": {"type": "number", "min": 6, "max": 20},
        "special": {"type": "boolean", "required": False},
    },
    "host": {"type": "string", "min": 1, "max": 20, "pattern": "^[a-z]+$"},
}
STANDARD = {
    "type": "object",
    "additionalProperties": False,
    "required": ["host", "password"],
    "properties": {
        "password": {
            "type": "object",
            "properties": {
                "minLength": {"type": "number", "minimum": 6, "maximum": 20},
                "special": {"type": "boolean"},
            },
            "required": ["minLength"],
        },
        "host": {"type": "string", "minLength": 1, "maxLength": 20, "pattern": "^[a-z]+$"},
    },
}


def refused(schema: Any, defaults: Any = None, more: Any = None) -> tuple[str, str]:
    with pytest.raises(TemplateRefused) as caught:
        blueprints(schema, defaults or {}, more or {})
    return caught.value.details["field"], caught.value.message("en")


def test_both_forms_say_the_same() -> None:
    assert blueprints(DOCUMENTED, {}, {}) == blueprints(STANDARD, {}, {})
    assert blueprints(DOCUMENTED, {}, {})["password.special"] == Blueprint(
        "password.special", ConfigType.BOOLEAN, is_required=False
    )


def test_what_a_leaf_says_is_the_rule_of_its_item() -> None:
    schema = {
        "a": {"type": "integer", "minimum": 1, "enum": [1, 2]},
        "b": {"type": "array", "items": {"type": "string"}, "maxItems": 2},
        "c": {"type": "string", "enum": ["x", "y"], "writeOnly": True, "x-overridable": False},
    }
    found = blueprints(schema, {"b": ["p"]}, {"c": {"type": "length", "max": 9}})
    assert found["a"].rule == {
        "type": "all",
        "rules": [
            {"type": "range", "min": 1},
            {"type": "pattern", "pattern": "^-?[0-9]+$"},
            {"type": "enum", "values": ["1", "2"]},
        ],
    }
    assert (found["b"].type, found["b"].default) == (ConfigType.JSON, '["p"]')
    assert found["b"].rule == {"type": "schema", "schema": schema["b"]}
    assert found["c"].rule == {
        "type": "all",
        "rules": [{"type": "enum", "values": ["x", "y"]}, {"type": "length", "max": 9}],
    }
    assert (found["c"].is_encrypted, found["c"].is_overridable) == (True, False)


@pytest.mark.parametrize(
    ("schema", "field", "said"),
    [
        ({}, "templateSchema", "write an object"),
        ({"a": 1}, "templateSchema.a", "write an object"),
        ({"a": {"type": "date"}}, "templateSchema.a", "type is one of"),
        ({"a": {"type": "string", "format": "email"}}, "templateSchema.a", "format"),
        ({"a": {"type": "number", "multipleOf": 2}}, "templateSchema.a", "multipleOf"),
        ({"a": {"type": "number", "min": 9, "max": 1}}, "validationRules.a", "min is above max"),
        ({"a": {"type": "string", "pattern": "(?=x)"}}, "validationRules.a", "regular expression"),
        ({"a": {"type": "array", "items": {"type": "nothing"}}}, "validationRules.a", "schema"),
        ({"a": {"type": "array", "$ref": "https://example.com/x"}}, "validationRules.a", "schema"),
        ({"1a": {"type": "string"}}, "templateSchema.1a", "key"),
        ({"import": {"type": "string"}}, "templateSchema.import", "key"),
        ({"type": "object", "properties": {"a": {"type": "string"}}, "oneOf": []}, "templateSchema", "oneOf"),
        ({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["b"]}, "templateSchema.required", ""),
    ],
)
def test_a_schema_that_no_item_can_hold_is_refused_at_its_place(schema: Any, field: str, said: str) -> None:
    place, message = refused(schema)
    assert place == field
    assert said in message


def test_defaults_and_rules_are_of_items_and_fit_them() -> None:
    leaf = {"a": {"type": "number", "max": 5}}
    assert refused(leaf, {"b": 1})[0] == "defaultValues.b"
    assert refused(leaf, None, {"b": {}})[0] == "validationRules.b"
    assert refused(leaf, {"a": 6})[0] == "templateSchema.a"
    assert refused(leaf, {"a": "six"})[0] == "templateSchema.a"
    assert refused(leaf, None, {"a": {"type": "length", "max": 1}})[0] == "validationRules.a"
    assert refused({f"k{n}": {"type": "boolean"} for n in range(MAX_ITEMS + 1)})[0] == "templateSchema"


def test_versions_are_counted_as_people_count() -> None:
    assert order("1.10.0") > order("1.9.9")


words = st.sampled_from(
    ["type", "min", "max", "properties", "required", "pattern", "enum", "string", "number", "object"]
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-100, 100) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words | st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(max_size=4) | words, json_values, max_size=4))
def test_any_schema_is_read_or_refused_by_name(schema: dict[str, Any]) -> None:
    with suppress(TemplateRefused):
        blueprints(schema, {}, {})


@given(st.integers(-50, 50), st.integers(-50, 50), st.integers(-60, 60))
def test_an_item_takes_exactly_what_its_schema_takes(low: int, high: int, value: int) -> None:
    low, high = min(low, high), max(low, high)
    one = blueprints({"a": {"type": "integer", "minimum": low, "maximum": high}}, {}, {})["a"]

    def fits() -> bool:
        try:
            rules.satisfy(one.rule, str(value), values.parse(str(value), one.type))
        except EngHubError:
            return False
        return True

    assert fits() is (low <= value <= high)


def test_a_version_reads_its_own_text() -> None:
    one = TemplateVersion("acme", "line", "1.0.0", "Line", "", '{"a": {"type": "number", "max": 1E2}}', '{"a": 1E1}')
    assert one.items["a"].default == "1E+1"
    assert values.parse("1E+1", ConfigType.NUMBER) == 10
