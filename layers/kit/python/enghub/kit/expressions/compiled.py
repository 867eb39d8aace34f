"""Expressions that people write, compiled and bounded (zen-engine behind it, loaded on first use).

Refused before they are compiled: long ones, and whatever has a clock, a die or makes lists of its own. What is wrong is
said at once, never hidden as "does not match" (docs: the engine's own tables hide every mistake).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from enghub.core.i18n import Text
from enghub.core.lazy import lazy
from enghub.kit.expressions.errors import ExpressionFailed, ExpressionRefused

if TYPE_CHECKING:
    import zen
else:
    zen = lazy("zen")

MOST_CHARACTERS = 500
MOST_EXACT = 2**53
_CLOCK_OR_DIE = re.compile(r"\b(?:rand|d|date|time|duration|dateString)\s*\(", re.IGNORECASE)
_RANGE = re.compile(r"\[[^\]]*\.\.[^\]]*\]|\.\.")
_LOOPS = re.compile(r"\b(?:map|filter|flatMap|all|some|none|one|count|sum)\s*\(", re.IGNORECASE)
_STRINGS = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|`[^`]*`")
_LONG = Text("it is longer than {most} characters", "超过 {most} 个字符")
_NOT_DETERMINED = Text("it may ask no clock and throw no dice", "不得使用当前时间或随机数")
_UNBOUNDED = Text("it may make no list of a range in a loop", "不得在循环函数中使用区间列表")
_NOT_EXACT = Text("the number {value} is not exact beyond 15 digits", "数字 {value} 超过 15 位，无法精确")


def checked(text: str, field: str) -> str:
    """Return an expression that may be compiled.

    Raises:
        ExpressionRefused
    """
    if len(text) > MOST_CHARACTERS:
        raise ExpressionRefused(field=field, expression=text[:40], problem=_LONG.filled(most=MOST_CHARACTERS))
    bare = _STRINGS.sub("''", text)
    if _CLOCK_OR_DIE.search(bare):
        raise ExpressionRefused(field=field, expression=text, problem=_NOT_DETERMINED)
    if _LOOPS.search(bare) and _RANGE.search(bare):
        raise ExpressionRefused(field=field, expression=text, problem=_UNBOUNDED)
    return text


def loops(text: str) -> int:
    """Return how many functions an expression calls that run over a list."""
    return len(_LOOPS.findall(_STRINGS.sub("''", text)))


def plain(value: Any, field: str) -> Any:
    """Return a value as the engine takes it: a Decimal as a number where that is exact.

    Raises:
        ExpressionRefused: a number has more digits than the engine keeps.
    """
    if isinstance(value, Decimal):
        if not value.is_finite() or len(value.as_tuple().digits) > 15:
            raise ExpressionRefused(field=field, expression=str(value), problem=_NOT_EXACT.filled(value=value))
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > MOST_EXACT:
        raise ExpressionRefused(field=field, expression=str(value), problem=_NOT_EXACT.filled(value=value))
    if isinstance(value, Mapping):
        return {str(name): plain(one, f"{field}.{name}") for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one, field) for one in value]
    return value


def exact(value: Any) -> Any:
    """Return what the engine answered with its numbers as Decimal, however deep."""
    if isinstance(value, float):
        return Decimal(repr(value)) if value != int(value) else Decimal(int(value))
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    if isinstance(value, dict):
        return {name: exact(one) for name, one in value.items()}
    if isinstance(value, list):
        return [exact(one) for one in value]
    return value


@dataclass(frozen=True, slots=True)
class Expression:
    """One compiled expression; ``is_test`` for a cell that judges one value (``> 3``), which it calls ``$``."""

    field: str
    text: str
    is_test: bool
    _made: Any

    @classmethod
    def of(cls, text: str, field: str, *, is_test: bool = False) -> "Expression":
        """Compile an expression.

        Raises:
            ExpressionRefused: it may not be used, or does not parse.
        """
        checked(text, field)
        try:
            made = zen.compile_unary_expression(text) if is_test else zen.compile_expression(text)
        except Exception as error:
            raise ExpressionRefused(field=field, expression=text, problem=first_line(error)) from error
        return cls(field, text, is_test, made)

    def value(self, inputs: Mapping[str, Any]) -> Any:
        """Return its value, numbers as Decimal.

        Raises:
            ExpressionFailed: it fails with these inputs.
        """
        try:
            return exact(self._made.evaluate(plain(inputs, self.field)))
        except ExpressionRefused:
            raise
        except Exception as error:
            raise ExpressionFailed(field=self.field, expression=self.text, problem=first_line(error)) from error

    def holds(self, inputs: Mapping[str, Any], value: Any) -> bool:
        """Tell whether a test holds for ``value``.

        Raises:
            ExpressionFailed: it cannot judge it: another type, or nothing where nothing is not allowed for.
        """
        return self.value({**inputs, "$": value}) is True


def first_line(error: Exception) -> str:
    """Return what the engine says, without its stack trace."""
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
