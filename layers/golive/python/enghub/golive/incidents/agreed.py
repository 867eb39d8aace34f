"""What a rule of the tenant says of an incident's clocks, instead of the built-in targets (OPS-10, CFG-15). Pure.

The rule is a decision table. It is asked with ``severity`` (P0 to P3), ``service`` and ``environment`` of an incident
that opens or changes its severity; its results are minutes by clock: ``respond``, ``meeting``, ``diagnosis``,
``workaround``, ``resolve``, ``update``. What it leaves out, or says null for, is as built in. It is never a reason not
to page.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Any

from enghub.core.errors import RuleViolated
from enghub.core.i18n import Text
from enghub.golive.incidents.services import OperatedService
from enghub.golive.incidents.targets import CLOCKS, IncidentSeverity
from enghub.golive.rules.model import ActiveRule
from enghub.kit.expressions.errors import ExpressionFailed, NoRowFits
from enghub.kit.expressions.tables import CompiledTable, table_of

MOST_MINUTES = 366 * 24 * 60
_MINUTES = Text("it has to be whole minutes from 1 to {most}, or null", "须为 1 到 {most} 的整数分钟，或 null")


@dataclass(frozen=True, slots=True)
class Agreed:
    """Minutes by clock that a version of a rule says, or why it could not decide."""

    rule: str
    version: int
    minutes: Mapping[str, int] = field(default_factory=dict)
    problem: str = ""


def agreed(rule: ActiveRule, service: OperatedService, severity: IncidentSeverity) -> Agreed | None:
    """Return what a rule says of an incident; None where no row fits. A rule that fails is told with its problem."""
    inputs = {"severity": severity.value, "service": service.service_id, "environment": service.environment}
    try:
        results = _compiled(rule.rule_key, rule.table).decide(inputs).results
        return Agreed(rule.rule_key, rule.version, _minutes(results[0])) if results else None
    except NoRowFits:
        return None
    except RuleViolated as problem:
        return Agreed(rule.rule_key, rule.version, problem=problem.message("en"))


@lru_cache(maxsize=64)
def _compiled(name: str, table: str) -> CompiledTable:
    return CompiledTable.of(table_of(table, name))


def _minutes(result: Mapping[str, Any]) -> dict[str, int]:
    found = {}
    for clock in sorted(CLOCKS & result.keys()):
        value = result[clock]
        if value is None:
            continue
        if not isinstance(value, Decimal) or value != value.to_integral_value() or not 1 <= value <= MOST_MINUTES:
            problem = _MINUTES.filled(most=MOST_MINUTES)
            raise ExpressionFailed(field=clock, expression=str(value), problem=problem)
        found[clock] = int(value)
    return found
