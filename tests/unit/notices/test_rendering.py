"""Templates of notices: bounded, escaped, checked against samples at save (CFG-17)."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enghub.notices.catalogue.model import NoticeType, Texts, notice_type, notice_types
from enghub.notices.languages import Reads
from enghub.notices.templates.errors import TemplateRefused
from enghub.notices.templates.rendering import MAX_OUTPUT, Format, TemplateWrong, render
from enghub.notices.templates.texts import check, rendered

FACTS: dict[str, Any] = {
    "name": "EU",
    "items": ["a", "b"],
    "nested": {"deep": 1},
    "none": None,
    "many": list(range(900)),
}


def line_of(source: str, facts: dict[str, Any] = FACTS) -> int:
    with pytest.raises(TemplateWrong) as wrong:
        render(source, facts, Format.TEXT)
    return wrong.value.line


def test_facts_are_named_tested_looped_over_and_formatted() -> None:
    source = "{% if name == 'EU' %}\n{{ name|lower }}\n{% endif %}\n"
    source += "{% for i in items %}\n{{ loop.index }}{{ i }}\n{% endfor %}"
    assert render(source, FACTS, Format.TEXT) == "eu\n1a\n2b"
    assert render("{{ nested.deep }} {{ none|default('-') }} {{ items|join('+') }}", FACTS, Format.TEXT) == "1 - a+b"


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("ok\n{{ nmae }}", 2),
        ("ok\n\n{{ nested.wrong }}", 3),
        ("{% if name %}\nx\n{% for %}", 3),
        ("{{ name", 1),
        ("\n{{ name|nofilter }}", 2),
        ("{{ none.deep }}", 1),
        ("\n\n{% for x in name %}{% endfor %}", 3),
    ],
)
def test_a_mistake_is_told_with_its_line(source: str, line: int) -> None:
    assert line_of(source) == line


@pytest.mark.parametrize(
    "source",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ name.upper() }}",
        "{{ 'x' * 1000000000 }}",
        "{{ 2 ** 99999999 }}",
        "{{ name ~ name }}",
        "{{ 'a' + 'b' }}",
        "{% set a = 1 %}",
        "{% macro m() %}{% endmacro %}",
        "{% include 'x' %}",
        "{% import 'x' as x %}",
        "{% extends 'x' %}",
        "{{ range(10) }}",
        "{{ self }}",
        "{% for a in items recursive %}{% endfor %}",
        "{{ [1] }}",
        "{{ {1: 2} }}",
        "{{ name|center(999999999) }}",
        "{{ name|format }}",
        "{{ name|attr('x') }}",
        "{% filter upper %}{% endfilter %}",
        "{% block a %}{% endblock %}",
        "{% for a in items %}{% for b in items %}{% for c in items %}{% endfor %}{% endfor %}{% endfor %}",
        "{% for a in many %}{% for b in many %}{% endfor %}{% endfor %}",
        "{{ config }}",
        "{{ cycler }}",
        "x" * 20_001,
        "{% for a in many %}" + "y" * 200 + "{% endfor %}",
        "{{ 1 / 0 }}",
        "{{ name|round }}",
    ],
)
def test_what_could_reach_out_or_grow_is_refused(source: str) -> None:
    assert line_of(source) >= 1


@given(st.text(alphabet="{}%|abin() .'\n", max_size=60))
def test_any_text_renders_bounded_or_is_told_to_be_wrong(source: str) -> None:
    with suppress(TemplateWrong):
        assert len(render(source, {"a": "x", "b": ["y"]}, Format.TEXT)) <= MAX_OUTPUT


@pytest.mark.parametrize(
    ("form", "written"),
    [
        (Format.TEXT, "<a>&*_[x](y)<@all>"),
        (Format.HTML, "&lt;a&gt;&amp;*_[x](y)&lt;@all&gt;"),
        (Format.WECOM, r"&lt;a\>&amp;\*\_\[x\]\(y\)&lt;@all\>"),
        (Format.DINGTALK, r"&lt;a\>&amp;\*\_\[x\]\(y\)&lt;@all\>"),
    ],
)
def test_facts_are_escaped_for_where_they_are_read_and_the_authors_text_is_not(form: Format, written: str) -> None:
    assert render("*{{ x }}*", {"x": "<a>&*_[x](y)<@all>"}, form) == f"*{written}*"


def test_control_characters_of_facts_go_nowhere() -> None:
    assert render("{{ x }}", {"x": "a\r\nBcc: y\x00\x1b[31m\u202e"}, Format.TEXT) == "a\nBcc: y[31m"


# --- built-in texts --------------------------------------------------------------------------------------------------

TYPES = list(notice_types().values())


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.name)
def test_every_built_in_text_is_in_both_languages_and_renders_with_its_samples(kind: NoticeType) -> None:
    check(kind, kind.texts)
    for part in (kind.texts.subject, kind.texts.body, kind.title):
        assert {"en", "zh"} <= set(part)
    for fact in kind.facts:
        assert fact.zh
        assert fact.en
    assert {fact.name for fact in kind.facts} == set(kind.sample), "the sample holds every fact"


def test_who_may_read_either_language_reads_both_in_one_text() -> None:
    kind = notice_type("upgrade.failed")
    found = rendered(kind.texts, kind.sample, Reads.BOTH)
    assert found.subject == "[EngHub] EU (prod): 2.16.4 → 2.16.5 failed / 升级失败"
    assert found.body.splitlines() == [
        "Upgrade: EU (prod): 2.16.4 → 2.16.5: failed",
        "Execution: 01JCX0",
        "Steps: 2 / 5",
        "Step: 2.16.5/main",
        "Note: 3 files could not be removed",
        "Error: disk full",
        "Next: enghub upgrade resume 01JCX0 --follow",
        "Report: https://hub.example.com/report",
        "",
        "升级: EU (prod): 2.16.4 → 2.16.5: 升级失败",
        "执行编号: 01JCX0",
        "步骤: 2 / 5",
        "当前步骤: 2.16.5/main",
        "说明: 3 个文件无法删除",
        "错误: disk full",
        "下一步: enghub upgrade resume 01JCX0 --follow",
        "报告: https://hub.example.com/report",
    ]
    assert rendered(kind.texts, kind.sample, Reads.ZH).subject == "[EngHub] EU (prod): 2.16.4 → 2.16.5 升级失败"


def test_a_subject_is_one_line_of_at_most_200_characters() -> None:
    kind = notice_type("upgrade.failed")
    found = rendered(kind.texts, {**kind.sample, "title": "x\r\nBcc: everybody@example.com " * 50}, Reads.EN)
    assert len(found.subject) == 200
    assert found.subject.isprintable()


def test_a_type_that_nobody_listed_is_told_with_all_its_facts() -> None:
    kind = notice_type("mes.order_stuck")
    facts = {
        "notice_type": kind.name,
        "about": "WO-1",
        "severity": "CRITICAL",
        "lines": [{"name": "hours", "value": 25}],
    }
    assert "hours: 25" in rendered(kind.texts, facts, Reads.EN).body


# --- at save ---------------------------------------------------------------------------------------------------------


def texts(**changed: Any) -> Texts:
    given = {"subject": {"en": "S {{ title }}", "zh": "标题"}, "body": {"en": "B", "zh": "正文"}}
    return Texts(**{**given, **changed})


@pytest.mark.parametrize(
    ("changed", "place", "line", "said"),
    [
        ({"body": {"en": "a\n{{ titel }}", "zh": "x"}}, "body.en", 2, "'titel' is undefined"),
        ({"body": {"en": "a", "zh": "x\n\n{{ title"}}, "body.zh", 3, "not written as a template"),
        ({"subject": {"en": "{{ title|nope }}", "zh": "x"}}, "subject.en", 1, "no filter nope"),
        ({"subject": {"en": " ", "zh": "x"}}, "subject.en", 1, "empty"),
        ({"html": {"en": "<b>{{ x.y }}</b>", "zh": ""}}, "html.en", 1, "undefined"),
        ({"body": {"en": "{{ note.en }}", "zh": "x"}}, "body.en", 1, "None"),
    ],
)
def test_a_wrong_template_is_refused_with_place_and_reason(
    changed: dict[str, Any], place: str, line: int, said: str
) -> None:
    with pytest.raises(TemplateRefused) as refused:
        check(notice_type("upgrade.failed"), texts(**changed))
    found = refused.value
    assert (found.details["field"], found.details["line"]) == (place, line)
    assert said in found.details["problem"].en
    assert f"{place} 第 {line} 行" in found.message("zh")


def test_an_optional_fact_must_be_asked_for_before_its_parts() -> None:
    """`note` is not always there: the sample without optional facts finds a template that forgets it."""
    check(notice_type("upgrade.failed"), texts(body={"en": "{% if note %}{{ note.en }}{% endif %}", "zh": "x"}))
