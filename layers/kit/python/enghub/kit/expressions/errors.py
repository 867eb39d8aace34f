"""What is wrong with a rule that people wrote; place, and what the engine says, in one line."""

from enghub.core.errors import RuleViolated
from enghub.core.i18n import Text


class ExpressionRefused(RuleViolated):
    """An expression or a cell cannot be used."""

    text = Text("{field}: {expression!r}: {problem}", "{field}：{expression!r}：{problem}")


class ExpressionFailed(RuleViolated):
    """An expression or a cell fails with these values."""

    text = Text("{field}: {expression!r} fails: {problem}", "{field}：{expression!r} 执行失败：{problem}")


class NoRowFits(RuleViolated):
    """A decision table has no row for these values."""

    text = Text("{table}: no row fits {inputs}", "{table}：没有匹配 {inputs} 的行")


class SeveralRowsFit(RuleViolated):
    """A table whose rows exclude one another has several for these values."""

    text = Text(
        "{table}: rows {rows} all fit {inputs}: make them exclude one another", "{table}：行 {rows} 同时匹配 {inputs}"
    )
