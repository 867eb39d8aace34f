"""Decision tables: rows of tests and results, a hit policy by DMN (unique, first, any, collect), tests and coverage.

Our own loop over compiled cells: a cell that fails names its row and column, at save and at run.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from enghub.core.i18n import Text
from enghub.core.strictjson import parse_json
from enghub.kit.expressions.compiled import Expression
from enghub.kit.expressions.errors import ExpressionFailed, ExpressionRefused, NoRowFits, SeveralRowsFit

MOST_ROWS = 2000
MOST_COLUMNS = 50
_ROWS = Text("a table has 1 to {most} rows", "决策表须有 1 到 {most} 行")
_COLUMNS = Text("a table has 1 to {most} columns on each side", "决策表每侧须有 1 到 {most} 列")
_UNKNOWN = Text("the table has no such column", "决策表没有该列")
_LACKING = Text("the row says no result for it", "该行缺少结果")
_EMPTY = Text("the value is missing; allow for it by a test of its own", "值缺失，请单独设置空值条件")


class HitPolicy(StrEnum):
    """Which of the rows that fit count."""

    UNIQUE = "UNIQUE"
    """Exactly one fits; several are a mistake of the table."""
    FIRST = "FIRST"
    ANY = "ANY"
    """Several may fit, with one and the same result."""
    COLLECT = "COLLECT"
    """All that fit, in their order; none is an answer, too."""


@dataclass(frozen=True, slots=True)
class Row:
    """``when``: column to test, empty or left out for "any value"; ``then``: column to expression."""

    when: Mapping[str, str]
    then: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """A decision table as people write it; ``may_lack`` are columns whose value may be missing."""

    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    rows: tuple[Row, ...]
    policy: HitPolicy = HitPolicy.UNIQUE
    may_lack: tuple[str, ...] = ()


def table_of(text: str, name: str) -> Table:
    """Return the table of its JSON text, as events of business rules carry it.

    Raises:
        ValueError, KeyError: it is none.
    """
    found = parse_json(text)
    return Table(
        name,
        tuple(found["inputs"]),
        tuple(found["outputs"]),
        tuple(Row(row["when"], row["then"]) for row in found["rows"]),
        HitPolicy(found["policy"]),
        tuple(found["mayLack"]),
    )


@dataclass(frozen=True, slots=True)
class Decision:
    """What a table says: ``rows`` that count, from 1, and their results (one, or as many as rows for COLLECT)."""

    rows: tuple[int, ...]
    results: tuple[Mapping[str, Any], ...]

    @property
    def result(self) -> Mapping[str, Any]:
        """The one result."""
        return self.results[0]


@dataclass(frozen=True, slots=True)
class CompiledTable:
    """A table ready to decide."""

    table: Table
    tests: tuple[Mapping[str, Expression], ...]
    results: tuple[Mapping[str, Expression], ...]

    @classmethod
    def of(cls, table: Table) -> "CompiledTable":
        """Compile every cell.

        Raises:
            ExpressionRefused: names row and column.
        """
        if not 1 <= len(table.rows) <= MOST_ROWS:
            raise ExpressionRefused(field="rows", expression=str(len(table.rows)), problem=_ROWS.filled(most=MOST_ROWS))
        for side in (table.inputs, table.outputs):
            if not 1 <= len(side) <= MOST_COLUMNS:
                problem = _COLUMNS.filled(most=MOST_COLUMNS)
                raise ExpressionRefused(field="columns", expression=str(len(side)), problem=problem)
        tests, results = [], []
        for number, row in enumerate(table.rows, 1):
            tests.append(_cells(row.when, table.inputs, number, is_test=True))
            made = _cells(row.then, table.outputs, number, is_test=False)
            for column in table.outputs:
                if column not in made:
                    raise ExpressionRefused(field=place(number, column), expression="", problem=_LACKING)
            results.append(made)
        return cls(table, tuple(tests), tuple(results))

    def decide(self, inputs: Mapping[str, Any]) -> Decision:
        """Return what the table says for these inputs.

        Raises:
            ExpressionFailed: a cell cannot judge, or compute; row and column are named.
            NoRowFits, SeveralRowsFit: by the hit policy.
        """
        fitting = []
        for number, tests in enumerate(self.tests, 1):
            if all(self.holds(test, column, inputs) for column, test in tests.items()):
                fitting.append(number)
                if self.table.policy is HitPolicy.FIRST:
                    break
        found = [{name: one.value(inputs) for name, one in self.results[n - 1].items()} for n in fitting]
        return self._by_policy(fitting, found, inputs)

    def holds(self, test: Expression, column: str, inputs: Mapping[str, Any]) -> bool:
        """Tell whether one test of a row holds for these inputs.

        Raises:
            ExpressionFailed: it cannot judge; row and column are named.
        """
        value = inputs.get(column)
        if value is None and column not in self.table.may_lack:
            raise ExpressionFailed(field=test.field, expression=test.text, problem=_EMPTY)
        return test.holds(inputs, value)

    def _by_policy(self, rows: list[int], found: list[dict[str, Any]], inputs: Mapping[str, Any]) -> Decision:
        table = self.table
        if table.policy is HitPolicy.COLLECT:
            return Decision(tuple(rows), tuple(found))
        shown = ", ".join(f"{name}={inputs.get(name)!r}" for name in table.inputs)[:500]
        if not rows:
            raise NoRowFits(table=table.name, inputs=shown)
        differs = table.policy is HitPolicy.ANY and any(one != found[0] for one in found)
        if differs or (table.policy is HitPolicy.UNIQUE and len(rows) > 1):
            raise SeveralRowsFit(table=table.name, rows=", ".join(map(str, rows)), inputs=shown)
        return Decision(tuple(rows[:1]), (found[0],))

    def covered(self, cases: Sequence[Mapping[str, Any]]) -> "Coverage":
        """Decide every case; return which rows counted, and which never did."""
        counted = {row for case in cases for row in self.decide(case).rows}
        return Coverage(tuple(sorted(counted)), tuple(n for n in range(1, len(self.tests) + 1) if n not in counted))


@dataclass(frozen=True, slots=True)
class Coverage:
    """Which rows of a table its tests reach."""

    reached: tuple[int, ...]
    never: tuple[int, ...]


def place(number: int, column: str) -> str:
    """Return how a cell is named: ``row 3, column qty``."""
    return f"row {number}, column {column}"


def _cells(cells: Mapping[str, str], columns: Sequence[str], number: int, *, is_test: bool) -> Mapping[str, Expression]:
    for column in cells:
        if column not in columns:
            raise ExpressionRefused(field=place(number, column), expression=cells[column], problem=_UNKNOWN)
    return {
        column: Expression.of(text, place(number, column), is_test=is_test)
        for column, text in cells.items()
        if text.strip()
    }
