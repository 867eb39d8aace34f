"""Records of a workbook's first sheet: cells as they were written, numbers told from texts (PLM-24; case PF9).

A number is a Decimal, for a field that reads NUMBER; one whose format shows leading zeros (``00000``) is the text that
people see. What a workbook cannot give exactly (a formula, a date, more than 15 digits) is told by its cell.
"""

import zipfile
from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from enghub.core.lazy import lazy
from enghub.kit.sheets.model import Limits, Row, SheetRefused
from enghub.plm.exchange import texts
from enghub.plm.exchange.model import Entry, FileRefused

if TYPE_CHECKING:
    from enghub.kit.sheets import excel
else:
    excel = lazy("enghub.kit.sheets.excel")

LIMITS = Limits(rows=50_000)


def excel_entries(file: Any) -> Iterator[Entry]:
    """Yield the records of a workbook of at most 10 MB.

    Raises:
        FileRefused: it is none, too large, or has no header.
    """
    data = file.read(LIMITS.file_bytes + 1)
    if len(data) > LIMITS.file_bytes:
        raise FileRefused(texts.TOO_LARGE.filled(most=LIMITS.file_bytes))
    try:
        table = excel.read_excel(data, LIMITS, ("", ""))
    except SheetRefused as error:
        raise FileRefused(error.said, error.place) from error
    except (ValueError, IndexError, zipfile.LargeZipFile) as error:
        raise FileRefused(texts.NOT_EXCEL.filled(why=type(error).__name__)) from error
    if len(table.rows) > LIMITS.rows:
        raise FileRefused(texts.TOO_MANY.filled(most=LIMITS.rows))
    for row in table.rows:
        yield _entry(row)


def _entry(row: Row) -> Entry:
    record: dict[str, Any] = {}
    problem: tuple[str, str, str] | None = None
    for name, cell in row.cells.items():
        record[name] = cell.text if cell.text != "" else None
        if cell.problem is not None:
            problem = problem or ("CELL", name, f"{cell.place}: {cell.problem.render('en')}"[:100])
        elif cell.number_format is not None and cell.text is not None:
            record[name] = _number(cell.text, cell.number_format)
    return Entry(row.place, record, problem)


def _number(text: str, shown_as: str) -> str | Decimal:
    digits = set(shown_as) == {"0"} and text.isdigit()
    return text.zfill(len(shown_as)) if digits and len(shown_as) > 1 else Decimal(text)
