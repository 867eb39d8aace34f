"""Tables of steps, which stay readable in 80 columns."""

from collections.abc import Iterable, Sequence

from rich.table import Column, Table

STEP = "step"


def steps_of(columns: Sequence[str], rows: Iterable[tuple[str, Sequence[str]]], title: str | None = None) -> Table:
    """Return a table with a line for every phase before its steps.

    Args:
        columns: headings after the first, which is the step and never cut: people type it.
        rows: the phase (empty: none) and the cells of each step, the step's key first.
        title: above the table.
    """
    table = Table(Column(STEP, no_wrap=True), *(Column(name, overflow="fold") for name in columns), title=title)
    last = ""
    for phase, cells in rows:
        if phase != last:
            table.add_section()
            table.add_row(f"[bold]{phase}[/bold]")
            last = phase
        table.add_row(*cells)
    return table
