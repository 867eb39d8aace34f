"""What is wrong with a unit."""

from enghub.core.errors import RuleViolated
from enghub.core.i18n import Text


class UnknownUnit(RuleViolated):
    """The tenant's list has no such unit."""

    text = Text(
        "{field}: the unit {unit!r} is not in the list of units: use one of {known}, or add it to the list",
        "{field}：单位 {unit!r} 不在单位表中，请使用 {known} 之一，或先加入单位表",
    )


class UnitsDiffer(RuleViolated):
    """Two units measure different things."""

    text = Text(
        "{component}: {unit} and {other} measure different things and cannot be added: correct the unit of a line",
        "{component}：{unit} 与 {other} 的量纲不同，无法合计，请更正行单位",
    )


class UnitListRefused(RuleViolated):
    """A list of units contradicts itself."""

    text = Text("{field}: the unit {unit!r} is listed twice", "{field}：单位 {unit!r} 重复")
