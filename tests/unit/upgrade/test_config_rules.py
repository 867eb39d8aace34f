"""Placeholders and formats of configuration files (UPG-15)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from enghub.kit.work.errors import WorkFailed
from enghub.upgrade.steps.config_rules import ConfigFile, check, fill


def file(path: str = "a.txt", **rules: object) -> ConfigFile:
    return ConfigFile.model_validate({"path": path, **rules})


def test_placeholders_are_replaced_and_doubled_ones_stay() -> None:
    assert fill(file(), "a=${x} b=$${x} c=$x d=${x.y}", {"x": "1", "x.y": "2"}) == "a=1 b=${x} c=$x d=2"


def test_every_unknown_placeholder_is_named() -> None:
    with pytest.raises(WorkFailed, match="placeholders b, c have no value"):
        fill(file(), "${a} ${b} ${c} ${b}", {"a": ""})


def test_another_opening_leaves_the_files_own_syntax_alone() -> None:
    assert fill(file(opening="@{"), "url=${HOST:local} name=@{name}", {"name": "n"}) == "url=${HOST:local} name=n"
    assert fill(file(opening="{{"), '{"a": "{{name}}"}', {"name": "n"}) == '{"a": "n"}'


@given(
    st.dictionaries(st.from_regex(r"[A-Za-z_][A-Za-z0-9_.-]{0,8}", fullmatch=True), st.text(max_size=20), max_size=5)
)
def test_a_value_is_taken_as_it_is_even_if_it_looks_like_a_placeholder(values: dict[str, str]) -> None:
    template = "|".join(f"${{{name}}}" for name in values)
    assert fill(file(), template, values) == "|".join(values.values())


GOOD = {
    "a.properties": "# comment\nkey=value\nother : 中文\n",
    "a.xml": "<?xml version='1.0'?><!DOCTYPE configuration><configuration a='1'><b/></configuration>",
    "a.json": '{"a": [1, 2]}',
    "a.yaml": "a: 1\nb: [x, y]\n---\nc: 2\n",
    "a.yml": "a: ${later}\n",
    "a.conf": "{ not checked",
}
BAD = {
    "a.properties": ["a=1\na=2", "a=\\u12"],
    "a.xml": [
        "<a>",
        "<a></b>",
        "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
        "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>",
    ],
    "a.json": ["{", '{"a": 1, "a": 2}', "{'a': 1}"],
    "a.yaml": ["a: [1", "a: 1\na: 2", "a: !!python/object:os.system {}"],
}


@pytest.mark.parametrize("path", GOOD)
def test_a_well_formed_file_is_accepted(path: str) -> None:
    check(file(path), GOOD[path])


@pytest.mark.parametrize(("path", "text"), [(path, text) for path, texts in BAD.items() for text in texts])
def test_a_malformed_or_dangerous_file_is_refused_by_its_ending(path: str, text: str) -> None:
    with pytest.raises(WorkFailed, match="would not be well-formed"):
        check(file(path), text)


@pytest.mark.parametrize("path", [".enghub/history/a.xml", ".ENGHUB/a.xml", ".enghub./a.xml"])
def test_a_file_of_this_software_is_no_configuration_of_the_site(path: str) -> None:
    with pytest.raises(ValidationError, match="in a folder of this software"):
        file(path)
