"""Rows of a file that people made, each cell as it was written and where it stands. Pure.

Every format gives the same: a ``Table`` of rows of named cells. A cell holds the source text, never what a loader makes
of it (no date of ``2027-02-06``, no false of ``NO``): the type that the reader declares rules. What a format cannot
give exactly (a number of more than 15 digits in Excel, a formula, ``#N/A``) is a cell with a ``problem``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from enghub.core.i18n import Filled, Text
from enghub.kit.sheets import texts


class Format(StrEnum):
    """What a file may be."""

    EXCEL = "excel"
    CSV = "csv"
    JSON = "json"
    YAML = "yaml"
    XML = "xml"
    PROPERTIES = "properties"


SUFFIXES: Mapping[str, Format] = {
    "xlsx": Format.EXCEL,
    "csv": Format.CSV,
    "json": Format.JSON,
    "yaml": Format.YAML,
    "yml": Format.YAML,
    "xml": Format.XML,
    "properties": Format.PROPERTIES,
}


@dataclass(frozen=True, slots=True)
class Limits:
    """What a file may cost at most."""

    file_bytes: int = 10 * 1024 * 1024
    unpacked_bytes: int = 100 * 1024 * 1024
    """Of all parts of a workbook together."""
    rows: int = 20_000
    columns: int = 200
    cell_characters: int = 40_000


@dataclass(frozen=True, slots=True)
class Cell:
    """One value: its source text (None: null, or nothing there), its place (``B2``, ``line 7``), what is wrong."""

    text: str | None
    place: str
    problem: Text | Filled | None = None
    number_format: str | None = None
    """How a workbook shows a number (``General``, ``00000``); None of a cell that is none."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row or object; cells by the names of their columns or members."""

    place: str
    cells: Mapping[str, Cell]

    def text(self, name: str) -> str | None:
        """Return the text of a cell, None when it is not there."""
        cell = self.cells.get(name)
        return None if cell is None else cell.text


@dataclass(frozen=True, slots=True)
class Table:
    """What a file holds, in order."""

    rows: tuple[Row, ...]


class SheetRefused(Exception):
    """The file cannot be read at all; ``said`` tells why in two languages, ``place`` where."""

    def __init__(self, said: Text | Filled, place: str = "") -> None:
        super().__init__(said.render("en"))
        self.said, self.place = said, place


def bounded(table: Table, limits: Limits) -> Table:
    """Return the table when it keeps to the limits.

    Raises:
        SheetRefused: it has too many rows or columns, or a cell is too long.
    """
    if len(table.rows) > limits.rows:
        raise SheetRefused(texts.TOO_MANY_ROWS.filled(most=limits.rows))
    for row in table.rows:
        if len(row.cells) > limits.columns:
            raise SheetRefused(texts.TOO_MANY_COLUMNS.filled(most=limits.columns), row.place)
        for cell in row.cells.values():
            if cell.text is not None and len(cell.text) > limits.cell_characters:
                raise SheetRefused(texts.TOO_LONG.filled(most=limits.cell_characters), cell.place)
    return table
