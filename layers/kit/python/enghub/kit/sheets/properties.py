"""Java properties exactly as ``java.util.Properties`` reads and writes them (JDK API documentation, ``load``). Pure.

A key repeated in one file is refused with both lines, where Java would keep the last.
"""

import re
from collections.abc import Iterable, Iterator

from enghub.kit.sheets import texts
from enghub.kit.sheets.model import SheetRefused

_BLANK = " \t\f"
_ESCAPES = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}
_UNICODE = re.compile(r"[0-9A-Fa-f]{4}")


def parse(text: str) -> list[tuple[str, str, int]]:
    """Return keys and values with the number of the line where each begins.

    Raises:
        SheetRefused: an escape is malformed, or a key is repeated.
    """
    found: dict[str, tuple[str, str, int]] = {}
    for number, line in _logical_lines(text):
        key, value = _split(line)
        name, meant = _unescaped(key, number), _unescaped(value, number)
        if name in found:
            raise SheetRefused(texts.REPEATED.filled(key=name, first=found[name][2], second=number), f"line {number}")
        found[name] = (name, meant, number)
    return list(found.values())


def write(pairs: Iterable[tuple[str, str]]) -> str:
    """Return a file that reads back as exactly these."""
    return "".join(f"{_escaped(key, key=True)}={_escaped(value, key=False)}\n" for key, value in pairs)


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    carried, begun = "", 0
    for number, natural in enumerate(re.split(r"\r\n|\r|\n", text), start=1):
        line = natural.lstrip(_BLANK)
        if not begun and (not line or line[0] in "#!"):
            continue
        begun = begun or number
        if (len(line) - len(line.rstrip("\\"))) % 2:
            carried += line[:-1]
            continue
        yield begun, carried + line
        carried, begun = "", 0
    if begun and carried:
        yield begun, carried


def _split(line: str) -> tuple[str, str]:
    place = 0
    while place < len(line) and line[place] not in "=:" + _BLANK:
        place += 2 if line[place] == "\\" else 1
    key, rest = line[:place], line[place:].lstrip(_BLANK)
    if rest[:1] in {"=", ":"}:
        rest = rest[1:].lstrip(_BLANK)
    return key, rest


def _unescaped(text: str, number: int) -> str:
    made, place = [], 0
    while place < len(text):
        if text[place] != "\\":
            made.append(text[place])
            place += 1
        elif text[place + 1 : place + 2] == "u":
            digits = text[place + 2 : place + 6]
            if not _UNICODE.fullmatch(digits):
                raise SheetRefused(texts.BAD_ESCAPE, f"line {number}")
            made.append(chr(int(digits, 16)))
            place += 6
        else:
            escaped = text[place + 1 : place + 2]
            made.append(_ESCAPES.get(escaped, escaped))
            place += 2
    return "".join(made).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _escaped(text: str, *, key: bool) -> str:
    made = []
    for place, character in enumerate(text):
        if character == "\\" or (character in "=:#!" and (key or place == 0)):
            made.append(f"\\{character}")
        elif character == " " and (key or place == 0):
            made.append("\\ ")
        elif character in "\t\n\r\f":
            made.append({"\t": "\\t", "\n": "\\n", "\r": "\\r", "\f": "\\f"}[character])
        else:
            made.append(character)
    return "".join(made)
