"""Tables for people, which stay readable in 80 columns; lines for a pipeline's log, which nothing cuts."""

from collections.abc import Iterable, Sequence

from rich.console import Group, RenderableType
from rich.table import Column, Table
from rich.text import Text

from enghub_cli.console import out

STEP = "step"


def table_of(columns: Sequence[str], rows: Iterable[Sequence[str]], title: str | None = None) -> RenderableType:
    """Return rows as a table; without a terminal as a line each, with the columns' names before their values."""
    if not out.is_terminal:
        return Group(*_heading(title), *(_line(columns, row) for row in rows))
    table = Table(*(Column(name, overflow="fold") for name in columns), title=title)
    for row in rows:
        table.add_row(*row)
    return table


def steps_of(
    columns: Sequence[str], rows: Iterable[tuple[str, Sequence[str]]], title: str | None = None
) -> RenderableType:
    """Return steps with a line for every phase before those of it.

    Args:
        columns: headings after the first, which is the step and never cut: people type it.
        rows: the phase (empty: none) and the cells of each step, the step's key first.
        title: above the table.
    """
    if not out.is_terminal:
        named = ((STEP, *columns, "phase"), rows)
        return Group(*_heading(title), *(_line(named[0], (*cells, phase)) for phase, cells in named[1]))
    table = Table(Column(STEP, no_wrap=True), *(Column(name, overflow="fold") for name in columns), title=title)
    last = ""
    for phase, cells in rows:
        if phase != last:
            table.add_section()
            table.add_row(f"[bold]{phase}[/bold]")
            last = phase
        table.add_row(*cells)
    return table


def _heading(title: str | None) -> list[Text]:
    return [] if title is None else [Text.from_markup(title)]


def _line(columns: Sequence[str], row: Sequence[str]) -> Text:
    cells = [(name, " ".join(Text.from_markup(cell).plain.split())) for name, cell in zip(columns, row, strict=True)]
    first = cells[0][1]
    rest = [f"{name}: {cell}" if name else cell for name, cell in cells[1:] if cell]
    return Text(f"  {first}  {', '.join(rest)}".rstrip())
