"""Records of a file one by one, with the line each begins on, in memory for one record however large the file (PLM-21).

Values stay as they are written. A record that cannot be read, or holds what a spreadsheet would execute, is told alone,
by line and column; a file that cannot be read at all is refused, before anything of it has landed.
"""

import codecs
import csv
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from enghub.plm.connections.rules import FileEncoding
from enghub.plm.exchange import texts
from enghub.plm.exchange.excel_reading import excel_entries
from enghub.plm.exchange.model import Entry, FileKind, FileRefused
from enghub.plm.exchange.xml_reading import xml_entries
from enghub.plm.products.reading import BOM_LINES

PART = 65_536
MOST_CHARACTERS = 65_536
"""Of one record."""
MOST_RECORDS = 500_000
NEEDED = ("objectId", "productCode", "productVersion", "updatedAt")
_FORMULA = re.compile(r"\s*([=@]|[+-]\s*([A-Za-z@(]|[0-9.]+\s*[-+*/^]).*[(|!])|[\t\r]", re.DOTALL)
"""What a spreadsheet takes for a formula; a sign alone is none: ``-40 °C``."""
_LISTED = re.compile(r'\s*(\[|\{\s*"(items|products|rows)"\s*:\s*\[)')
_BLANK = re.compile(r"[\s,]*")
_LINE_BLANK = re.compile(r"\s*")


class Bytes(Protocol):
    """What is read of a file."""

    def read(self, size: int, /) -> bytes:
        """Return at most ``size`` bytes, none at the end."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What is declared of a file: its encoding, the columns of a header, where an XML file's records are."""

    encoding: FileEncoding
    needed: tuple[str, ...] = NEEDED
    records: str = ""


def entries(file: Bytes, kind: FileKind, shape: Shape) -> Iterator[Entry]:
    """Yield the records of a file in order.

    Raises:
        FileRefused: it cannot be read.
    """
    for number, entry in enumerate(_found(file, kind, shape), start=1):
        if number > MOST_RECORDS:
            raise FileRefused(texts.TOO_MANY.filled(most=MOST_RECORDS), entry.place)
        yield _checked(entry)


def json_records(text: str) -> Iterator[Entry]:
    """Yield the records of a text of JSON: one, several, or a list; raises as ``entries``."""
    return map(_checked, _json_entries(iter([text])))


def _found(file: Bytes, kind: FileKind, shape: Shape) -> Iterator[Entry]:
    match kind:
        case FileKind.EXCEL:
            return excel_entries(file)
        case FileKind.CSV:
            return _csv_entries(_decoded(file, shape.encoding), shape.needed)
        case FileKind.XML:
            return xml_entries(_decoded(file, shape.encoding), shape.records)
        case FileKind.JSON:
            return _json_entries(_decoded(file, shape.encoding))


def _checked(entry: Entry) -> Entry:
    for name, value in entry.record.items():
        if entry.problem is None and isinstance(value, str) and _FORMULA.match(value):
            return Entry(entry.place, entry.record, ("FORMULA", name, value[:100]))
    return entry


def _decoded(file: Bytes, encoding: FileEncoding) -> Iterator[str]:
    """Yield a file's text by its declared encoding, strictly."""
    head = file.read(PART)
    if encoding is FileEncoding.UTF_16 and not head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise FileRefused(texts.NO_MARK)
    decoder, done = codecs.getincrementaldecoder(encoding.codec)("strict"), 0
    part = head
    while True:
        waiting = len(decoder.getstate()[0])
        try:
            text = decoder.decode(part, final=not part)
        except UnicodeDecodeError as error:
            at = done - waiting + error.start + 1
            raise FileRefused(texts.ENCODING.filled(encoding=encoding.value, at=at)) from error
        if text:
            yield text
        if not part:
            return
        done += len(part)
        part = file.read(PART)


def _lines(parts: Iterator[str]) -> Iterator[str]:
    """Yield lines with their ends; one without an end is cut where a record would be too long anyway."""
    rest = ""
    for part in parts:
        *whole, rest = (rest + part).split("\n")
        yield from (f"{line}\n" for line in whole)
        while len(rest) > 2 * MOST_CHARACTERS:
            yield rest[: 2 * MOST_CHARACTERS]
            rest = rest[2 * MOST_CHARACTERS :]
    if rest:
        yield rest


def _csv_entries(parts: Iterator[str], needed: Sequence[str]) -> Iterator[Entry]:
    lines = _lines(parts)
    head = next(lines, "")
    separator = max(",;\t", key=head.count)
    csv.field_size_limit(MOST_CHARACTERS)
    header = [name.strip() for name in next(csv.reader([head], delimiter=separator), [])]
    _check_header(header, needed)
    rows = csv.reader(lines, delimiter=separator, strict=True)
    while True:
        first = rows.line_num + 2
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            last = rows.line_num + 1
            place = f"line {first}" if last <= first else f"lines {first} to {last}"
            yield Entry(place, {}, ("UNREADABLE", "", str(error)[:100]))
            continue
        if any(row):
            yield _row(header, row, f"line {first}")


def _check_header(header: list[str], needed: Sequence[str]) -> None:
    if not any(header):
        raise FileRefused(texts.NO_HEADER, "line 1")
    for name in header:
        if header.count(name) > 1:
            raise FileRefused(texts.TWICE.filled(name=name), "line 1")
    for name in needed:
        if name not in header:
            raise FileRefused(texts.NO_COLUMN.filled(name=name, found=", ".join(header)[:300]), "line 1")


def _row(header: list[str], row: list[str], place: str) -> Entry:
    record = {name: value or None for name, value in zip(header, row, strict=False)}
    if len(row) != len(header):
        return Entry(place, record, ("CELLS", "", f"{len(row)} / {len(header)}"))
    if sum(map(len, row)) > MOST_CHARACTERS:
        return Entry(place, {"objectId": record.get("objectId")}, ("TOO_LONG", "", str(MOST_CHARACTERS)))
    return Entry(place, record)


class _Number:
    """A number of JSON as it was written: no text, whatever a field wants."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        return self.text


class _Constant(_Number):
    """NaN or Infinity, which are no JSON."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        found[""] = next(name for name in names if names.count(name) > 1)
    return found


_DECODER = json.JSONDecoder(
    parse_float=_Number, parse_int=_Number, parse_constant=_Constant, object_pairs_hook=_once, strict=True
)


def _json_entries(parts: Iterator[str]) -> Iterator[Entry]:
    """Yield the objects of a list, or of a file that holds one on each line."""
    window = _Window(parts)
    window.fill()
    listed = _LISTED.match(window.text)
    blank = _BLANK if listed else _LINE_BLANK
    window.move(listed.end() if listed else 0)
    while True:
        window.move(_match_end(blank, window.text))
        window.fill()
        if listed and window.text[:1] == "]":
            return
        if not window.text:
            if listed:
                raise FileRefused(texts.OPEN_LIST, f"line {window.line}")
            return
        place = f"line {window.line}"
        try:
            found, end = _DECODER.raw_decode(window.text)
        except (json.JSONDecodeError, RecursionError) as error:
            if listed or isinstance(error, RecursionError):
                raise _broken(window, error) from error
            end = window.text.find("\n") + 1 or len(window.text)
            yield Entry(place, {}, ("UNREADABLE", "", str(error)[:100]))
        else:
            yield _object(found, end, place)
        window.move(end)


def _match_end(pattern: re.Pattern[str], text: str) -> int:
    found = pattern.match(text)
    return found.end() if found else 0


def _broken(window: "_Window", error: Exception) -> FileRefused:
    if not isinstance(error, json.JSONDecodeError):
        return FileRefused(texts.TOO_DEEP, f"line {window.line}")
    is_cut = error.pos >= MOST_CHARACTERS or error.msg.startswith("Unterminated string")
    if is_cut and len(window.text) > MOST_CHARACTERS:
        return FileRefused(texts.TOO_LONG.filled(most=MOST_CHARACTERS), f"line {window.line}")
    column = error.colno if error.lineno > 1 else window.column + error.colno - 1
    return FileRefused(texts.NOT_READ.filled(why=error.msg), f"line {window.line + error.lineno - 1}, column {column}")


def _object(found: Any, length: int, place: str) -> Entry:
    if not isinstance(found, dict):
        return Entry(place, {}, ("UNREADABLE", "", str(found)[:100]))
    if length > MOST_CHARACTERS:
        return Entry(place, {"objectId": found.get("objectId")}, ("TOO_LONG", "", str(MOST_CHARACTERS)))
    twice = found.pop("", None)
    record = {name: str(value) if isinstance(value, _Number) else value for name, value in found.items()}
    if isinstance(twice, str):
        return Entry(place, record, ("TWICE", twice, ""))
    for name, value in found.items():
        if not (value is None or isinstance(value, str) or (name == BOM_LINES and _are_lines(value))):
            return Entry(
                place,
                record,
                (
                    "NOT_TEXT",
                    name,
                    (str(value) if isinstance(value, _Number) else json.dumps(value, default=str))[:100],
                ),
            )
    return Entry(place, record)


def _are_lines(value: Any) -> bool:
    """Tell whether a member holds lines of a BOM: objects of texts."""
    return isinstance(value, list) and all(
        isinstance(one, dict) and all(text is None or isinstance(text, str) for text in one.values()) for one in value
    )


class _Window:
    """The text ahead: always more than one record may have, while there is more."""

    def __init__(self, parts: Iterator[str]) -> None:
        self._parts = parts
        self.text, self.line, self.column = "", 1, 1

    def fill(self) -> None:
        """Read on."""
        while len(self.text) <= MOST_CHARACTERS and (part := next(self._parts, "")):
            self.text += part

    def move(self, length: int) -> None:
        """Leave so many characters behind."""
        gone = self.text[:length]
        self.line += gone.count("\n")
        self.column = len(gone) - gone.rfind("\n") if "\n" in gone else self.column + length
        self.text = self.text[length:]
