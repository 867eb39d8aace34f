"""Makes records of the fields here out of a source's records, by the rules of a mapping (PLM-23). Pure.

What an expression may cost is bounded before it runs: its length, one loop, the length of the texts that it sees. So no
record of a stranger holds up the others, and none has to be stopped in the middle.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from enghub.core.i18n import Filled, Text
from enghub.kit.expressions.compiled import Expression, loops
from enghub.kit.expressions.errors import ExpressionFailed, ExpressionRefused
from enghub.plm.connections.numbers import as_text, exact_number, formatted
from enghub.plm.connections.rules import ConnectionRules, NumberFormat
from enghub.plm.connections.times import instant
from enghub.plm.mappings.errors import MappingRefused
from enghub.plm.mappings.model import FIELDS, NOBODY, NUMBERS, Check, FieldRule, MappingKind, MappingRules, Reads
from enghub.plm.products.partial import KEEP
from enghub.plm.products.reading import BOM_LINES, PLACE, PROBLEM

MOST_SEEN = 2000
"""Characters of one text that an expression sees."""
MOST_LOOPS = 1
BESIDE = (PLACE, BOM_LINES, "bomVersion")
"""Members that are no fields of a product and stay beside them."""
_SCALARS = (str, int, float, Decimal)
_UNKNOWN = Text("there is no field {name}; there are {known}", "没有字段 {name}，可用字段为 {known}")
_TWICE = Text("{name} is made twice", "{name} 重复")
_NOTHING = Text("name a member of the source, or write an expression", "请指定来源成员或填写表达式")
_LOOPS = Text("it may run over one list at most", "最多只能遍历一个列表")
_NUMBER = Text(
    "number() takes 1_000 and full-width digits: let the field read NUMBER",
    "number() 会接受 1_000 和全角数字：请将该字段声明为 NUMBER",
)


@dataclass(frozen=True, slots=True)
class Around:
    """What a mapping knows beside a record: how the connection writes numbers and times, the file, the product."""

    number_format: NumberFormat = NumberFormat.POINT
    zone: str = "UTC"
    file: str = ""
    product: Mapping[str, Any] = field(default_factory=lambda: NOBODY)

    @classmethod
    def of(cls, rules: ConnectionRules, file: str = "", product: Mapping[str, Any] = NOBODY) -> "Around":
        """Return what a connection's rules say."""
        return cls(rules.number_format, rules.zone, file, product)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A record that the mapping does not take; it is in the source, nevertheless."""

    record: Mapping[str, Any]
    object_id: Any = None


class _Problem(Exception):
    """A record that cannot be mapped: reason, field, value."""

    def __init__(self, reason: str, name: str, value: str) -> None:
        super().__init__(reason)
        self.told = (reason, name, value)


@dataclass(frozen=True, slots=True)
class CompiledMapping:
    """Rules ready to run."""

    kind: MappingKind
    rules: MappingRules
    converts: Mapping[str, Expression]
    take: Expression | None
    checks: tuple[tuple[Check, Expression], ...]
    version: int = 0

    @classmethod
    def of(cls, kind: MappingKind, rules: MappingRules, version: int = 0) -> "CompiledMapping":
        """Compile every expression.

        Raises:
            MappingRefused: a rule names no field, or one that another names.
            ExpressionRefused: an expression cannot be used; its place is named.
        """
        known = FIELDS[kind]
        converts: dict[str, Expression] = {}
        seen: set[str] = set()
        for at, rule in enumerate(rules.fields):
            _check(rule, f"fields.{at}", known, seen)
            if rule.convert:
                converts[rule.field] = _compiled(rule.convert, f"fields.{at}.convert")
        for at, check in enumerate(rules.checks):
            if check.field not in known:
                raise _refused(f"checks.{at}.field", _UNKNOWN.filled(name=check.field, known=", ".join(known)))
        checks = tuple((one, _compiled(one.rule, f"checks.{at}.rule")) for at, one in enumerate(rules.checks))
        take = _compiled(rules.take, "take") if rules.take else None
        return cls(kind, rules, converts, take, checks, version)

    def columns(self, fields: Iterable[str]) -> tuple[str, ...]:
        """Return the members that a source has to have; ``fields`` are needed, whoever makes them."""
        ruled = {rule.field for rule in self.rules.fields}
        named = [rule.source for rule in self.rules.fields if rule.source and not rule.may_lack]
        kept = [name for name in fields if name not in ruled] if self.rules.keep_others else []
        return tuple(dict.fromkeys([*named, *kept]))

    @property
    def members(self) -> frozenset[str]:
        """Members that a rule names."""
        return frozenset(rule.source for rule in self.rules.fields if rule.source)

    @property
    def numbers(self) -> frozenset[str]:
        """Members that are numbers; by the identity those of the fields that are."""
        ruled = {rule.field for rule in self.rules.fields}
        kept = [name for name in NUMBERS[self.kind] if name not in ruled] if self.rules.keep_others else []
        read = [rule.source for rule in self.rules.fields if rule.reads is Reads.NUMBER]
        return frozenset([*kept, *read])

    def apply(self, record: Mapping[str, Any], around: Around) -> Mapping[str, Any] | LeftOut:
        """Return the fields that a record becomes, or that it is left out; a problem is a member PROBLEM beside them.

        A record that has a problem already stays as it is.
        """
        if PROBLEM in record:
            return LeftOut(record) if self._is_beside(record, around) else record
        made: dict[str, Any] = {name: record[name] for name in BESIDE if name in record}
        try:
            seen = {"source": _seen(record), "product": _seen(around.product), "file": around.file}
            if self.take is not None and self._value(self.take, seen, "take") is not True:
                return LeftOut(record, self._object_id(record, seen, around))
            self._fill(made, record, seen, around)
            self._hold(made, seen)
        except _Problem as problem:
            made.setdefault("objectId", record.get("objectId"))
            made[PROBLEM] = problem.told
        return made

    def _object_id(self, record: Mapping[str, Any], seen: Mapping[str, Any], around: Around) -> Any:
        rule = next((one for one in self.rules.fields if one.field == "objectId"), None)
        return record.get("objectId") if rule is None else self._made(rule, record.get(rule.source), seen, around)

    def _is_beside(self, record: Mapping[str, Any], around: Around) -> bool:
        """Tell whether a row of another width is none of the list, as the lines below a part list are."""
        if self.take is None or record[PROBLEM][0] != "CELLS":
            return False
        seen = {"source": _seen(record), "product": _seen(around.product), "file": around.file}
        return self._value(self.take, seen, "take") is not True

    def _hold(self, made: Mapping[str, Any], seen: Mapping[str, Any]) -> None:
        for check, rule in self.checks:
            if self._value(rule, {**seen, "record": _seen(made)}, check.field) is not True:
                raise _Problem("RULE", check.field, check.name)

    def _fill(self, made: dict[str, Any], record: Mapping[str, Any], seen: Mapping[str, Any], around: Around) -> None:
        ruled = {rule.field for rule in self.rules.fields}
        if self.rules.keep_others:
            made.update({name: record[name] for name in FIELDS[self.kind] if name in record and name not in ruled})
        is_partial = any(value is KEEP for value in record.values())
        for rule in self.rules.fields:
            if rule.source and rule.source not in record and is_partial:
                made[rule.field] = KEEP
                continue
            if rule.source and rule.source not in record and not rule.may_lack:
                raise _Problem("NO_MEMBER", rule.field, rule.source)
            value = record.get(rule.source) if rule.source else None
            if value is KEEP:
                made[rule.field] = KEEP
                continue
            made[rule.field] = self._made(rule, value, seen, around)

    def _made(self, rule: FieldRule, value: Any, seen: Mapping[str, Any], around: Around) -> Any:
        read = _read(rule, value, around)
        expression = self.converts.get(rule.field)
        if expression is not None:
            read = self._value(expression, {**seen, "value": _bounded(read, rule.field)}, rule.field)
        elif not isinstance(read, Decimal):
            return read
        if isinstance(read, Decimal) and rule.field in NUMBERS[self.kind]:
            return formatted(read, around.number_format)  # as the connection writes numbers: it is read so
        return _text(read, rule.field)

    @staticmethod
    def _value(expression: Expression, inputs: Mapping[str, Any], name: str) -> Any:
        try:
            return expression.value(inputs)
        except (ExpressionFailed, ExpressionRefused) as error:
            raise _Problem("MAPPING", name, str(error)[:100]) from error


IDENTITY: Mapping[MappingKind, CompiledMapping] = {
    kind: CompiledMapping(kind, MappingRules(), {}, None, ()) for kind in MappingKind
}
"""What a connection without a mapping does: members are the fields."""


def applied(
    mapping: CompiledMapping, records: Iterable[Mapping[str, Any]], around: Around
) -> tuple[list[Mapping[str, Any]], list[LeftOut]]:
    """Return the mapped records, and those that are left out; by the identity all of them, as they are."""
    if not mapping.version:
        return list(records), []
    made, left_out = [], []
    for record in records:
        found = mapping.apply(record, around)
        if isinstance(found, LeftOut):
            left_out.append(found)
        else:
            made.append(found)
    return made, left_out


def _check(rule: FieldRule, place: str, known: Sequence[str], seen: set[str]) -> None:
    if rule.field not in known:
        raise _refused(f"{place}.field", _UNKNOWN.filled(name=rule.field, known=", ".join(known)))
    if rule.field in seen:
        raise _refused(f"{place}.field", _TWICE.filled(name=rule.field))
    if not rule.source and not rule.convert:
        raise _refused(f"{place}.source", _NOTHING)
    seen.add(rule.field)


def _compiled(text: str, place: str) -> Expression:
    if loops(text) > MOST_LOOPS:
        raise ExpressionRefused(field=place, expression=text, problem=_LOOPS)
    if "number(" in text.replace(" ", ""):
        raise ExpressionRefused(field=place, expression=text, problem=_NUMBER)
    return Expression.of(text, place)


def _refused(place: str, problem: Text | Filled) -> MappingRefused:
    return MappingRefused(field=place, problem=problem)


def _seen(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return what expressions see of a record: texts, numbers, and nothing; what is no value of a field is left out."""
    return {
        name: _bounded(value, name)
        for name, value in record.items()
        if (value is None or isinstance(value, _SCALARS)) and not name.startswith("#")
    }


def _bounded(value: Any, name: str) -> Any:
    if isinstance(value, str) and len(value) > MOST_SEEN:
        raise _Problem("TOO_LONG", name, str(MOST_SEEN))
    return value


def _read(rule: FieldRule, value: Any, around: Around) -> Any:
    """Return a member as it is declared, translated first."""
    if isinstance(value, str) and rule.values:
        value = rule.values.get(value, value)
    if rule.reads is Reads.TEXT or value is None:
        return value
    if rule.reads is Reads.NUMBER and isinstance(value, int | Decimal) and not isinstance(value, bool):
        return Decimal(value)  # a number of JSON
    if not isinstance(value, str):
        raise _Problem("NOT_TEXT", rule.field, str(value)[:100])
    if rule.reads is Reads.TIME:
        return instant(value, around.zone)
    number = exact_number(value, around.number_format) if value.strip(" ") else None
    if number is None and value.strip(" "):
        raise _Problem("NUMBER", rule.field, value[:100])
    return number


def _text(value: Any, name: str) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return as_text(value)
    raise _Problem("NOT_TEXT", name, str(value)[:100])
