"""Types, validation rules and references of configuration items (CFG-02, CFG-26)."""

import re
import socket
from contextlib import suppress
from decimal import Decimal
from time import process_time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enghub.core.errors import Invalid
from enghub.core.strictjson import write_json
from enghub.settings.configs.errors import (
    ConfigKeyMalformed,
    ConfigRuleUnsatisfied,
    ConfigValueMalformed,
    ReferenceRefused,
    ValidationRuleMalformed,
)
from enghub.settings.configs.model import ConfigType, check_key
from enghub.settings.configs.references import keys_in
from enghub.settings.configs.rules import check_rule, satisfy
from enghub.settings.configs.values import parse


def satisfied(rule: Any, value: str, config_type: ConfigType = ConfigType.STRING) -> bool:
    check_rule(rule, config_type)
    try:
        satisfy(rule, value, parse(value, config_type))
    except ConfigRuleUnsatisfied:
        return False
    return True


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**20), max_value=10**20))
def test_a_number_reads_exactly(number: Decimal) -> None:
    assert parse(format(number, "f"), ConfigType.NUMBER) == number


@pytest.mark.parametrize(
    "text", ["", " 1", "1 ", "01", "+1", ".5", "1.", "1e", "0x1", "1_000", "١", "Infinity", "1e9999"]
)
def test_what_json_would_not_read_as_a_number_is_refused(text: str) -> None:
    with pytest.raises(ConfigValueMalformed) as refused:
        parse(text, ConfigType.NUMBER)
    assert refused.value.details["expected_type"] == "NUMBER"
    assert refused.value.details["actual_value"] == text


@given(st.text(), st.sampled_from(ConfigType))
def test_any_text_is_read_or_refused_by_name(text: str, config_type: ConfigType) -> None:
    with suppress(ConfigValueMalformed):
        parse(text, config_type)


@pytest.mark.parametrize(
    ("value", "config_type", "rule", "chinese"),
    [
        ("yes", ConfigType.BOOLEAN, None, "请填写 true 或 false"),
        ("1e5000", ConfigType.JSON, None, "数字超过 1000 位或指数超出 ±1000"),
        ("a=1\na=2", ConfigType.STRING, {"type": "properties"}, "a 重复出现于第 1 行和第 2 行"),
        ("三个字", ConfigType.STRING, {"type": "length", "max": 2}, "最多 2 个字符"),
        ("3", ConfigType.NUMBER, {"type": "range", "max": 2}, "最大为 2"),
        ("3", ConfigType.NUMBER, {"type": "length", "max": 2}, "length 规则不适用于类型 NUMBER"),
        ("3", ConfigType.NUMBER, {"type": "range", "max": 1, "min": 2}, "min 大于 max"),
    ],
)
def test_a_refusal_is_one_sentence_in_the_readers_language(
    value: str, config_type: ConfigType, rule: Any, chinese: str
) -> None:
    def accept() -> None:
        parsed = parse(value, config_type)
        check_rule(rule, config_type)
        satisfy(rule, value, parsed)

    with pytest.raises(Invalid) as refused:
        accept()
    assert refused.value.message("zh").endswith(f"：{chinese}")
    assert not re.search("[\u4e00-\u9fff]", refused.value.message("en"))


@pytest.mark.parametrize(
    "document",
    [
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        '<!DOCTYPE a SYSTEM "http://127.0.0.1/a.dtd"><a/>',
        "<!DOCTYPE a><a/>",
        "<a>&undefined;</a>",
        "<a" * 5_000,
        "",
    ],
)
def test_dangerous_or_broken_xml_is_refused(document: str) -> None:
    with pytest.raises(ConfigValueMalformed):
        parse(document, ConfigType.XML)


@pytest.mark.parametrize("document", ["[" * 10_000, "{", "NaN", '{"a":1,"a":1}', "1 2", "'a'"])
def test_dangerous_or_broken_json_is_refused(document: str) -> None:
    with pytest.raises(ConfigValueMalformed):
        parse(document, ConfigType.JSON)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("# comment\n! too\n\nhost=plm\nport : 80\nlong = one,\\\n   two\nempty\n", ["host", "port", "long", "empty"]),
        (r"path\ key=C:\\temp", ["path key"]),
        (r"a\=b = c = d", ["a=b"]),
        (r"\u73ed\u6b21=1", ["班次"]),
        ("k!v#x", ["k!v#x"]),
        ("a=1\\", ["a"]),
    ],
)
def test_a_rule_for_properties_reads_them_as_java_does(text: str, names: list[str]) -> None:
    """SF13, in the item's own check."""
    assert satisfied({"type": "properties", "required": names}, text)
    assert not satisfied({"type": "properties", "required": [*names, "b"]}, text)


@pytest.mark.parametrize(
    ("text", "said"),
    [("=value", "line 1"), ("a=1\nb=2\n\\u0061=2", "lines 1 and 3"), ("a=\\u12", "")],
)
def test_broken_properties_are_refused(text: str, said: str) -> None:
    with pytest.raises(ConfigRuleUnsatisfied) as refused:
        satisfy({"type": "properties"}, text, text)
    assert said in refused.value.message("en")


@pytest.mark.parametrize(
    ("rule", "config_type", "good", "bad"),
    [
        ({"type": "range", "min": 1, "max": 2}, ConfigType.NUMBER, "1", "2.0001"),
        ({"type": "range", "min": Decimal("0.1")}, ConfigType.NUMBER, "0.1", "0.0999999999999999999999999"),
        ({"type": "length", "min": 2, "max": 3}, ConfigType.STRING, "三个字", "一"),
        ({"type": "pattern", "pattern": "^v[0-9]+$"}, ConfigType.STRING, "v12", "v12\n"),
        ({"type": "enum", "values": ["red", "blue"]}, ConfigType.STRING, "red", "Red"),
        ({"type": "schema", "schema": {"required": ["a"]}}, ConfigType.JSON, '{"a":1}', "{}"),
        ({"type": "properties", "required": ["a"]}, ConfigType.STRING, "a=1", "b=1"),
        (
            {"type": "all", "rules": [{"type": "length", "min": 2}, {"type": "pattern", "pattern": "^a"}]},
            ConfigType.STRING,
            "ab",
            "bb",
        ),
    ],
)
def test_a_rule_separates_good_from_bad(rule: Any, config_type: ConfigType, good: str, bad: str) -> None:
    assert satisfied(rule, good, config_type)
    assert not satisfied(rule, bad, config_type)


@pytest.mark.parametrize(
    ("rule", "config_type"),
    [
        ({}, ConfigType.STRING),
        ({"type": "range"}, ConfigType.NUMBER),
        ({"type": "range", "min": "1"}, ConfigType.NUMBER),
        ({"type": "range", "min": True}, ConfigType.NUMBER),
        ({"type": "range", "min": 2, "max": 1}, ConfigType.NUMBER),
        ({"type": "range", "min": 1}, ConfigType.STRING),
        ({"type": "range", "min": 1, "step": 1}, ConfigType.NUMBER),
        ({"type": "length", "min": -1}, ConfigType.STRING),
        ({"type": "pattern", "pattern": "("}, ConfigType.STRING),
        ({"type": "pattern", "pattern": "(a)\\1"}, ConfigType.STRING),
        ({"type": "enum", "values": []}, ConfigType.STRING),
        ({"type": "enum", "values": [1]}, ConfigType.STRING),
        ({"type": "schema", "schema": {"type": "objct"}}, ConfigType.JSON),
        ({"type": "schema", "schema": {"pattern": "(?=a)"}}, ConfigType.JSON),
        ({"type": "schema", "schema": {"$ref": "http://127.0.0.1:9/x"}}, ConfigType.JSON),
        ({"type": "schema", "schema": {"$ref": "file:///etc/passwd"}}, ConfigType.JSON),
        ({"type": "all", "rules": []}, ConfigType.STRING),
        ({"type": "all", "rules": [{"type": "all", "rules": []}]}, ConfigType.STRING),
        ({"type": "all", "rules": ["x"]}, ConfigType.STRING),
        ({"type": "enum", "values": ["x" * 20_000]}, ConfigType.STRING),
        ({"type": ["range"]}, ConfigType.NUMBER),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(rule: Any, config_type: ConfigType) -> None:
    with pytest.raises(ValidationRuleMalformed):
        check_rule(rule, config_type)


def test_a_schema_never_opens_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        rule = {"type": "schema", "schema": {"$ref": f"http://127.0.0.1:{server.getsockname()[1]}/schema"}}
        with pytest.raises(ValidationRuleMalformed):
            check_rule(rule, ConfigType.JSON)
        with pytest.raises(TimeoutError):
            server.accept()


@pytest.mark.parametrize("pattern", ["^(a+)+$", "^(a|a)*$", "^(.*a){12}$"])
def test_a_hostile_pattern_costs_linear_time(pattern: str) -> None:
    started = process_time()
    schema = {"type": "schema", "schema": {"properties": {"a": {"pattern": pattern}}}}
    for _ in range(3):
        satisfied({"type": "pattern", "pattern": pattern}, "a" * 30_000 + "!")
        satisfied(schema, write_json({"a": "a" * 30_000 + "!"}), ConfigType.JSON)
    assert process_time() - started < 2


@given(
    st.dictionaries(
        st.sampled_from(["type", "min", "max", "pattern", "values", "schema", "rules"]),
        st.none()
        | st.booleans()
        | st.integers()
        | st.text()
        | st.lists(st.text())
        | st.sampled_from(["range", "all", "enum"]),
    )
)
def test_any_object_is_a_rule_or_is_refused_by_name(rule: dict[str, Any]) -> None:
    for config_type in ConfigType:
        with suppress(ValidationRuleMalformed):
            check_rule(rule, config_type)


@pytest.mark.parametrize(
    ("value", "keys"),
    [
        ("plain", ()),
        ("https://${plm.host}:${plm.port}/${plm.host}", ("plm.host", "plm.port")),
        ("$${not.one} and ${one}", ("one",)),
        ("${", ()),
    ],
)
def test_references_are_found(value: str, keys: tuple[str, ...]) -> None:
    assert keys_in(value) == keys


@pytest.mark.parametrize("value", ["${}", "${1a}", "${a b}"])
def test_a_reference_to_what_is_no_key_is_refused(value: str) -> None:
    with pytest.raises(ConfigKeyMalformed):
        keys_in(value)


def test_a_value_refers_to_ten_others_at_most() -> None:
    keys_in("".join(f"${{a{n}}}" for n in range(10)))
    with pytest.raises(ReferenceRefused):
        keys_in("".join(f"${{a{n}}}" for n in range(11)))


@given(st.text(max_size=300))
def test_a_key_is_ascii_and_fits_into_a_path(text: str) -> None:
    with suppress(ConfigKeyMalformed):
        check_key(text)
        assert text.isascii()
        assert not set(text) & set("/%?# ")
        assert len(text) <= 255
