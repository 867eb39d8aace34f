"""Asks a rule that decides: its decision table, with what a context knows (CFG-15). Pure."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeVar

from enghub.core.errors import RuleViolated
from enghub.core.i18n import Text
from enghub.kit.expressions.errors import ExpressionFailed, NoRowFits
from enghub.kit.expressions.tables import CompiledTable, table_of
from enghub.kit.rulings.model import ActiveRule, DecidedBy

T = TypeVar("T")
_WHOLE = Text("it has to be a whole number from {least} to {most}, or null", "须为 {least} 到 {most} 的整数，或 null")
_BETWEEN = Text("it has to be a number from {least} to {most}, or null", "须为 {least} 到 {most} 的数，或 null")


def ask(
    rule: ActiveRule, inputs: Mapping[str, Any], read: Callable[[Mapping[str, Any]], T]
) -> tuple[T | None, DecidedBy] | None:
    """Return what ``read`` makes of a rule's result, with the version that said it; None where no row fits.

    A rule that fails, or says what ``read`` refuses (RuleViolated), gives no result but its problem.
    """
    try:
        results = _compiled(rule.rule_key, rule.table).decide(inputs).results
        return (read(results[0]), DecidedBy(rule.rule_key, rule.version)) if results else None
    except NoRowFits:
        return None
    except RuleViolated as problem:
        return None, DecidedBy(rule.rule_key, rule.version, problem.message("en"))
    except (KeyError, TypeError, ValueError):
        return None, DecidedBy(rule.rule_key, rule.version, "its event carries no decision table")


def whole(result: Mapping[str, Any], name: str, least: int, most: int) -> int | None:
    """Return a whole number of a result; None where it says nothing, or null.

    Raises:
        ExpressionFailed: it says something else.
    """
    value = result.get(name)
    if value is None:
        return None
    if not isinstance(value, Decimal) or value != value.to_integral_value() or not least <= value <= most:
        raise ExpressionFailed(field=name, expression=str(value), problem=_WHOLE.filled(least=least, most=most))
    return int(value)


def number(result: Mapping[str, Any], name: str, least: Decimal, most: Decimal) -> Decimal | None:
    """Return a number of a result; None where it says nothing, or null.

    Raises:
        ExpressionFailed: it says something else.
    """
    value = result.get(name)
    if value is None:
        return None
    if not isinstance(value, Decimal) or not least <= value <= most:
        raise ExpressionFailed(field=name, expression=str(value), problem=_BETWEEN.filled(least=least, most=most))
    return value


@lru_cache(maxsize=64)
def _compiled(name: str, table: str) -> CompiledTable:
    return CompiledTable.of(table_of(table, name))
