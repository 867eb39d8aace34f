"""Why a business rule answers what it does: whose version decides, row by row what each cell saw (CFG-29)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from enghub.core.errors import EngHubError
from enghub.kit.expressions.tables import CompiledTable, table_of
from enghub.settings.business_rules.errors import RuleNotFound
from enghub.settings.business_rules.model import Activation, Outcome, RuleVersion, decided
from enghub.settings.business_rules.repository import RuleRepository

EVERY_TENANT = "*"
MOST_ROWS = 100
"""Rows of an explanation: all that fit first, then those that do not, in their order."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One test of a row with what it saw; ``problem`` where it could not judge."""

    column: str
    test: str
    actual: Any
    holds: bool
    problem: EngHubError | None = None


@dataclass(frozen=True, slots=True)
class RowSeen:
    """One row, from 1: its cells up to the first that does not hold."""

    row: int
    fits: bool
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Explained:
    """Whose version decided, by whom it was activated and approved, what it answers and why."""

    activation: Activation
    version: RuleVersion
    outcome: Outcome
    rows: tuple[RowSeen, ...]
    at: datetime | None


def explain(
    rules: RuleRepository, tenant_id: str, rule_key: str, inputs: Mapping[str, Any], at: datetime | None
) -> Explained:
    """Return why a rule answers what it does to a tenant, or did at a time: the tenant's active one, else the global.

    Raises:
        RuleNotFound: none decides, or none did then.
    """
    for space in (tenant_id, EVERY_TENANT):
        found = rules.activation(space, rule_key, at)
        if found is not None and found.version:
            version = rules.version(space, rule_key, found.version)
            if version is not None:
                table = CompiledTable.of(table_of(version.table, rule_key))
                return Explained(found, version, decided(table, inputs), rows_seen(table, inputs), at)
    raise RuleNotFound(rule_key=rule_key)


def rows_seen(table: CompiledTable, inputs: Mapping[str, Any]) -> tuple[RowSeen, ...]:
    """Return what each row saw, those that fit first."""
    seen = [_row(table, number, inputs) for number in range(1, len(table.tests) + 1)]
    ordered = [one for one in seen if one.fits] + [one for one in seen if not one.fits]
    return tuple(ordered[:MOST_ROWS])


def _row(table: CompiledTable, number: int, inputs: Mapping[str, Any]) -> RowSeen:
    cells = []
    for column, test in table.tests[number - 1].items():
        problem = None
        try:
            holds = table.holds(test, column, inputs)
        except EngHubError as error:
            holds, problem = False, error
        cells.append(Cell(column, test.text, inputs.get(column), holds, problem))
        if not holds:
            return RowSeen(number, False, tuple(cells))
    return RowSeen(number, True, tuple(cells))
