"""Workbooks: what stands in the cells of the first sheet, read from the file itself, and written so that it comes back.

Read part by part from the package (ECMA-376), since libraries give values already turned: a formula's cached result, a
number of twenty digits rounded, serial 60 as a day that never was. Bounded before anything is unpacked.
"""

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from enghub.core.i18n import Filled, Text
from enghub.core.lazy import lazy
from enghub.kit.sheets import texts
from enghub.kit.sheets.model import Cell, Limits, Row, SheetRefused, Table

if TYPE_CHECKING:
    import defusedxml.common as xml_errors
    import openpyxl
    from defusedxml import ElementTree
else:
    openpyxl = lazy("openpyxl")
    ElementTree = lazy("defusedxml.ElementTree")
    xml_errors = lazy("defusedxml.common")

_NS = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_DIGITS = 15
_DATE_FORMATS = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})
_ADDRESS = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_NO_DAY = 60
GENERAL, DATE = "General", "date"
Problem = Text | Filled | None


def read_excel(data: bytes, limits: Limits, _: tuple[str, str]) -> Table:
    """Read the first sheet: the first row names the columns.

    Raises:
        SheetRefused: it is no workbook, a bomb, or has no header.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            if sum(part.file_size for part in package.infolist()) > limits.unpacked_bytes:
                raise SheetRefused(texts.BOMB.filled(most=limits.unpacked_bytes))
            return _table(package, limits)
    except (zipfile.BadZipFile, KeyError, NotImplementedError) as error:
        raise SheetRefused(texts.NOT_XLSX) from error
    except xml_errors.DefusedXmlException as error:
        raise SheetRefused(texts.ENTITIES) from error
    except ElementTree.ParseError as error:
        raise SheetRefused(texts.NOT_READ.filled(why=str(error)[:200])) from error


def _part(package: zipfile.ZipFile, name: str, limits: Limits) -> Any:
    with package.open(name) as opened:
        data = opened.read(limits.unpacked_bytes + 1)
    if len(data) > limits.unpacked_bytes:
        raise SheetRefused(texts.BOMB.filled(most=limits.unpacked_bytes))
    return ElementTree.fromstring(data, forbid_dtd=True)


def _table(package: zipfile.ZipFile, limits: Limits) -> Table:
    names = set(package.namelist())
    sheets = sorted((n for n in names if re.fullmatch(r"xl/worksheets/sheet\d+\.xml", n)), key=lambda n: (len(n), n))
    if not sheets:
        raise SheetRefused(texts.NOT_XLSX)
    shared = _shared(_part(package, "xl/sharedStrings.xml", limits)) if "xl/sharedStrings.xml" in names else []
    styles = _styles(_part(package, "xl/styles.xml", limits)) if "xl/styles.xml" in names else ()
    rows = [
        {_column(cell): _cell(cell, shared, styles) for cell in row.iter(f"{_NS}c") if cell.get("r")}
        for row in _part(package, sheets[0], limits).iter(f"{_NS}row")
    ]
    filled = [row for row in rows if any(cell.text is not None or cell.problem for cell in row.values())]
    if not filled or all(cell.text is None for cell in filled[0].values()):
        raise SheetRefused(texts.NO_HEADER)
    header = {column: cell.text for column, cell in filled[0].items() if cell.text}
    for name in header.values():
        if list(header.values()).count(name) > 1:
            raise SheetRefused(texts.TWICE.filled(name=name))
    return Table(tuple(_row(header, row) for row in filled[1:]))


def _row(header: dict[str, str], row: dict[str, Cell]) -> Row:
    cells = {header[column]: cell for column, cell in row.items() if column in header}
    stray = next((cell for column, cell in row.items() if column not in header and cell.text is not None), None)
    if stray is not None:
        cells[stray.place] = Cell(stray.text, stray.place, texts.MORE_CELLS)
    number = _ADDRESS.fullmatch(next(iter(row.values())).place)
    return Row(f"row {number[2] if number else '?'}", cells)


def _column(cell: Any) -> str:
    match = _ADDRESS.fullmatch(cell.get("r"))
    return match[1] if match else "?"


def _cell(cell: Any, shared: Sequence[str], styles: Sequence[str]) -> Cell:
    place, kind = cell.get("r"), cell.get("t", "n")
    stored = cell.find(f"{_NS}v")
    text = None if stored is None else stored.text or ""
    if cell.find(f"{_NS}f") is not None:
        return Cell(text, place, texts.FORMULA)
    if kind == "inlineStr":
        inline = cell.find(f"{_NS}is")
        return Cell("" if inline is None else _runs(inline), place)
    if text is None:
        return Cell(None, place)
    return _stored(cell, kind, text, shared, styles)


def _stored(cell: Any, kind: str, text: str, shared: Sequence[str], styles: Sequence[str]) -> Cell:
    place = cell.get("r")
    if kind == "n":
        style = int(cell.get("s", "0"))
        shown_as = styles[style] if style < len(styles) else GENERAL
        shown, problem = _number(text, is_date=shown_as == DATE)
        return Cell(shown, place, problem, None if problem else shown_as)
    if kind == "s":
        return Cell(shared[int(text)], place)
    meant = ("true" if text == "1" else "false") if kind == "b" else text
    return Cell(meant, place, texts.ERROR_CELL.filled(error=text) if kind == "e" else None)


def _number(text: str, *, is_date: bool) -> tuple[str, Problem]:
    """Return a number as a person would type it, at most 15 digits, and what is wrong with it."""
    value = float(text)
    if is_date:
        return text, texts.NO_SUCH_DAY if int(value) == _NO_DAY else texts.A_DATE
    if value == int(value) and abs(value) >= 10**_DIGITS:
        return text, texts.DIGITS
    shown = format(value, f".{_DIGITS}g")
    if "e" in shown:
        mantissa, exponent = shown.split("e")
        return f"{mantissa}E{int(exponent)}", None
    return shown, None


def _shared(root: Any) -> list[str]:
    return [_runs(item) for item in root.iter(f"{_NS}si")]


def _runs(item: Any) -> str:
    """Return the text of a string: its own, or of its runs; phonetic hints are no text."""
    own = item.find(f"{_NS}t")
    parts = [own] if own is not None else [run.find(f"{_NS}t") for run in item.findall(f"{_NS}r")]
    return "".join(part.text or "" for part in parts if part is not None)


def _styles(root: Any) -> tuple[str, ...]:
    """Return how each style shows numbers: DATE, or the format's own code."""
    own = {int(one.get("numFmtId")): one.get("formatCode", "") for one in root.iter(f"{_NS}numFmt")}
    formats = root.find(f"{_NS}cellXfs")
    numbers = (int(one.get("numFmtId", "0")) for one in ([] if formats is None else formats))
    return tuple(
        DATE if number in _DATE_FORMATS or (number in own and _is_date(own[number])) else own.get(number, GENERAL)
        for number in numbers
    )


def _is_date(code: str) -> bool:
    plain = re.sub(r'"[^"]*"|\\.|\[[^\]]*\]', "", code.split(";", 1)[0]).lower()
    return "general" not in plain and any(letter in plain for letter in "ymdhs")


def write_excel(columns: Sequence[str], rows: Iterator[Sequence[str | None]]) -> bytes:
    """Return a workbook of one sheet in which every cell is text, so that nothing is turned when it is opened."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("configs")
    cell = openpyxl.cell.WriteOnlyCell
    for row in (columns, *rows):
        made = []
        for text in row:
            one = cell(sheet, value=None)
            if text is not None:
                one.value, one.data_type, one.number_format = text, "s", "@"
            made.append(one)
        sheet.append(made)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
