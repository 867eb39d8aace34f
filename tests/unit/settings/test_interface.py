"""Values of the interface as CSS: remade, so that nothing can be injected (CFG-16)."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enghub.core.wire import Unfit
from enghub.settings.interface import css, model

SAFE = re.compile(r'(#[0-9a-f]{3,8}|[0-9]+(\.[0-9]+)?px|[a-z][a-z0-9-]*|("[\w -]+"|[a-z-]+)(, ("[\w -]+"|[a-z-]+))*)')
"""All that may stand behind a property's colon; a grammar of its own, beside the code's."""
HOSTILE = (
    "red;} body{display:none",
    "#fff;--x:url(//evil.example)",
    "#12345",
    "#1234567",
    "#12345g",
    "#fff\n",
    "url(javascript:alert(1))",
    "expression(alert(1))",
    "var(--x)",
    "\\23 fff",
    "/**/red",
    "</style><script>",
    '"a";}',
    "'a\\'",
    '"a\nb"',
    "@import 'x'",
    "250px;x:y",
    "1e3",
    "-1",
    "99999",
    "٣",
    "a,,b",
    ",",
    "",
    " ",
    "a" * 200,
    ",".join("abcdefghijkl"),
)


KINDS = {"colour": css.colour, "pixels": css.pixels, "fonts": css.fonts, "word": css.word}


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_values_are_refused_in_words(kind: str, text: str) -> None:
    if kind == "fonts" and re.fullmatch(r"[\w ]+", text) and text.strip() and len(text) < 60:
        assert css.fonts(text) == f'"{text}"'
        return
    with pytest.raises(Unfit) as caught:
        KINDS[kind](text)
    assert caught.value.said.render("zh")


@given(st.sampled_from(sorted(css.PROPERTIES)), st.text(max_size=40) | st.sampled_from(HOSTILE))
def test_whatever_gets_through_is_one_declaration(config_key: str, text: str) -> None:
    if css.problem_of(config_key, text) is not None:
        return
    lines = css.sheet({config_key: text}).split("\n")
    assert (lines[0], lines[3:]) == (":root {", ["}", ""])
    assert re.fullmatch(r"  color-scheme: (light|dark|light dark);", lines[1])
    name, _, said = lines[2].partition(": ")
    assert re.fullmatch(r"  --[a-z-]+", name)
    assert said.endswith(";")
    assert SAFE.fullmatch(said[:-1]), said


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("Arial", '"Arial"'),
        ("\"Noto Sans SC\" , 'Segoe UI',sans-serif", '"Noto Sans SC", "Segoe UI", sans-serif'),
        ("微软雅黑, serif", '"微软雅黑", serif'),
        ('"serif"', '"serif"'),
    ],
)
def test_font_families_are_written_anew(text: str, made: str) -> None:
    assert css.fonts(text) == made


@pytest.mark.parametrize(("text", "made"), [("250", "250px"), ("64.50", "64.5px"), ("0", "0px"), ("10000", "10000px")])
def test_lengths_are_pixels(text: str, made: str) -> None:
    assert css.pixels(text) == made


def test_a_property_is_named_after_its_item() -> None:
    assert css.property_of("theme.primaryColor") == "--theme-primary-color"
    assert len({css.property_of(key) for key in css.PROPERTIES}) == len(css.PROPERTIES)


def test_what_nobody_has_set_is_the_built_in_template() -> None:
    found = model.of({}, {}, "")
    assert set(css.PROPERTIES) < set(model.items())
    assert set(found.sources.values()) == {model.PLATFORM}
    assert not found.problems
    assert "  --theme-primary-color: #1890ff;" in found.sheet
    assert found.value("languages.available") == ["zh", "en"]
