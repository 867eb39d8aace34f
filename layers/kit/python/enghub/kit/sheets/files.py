"""One way to read a file of rows, whatever its format, and one to write it so that reading it gives the same."""

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence

from enghub.kit.sheets import properties, texts
from enghub.kit.sheets.decoding import decoded
from enghub.kit.sheets.excel import read_excel, write_excel
from enghub.kit.sheets.model import SUFFIXES, Cell, Format, Limits, Row, SheetRefused, Table, bounded
from enghub.kit.sheets.objects import read_json, read_xml, read_yaml

NULL = "\\N"
"""How CSV writes null, which an empty cell is not."""


def format_of(file_name: str) -> Format:
    """Return the format that a file's name tells.

    Raises:
        SheetRefused: it tells none of ours.
    """
    found = SUFFIXES.get(file_name.rsplit(".", 1)[-1].lower())
    if found is None:
        raise SheetRefused(texts.UNKNOWN_FORMAT.filled(formats=", ".join(SUFFIXES)))
    return found


def read(data: bytes, kind: Format, names: tuple[str, str], limits: Limits = Limits()) -> Table:  # noqa: B008 - frozen
    """Return the rows of a file; ``names`` are the columns where a file has keys and values alone.

    Raises:
        SheetRefused: it cannot be read, or is larger than ``limits``.
    """
    if len(data) > limits.file_bytes:
        raise SheetRefused(texts.TOO_LARGE.filled(most=limits.file_bytes))
    return bounded(_READERS[kind](data, limits, names), limits)


def _read_csv(data: bytes, limits: Limits, _: tuple[str, str]) -> Table:
    text = decoded(data)
    head = text.split("\n", 1)[0]
    separator = max(",;\t", key=head.count)
    csv.field_size_limit(limits.cell_characters + 1)
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except csv.Error as error:
        raise SheetRefused(texts.NOT_READ.filled(why=str(error)[:200])) from error
    header = [name.strip() for name in lines[0]] if lines else []
    if not any(header):
        raise SheetRefused(texts.NO_HEADER)
    for name in header:
        if header.count(name) > 1:
            raise SheetRefused(texts.TWICE.filled(name=name))
    return Table(tuple(_csv_row(header, n, line) for n, line in enumerate(lines[1:], start=2) if any(line)))


def _csv_row(header: Sequence[str], number: int, line: Sequence[str]) -> Row:
    places = [f"{_letters(place)}{number}" for place in range(len(line))]
    cells = {
        name: Cell(None if text == NULL else text, place)
        for name, text, place in zip(header, line, places, strict=False)
    }
    if len(line) > len(header):
        cells[places[len(header)]] = Cell(line[len(header)], places[len(header)], texts.MORE_CELLS)
    return Row(f"row {number}", cells)


def _letters(place: int) -> str:
    return (_letters(place // 26 - 1) if place >= 26 else "") + chr(65 + place % 26)


def _read_properties(data: bytes, _: Limits, names: tuple[str, str]) -> Table:
    found = properties.parse(decoded(data))
    return Table(
        tuple(
            Row(f"line {line}", {names[0]: Cell(key, f"line {line}"), names[1]: Cell(value, f"line {line}")})
            for key, value, line in found
        )
    )


_READERS: Mapping[Format, Callable[[bytes, Limits, tuple[str, str]], Table]] = {
    Format.EXCEL: read_excel,
    Format.CSV: _read_csv,
    Format.JSON: read_json,
    Format.YAML: read_yaml,
    Format.XML: read_xml,
    Format.PROPERTIES: _read_properties,
}


def write(kind: Format, columns: Sequence[str], rows: Sequence[Sequence[str | None]]) -> bytes:
    """Return a file of rows of texts; read again, it gives the same texts. Properties take two columns."""
    match kind:
        case Format.EXCEL:
            return write_excel(columns, iter(rows))
        case Format.CSV:
            out = io.StringIO(newline="")
            lines = [[NULL if text is None else text for text in row] for row in rows]
            csv.writer(out).writerows([columns, *lines])
            return ("\ufeff" + out.getvalue()).encode()
        case Format.PROPERTIES:
            return properties.write((row[0] or "", row[1] or "") for row in rows).encode()
        case Format.XML:
            return _xml(columns, rows).encode()
        case Format.JSON | Format.YAML:
            objects = [dict(zip(columns, row, strict=True)) for row in rows]
            return _objects(objects, kind).encode()


def _objects(objects: Sequence[Mapping[str, str | None]], kind: Format) -> str:
    if kind is Format.JSON:
        return json.dumps({"configs": objects}, ensure_ascii=False, indent=1) + "\n"
    lines = ["configs:"]
    for one in objects:
        for number, (name, text) in enumerate(one.items()):
            shown = "null" if text is None else json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
            lines.append(f"{'- ' if number == 0 else '  '}{name}: {shown}")
    return "\n".join(lines if objects else ["configs: []"]) + "\n"


def _xml(columns: Sequence[str], rows: Sequence[Sequence[str | None]]) -> str:
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', "<configs>"]
    for row in rows:
        cells = "".join(
            f'<{name} nil="true"/>' if text is None else f"<{name}>{_escaped(text)}</{name}>"
            for name, text in zip(columns, row, strict=True)
        )
        lines.append(f"<config>{cells}</config>")
    return "\n".join([*lines, "</configs>"]) + "\n"


def _escaped(text: str) -> str:
    for plain, written in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\r", "&#13;")):
        text = text.replace(plain, written)
    return text
