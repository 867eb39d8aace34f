"""Values of the interface as CSS custom properties (CFG-16): remade from what was read, never copied. Pure.

A value is read by a closed grammar of its kind, and written anew from what was understood. Nothing of a text but
letters, digits and a few signs gets through, so no value can end a declaration, open a rule, name an address or a
function, or begin an escape, wherever it came from (decision 0146).
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation

from enghub.core.i18n import Filled, Text
from enghub.core.wire import Unfit

NO_COLOUR = Text("write a colour as #rrggbb", "请按 #rrggbb 填写颜色")
NO_LENGTH = Text("write pixels from 0 to {most}", "请填写 0 到 {most} 的像素值")
NO_FONTS = Text(
    "write at most {most} font families by commas, each of letters, digits, spaces and dashes",
    "请以逗号分隔填写最多 {most} 个字体名称，仅限文字、数字、空格与短横线",
)
NO_WORD = Text("write one word of small letters and dashes", "请填写由小写字母和短横线组成的单词")
MOST_PIXELS = 10_000
MOST_FONTS = 10
GENERIC = frozenset({"serif", "sans-serif", "monospace", "cursive", "fantasy", "system-ui", "math", "emoji"})
_COLOUR = re.compile(r"#(?:[0-9A-Fa-f]{3,4}|[0-9A-Fa-f]{6}|[0-9A-Fa-f]{8})")
_PIXELS = re.compile(r"[0-9]{1,5}(\.[0-9]{1,4})?")
_FAMILY = re.compile(r"\w[\w -]{0,59}")
_WORD = re.compile(r"[a-z][a-z0-9-]{0,39}")


def colour(text: str) -> str:
    """Return a colour.

    Raises:
        Unfit
    """
    if not _COLOUR.fullmatch(text):
        raise Unfit(NO_COLOUR)
    return text.lower()


def pixels(text: str) -> str:
    """Return a length in pixels.

    Raises:
        Unfit
    """
    try:
        amount = Decimal(text) if _PIXELS.fullmatch(text) else Decimal(-1)
    except InvalidOperation:
        amount = Decimal(-1)
    if not 0 <= amount <= MOST_PIXELS:
        raise Unfit(NO_LENGTH, most=MOST_PIXELS)
    return f"{amount.normalize():f}px"


def fonts(text: str) -> str:
    """Return a list of font families; those that are not generic are quoted.

    Raises:
        Unfit
    """
    pieces = [piece.strip() for piece in text.split(",", MOST_FONTS)]
    names = [piece[1:-1] if piece[:1] in {'"', "'"} and piece[-1:] == piece[:1] else piece for piece in pieces]
    if len(names) > MOST_FONTS or not all(map(_FAMILY.fullmatch, names)):
        raise Unfit(NO_FONTS, most=MOST_FONTS)
    both = zip(pieces, names, strict=True)
    return ", ".join(name if piece == name and name in GENERIC else f'"{name}"' for piece, name in both)


def word(text: str) -> str:
    """Return a word.

    Raises:
        Unfit
    """
    if not _WORD.fullmatch(text):
        raise Unfit(NO_WORD)
    return text


PROPERTIES: Mapping[str, Callable[[str], str]] = {
    "theme.primaryColor": colour,
    "theme.secondaryColor": colour,
    "theme.backgroundColor": colour,
    "theme.textColor": colour,
    "theme.fontFamily": fonts,
    "theme.fontSize": pixels,
    "theme.borderRadius": pixels,
    "theme.mode": word,
    "layout.sidebarWidth": pixels,
    "layout.headerHeight": pixels,
    "layout.density": word,
    "layout.sidebarPosition": word,
}
"""The items that are custom properties, each with the grammar of its kind."""
SCHEMES = {"light": "light", "dark": "dark", "auto": "light dark"}


def property_of(config_key: str) -> str:
    """Return the custom property of an item: ``--theme-primary-color``."""
    return "--" + re.sub(r"[A-Z]", lambda match: f"-{match[0].lower()}", config_key.replace(".", "-"))


def problem_of(config_key: str, text: str) -> Text | Filled | None:
    """Return what is wrong with a value as a property; None where nothing is, or where it is none."""
    reader = PROPERTIES.get(config_key)
    try:
        if reader is not None:
            reader(text)
    except Unfit as error:
        return error.said
    return None


def sheet(values: Mapping[str, str]) -> str:
    """Return the style sheet of values that all can be read.

    Raises:
        Unfit: one cannot.
    """
    lines = [f"  {property_of(key)}: {PROPERTIES[key](text)};" for key, text in values.items() if key in PROPERTIES]
    scheme = SCHEMES.get(values.get("theme.mode", ""), "light")
    return "\n".join([":root {", f"  color-scheme: {scheme};", *lines, "}", ""])
