"""How the type of a field is stored: as an attribute of its own, and inside JSON text (see ``core/codec``)."""

import base64
import dataclasses
import json
import types
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import MISSING, dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Annotated, Any, Literal, NewType, Union, get_args, get_origin, get_type_hints

from enghub.core import clock
from enghub.core.strictjson import write_json

Turn = Callable[[Any], Any]
DIGITS = 38
"""What a DynamoDB number holds exactly."""
TAG = "@"
"""The member of a JSON object that names its class, where a field may hold one of several."""
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Form:
    """A stored form: DynamoDB's type descriptor, and how a value becomes it and comes back (None: as it is)."""

    tag: str
    dump: Turn | None = None
    load: Turn | None = None


def decimal_text(value: Decimal) -> str:
    """Return plain digits, never an exponent.

    Raises:
        ValueError: the number is not finite, or has more than 38 digits.
    """
    text = format(value, "f")
    if not value.is_finite() or (len(text) > DIGITS and len(text.replace(".", "").strip("-0")) > DIGITS):
        message = f"{value} is no number of at most {DIGITS} digits"
        raise ValueError(message)
    return text


def _instant_text(at: datetime) -> str:
    if at.tzinfo is None:
        message = f"{at} has no UTC offset"
        raise ValueError(message)
    return clock.to_text(at)


def _seconds_text(span: timedelta) -> str:
    return format(Decimal(span // _MICROSECOND) / 1_000_000, "f")


def _seconds(text: str | float) -> timedelta:
    return timedelta(microseconds=int(Decimal(str(text)) * 1_000_000))


def _finite(value: float) -> str:
    return decimal_text(Decimal(repr(value)))


_ATTRIBUTES: Mapping[Any, Form] = {
    str: Form("S"),
    bool: Form("BOOL"),
    int: Form("N", str, int),
    float: Form("N", _finite, float),
    Decimal: Form("N", decimal_text, Decimal),
    datetime: Form("S", _instant_text, clock.from_text),
    date: Form("S", date.isoformat, date.fromisoformat),
    timedelta: Form("N", _seconds_text, _seconds),
    bytes: Form("B"),
}
_INSIDE: Mapping[Any, tuple[Turn | None, Turn | None]] = {
    str: (None, None),
    bool: (None, None),
    int: (None, int),
    float: (None, float),
    Decimal: (decimal_text, lambda given: Decimal(str(given))),
    datetime: (_instant_text, clock.from_text),
    date: (date.isoformat, date.fromisoformat),
    timedelta: (_seconds_text, _seconds),
    bytes: (lambda given: base64.b64encode(given).decode(), base64.b64decode),
}
"""Type to (to JSON, from JSON)."""


def _bare(hint: Any) -> Any:
    """Return the type itself: without None, Annotated and NewType."""
    while True:
        if isinstance(hint, NewType):
            hint = hint.__supertype__
        elif get_origin(hint) is Annotated:
            hint = get_args(hint)[0]
        elif get_origin(hint) in {Union, types.UnionType}:
            some = tuple(one for one in get_args(hint) if one is not type(None))
            if len(some) > 1:
                return Union[some]  # noqa: UP007 - the members are known at run time only
            hint = some[0]
        else:
            return hint


def optional(hint: Any) -> bool:
    """Tell whether None is among the values."""
    while get_origin(hint) is Annotated:
        hint = get_args(hint)[0]
    return hint in {Any, object, type(None)} or type(None) in get_args(hint)


def attribute_form(hint: Any, where: str) -> Form:
    """Return how a field of this type is one attribute; ``where`` is the field, for the error.

    Raises:
        TypeError: it has no stored form.
    """
    kind = _bare(hint)
    if kind in _ATTRIBUTES:
        return _ATTRIBUTES[kind]
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _enum_form(kind)
    if get_origin(kind) is Literal:
        return _ATTRIBUTES[type(get_args(kind)[0])]
    try:
        return whole_form(kind)
    except TypeError as error:
        message = f"{where}: {error}"
        raise TypeError(message) from error


def _enum_form(kind: type[Enum]) -> Form:
    members = {str(member.value): member for member in kind}
    tag = _ATTRIBUTES[type(next(iter(kind)).value)].tag
    values = {member: text for text, member in members.items()}

    def load(text: str) -> Enum:
        return members[text]

    return Form(tag, values.__getitem__, load)


def whole_form(kind: Any, fractions: Turn = Decimal) -> Form:
    """Return how a value of any type is one JSON text; ``fractions`` reads a number with a point where it is Any."""
    dump, load = inside(kind)

    def write(value: Any) -> str:
        return _json(value if dump is None else dump(value))

    def read(text: str) -> Any:
        found = json.loads(text, parse_float=fractions)
        return found if load is None else load(found)

    return Form("S", write, read)


_FORMS: dict[Any, Form] = {}


def text_form(kind: Any, fractions: Turn = Decimal) -> Form:
    """Return ``whole_form`` of a type, made once."""
    if (kind, fractions) not in _FORMS:
        _FORMS[kind, fractions] = whole_form(kind, fractions)
    return _FORMS[kind, fractions]


def _json(plain: Any) -> str:
    try:
        return json.dumps(plain, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except TypeError:
        return write_json(plain)  # somebody's own JSON, with decimals in it


def inside(hint: Any) -> tuple[Turn | None, Turn | None]:
    """Return how a value of this type goes into JSON and comes back; None for as it is.

    Raises:
        TypeError: the type has no stored form.
    """
    kind = _bare(hint)
    if kind is Any or kind is object or get_origin(kind) is Literal:
        return None, None
    found = _INSIDE.get(kind) or _holding(kind)
    if found is None:
        message = f"{hint} has no stored form"
        raise TypeError(message)
    return _or_none(hint, *found)


def _holding(kind: Any) -> tuple[Turn | None, Turn | None] | None:
    """Return the turns of a type that is made of others."""
    origin, parts = get_origin(kind), get_args(kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return (lambda member: member.value), kind
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return _members(kind)
    if isinstance(kind, type) and hasattr(kind, "model_validate"):  # a document that pydantic reads and writes
        return (lambda value: value.model_dump(mode="json")), kind.model_validate
    if origin is Union:
        return _one_of(parts)
    return _collected(origin, parts) if isinstance(origin, type) else None


def _collected(origin: type[Any], parts: tuple[Any, ...]) -> tuple[Turn, Turn] | None:
    if issubclass(origin, Mapping):
        return _pairs(*parts)
    if issubclass(origin, tuple) and parts[1:] != (...,):
        return _places(parts)
    if issubclass(origin, AbstractSet):
        return _many(parts[0], frozenset, in_order=True)
    return _many(parts[0], list if origin is list else tuple) if issubclass(origin, Sequence) else None


def _or_none(hint: Any, dump: Turn | None, load: Turn | None) -> tuple[Turn | None, Turn | None]:
    if not optional(hint):
        return dump, load
    return (
        None if dump is None else lambda value: None if value is None else dump(value),
        None if load is None else lambda value: None if value is None else load(value),
    )


def _many(part: Any, make: Turn, *, in_order: bool = False) -> tuple[Turn, Turn]:
    dump, load = inside(part)

    def write(values: Any) -> Any:
        found = list(values) if dump is None else [dump(value) for value in values]
        return sorted(found, key=_json) if in_order else found

    return write, lambda found: make(found if load is None else map(load, found))


def _places(parts: tuple[Any, ...]) -> tuple[Turn, Turn]:
    turns = [inside(part) for part in parts]

    def write(values: Any) -> Any:
        return [value if dump is None else dump(value) for (dump, _), value in zip(turns, values, strict=True)]

    def read(found: Any) -> Any:
        return tuple(value if load is None else load(value) for (_, load), value in zip(turns, found, strict=True))

    return write, read


def _pairs(name: Any, part: Any) -> tuple[Turn, Turn]:
    """A mapping: a JSON object where its names are texts, a list of pairs otherwise."""
    (dump, load), (dump_name, load_name) = inside(part), inside(name)
    if _bare(name) is int or dataclasses.is_dataclass(_bare(name)) or get_origin(_bare(name)) is not None:
        pairs = _many(tuple[name, part], dict)
        return (lambda value: pairs[0](value.items())), pairs[1]

    def turned(found: Any, name_turn: Turn | None, turn: Turn | None) -> Any:
        return {
            (one if name_turn is None else name_turn(one)): (value if turn is None else turn(value))
            for one, value in found.items()
        }

    return (lambda value: turned(value, dump_name, dump)), (lambda found: turned(found, load_name, load))


def _members(kind: type[Any]) -> tuple[Turn, Turn]:
    """A dataclass: an object of its fields, those that are None left out; made on first use, for it may hold itself."""

    @cache
    def turns() -> list[tuple[str, Turn | None, Turn | None, str]]:
        hints = get_type_hints(kind, include_extras=True)
        return [
            (part.name, *inside(hints[part.name]), _need(part, hints[part.name]))
            for part in dataclasses.fields(kind)
            if part.init
        ]

    def write(value: Any) -> dict[str, Any]:
        found = ((name, dump, need, getattr(value, name)) for name, dump, _, need in turns())
        return {
            name: one if dump is None or one is None else dump(one)
            for name, dump, need, one in found
            if one is not None or need == "default"
        }

    def read(found: Any) -> Any:
        fields: dict[str, Any] = {}
        for name, _, load, need in turns():
            if name in found:
                fields[name] = found[name] if load is None else load(found[name])
            elif need == "optional":
                fields[name] = None
            elif need == "yes":
                message = f"{kind.__name__} without {name}"
                raise KeyError(message)
        return kind(**fields)

    return write, read


def _need(part: dataclasses.Field[Any], hint: Any) -> str:
    if not (part.default is MISSING or part.default is None) or part.default_factory is not MISSING:
        return "default"
    return "optional" if part.default is None or optional(hint) else "yes"


def _one_of(kinds: tuple[Any, ...]) -> tuple[Turn, Turn]:
    """One of several dataclasses: its object carries the class's name; without one, the first whose fields fit."""
    if not all(dataclasses.is_dataclass(kind) for kind in kinds):
        message = f"one of {kinds} has no stored form: only dataclasses can be told apart"
        raise TypeError(message)
    turns = {kind.__name__: _members(kind) for kind in kinds}
    names = {kind.__name__: {part.name for part in dataclasses.fields(kind)} for kind in kinds}

    def write(value: Any) -> dict[str, Any]:
        name = type(value).__name__
        return {TAG: name, **turns[name][0](value)}

    def read(found: dict[str, Any]) -> Any:
        name = found.get(TAG) or next(name for name in turns if found.keys() <= names[name])
        return turns[name][1](found)

    return write, read


def of_value(value: Any) -> dict[str, Any]:
    """Return the attribute value of anything plain, by its own type."""
    form = _ATTRIBUTES.get(type(value))
    if form is None:
        form = _enum_form(type(value)) if isinstance(value, Enum) else _ATTRIBUTES[str]
        if not isinstance(value, Enum | str):
            form = Form("S", lambda one: _json(plain(one)))
    return {form.tag: value if form.dump is None else form.dump(value)}


def plain(value: Any) -> Any:
    """Return what people and programs read of a value: JSON's types, and Decimal and datetime as they are."""
    for kind, turn in _PLAIN:
        if isinstance(value, kind) and not (kind is date and isinstance(value, datetime)):
            return turn(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {part.name: plain(getattr(value, part.name)) for part in dataclasses.fields(value)}
    return value


_PLAIN: Sequence[tuple[Any, Turn]] = (
    (Enum, lambda value: value.value),
    (Mapping, lambda value: {str(plain(name)): plain(one) for name, one in value.items()}),
    (AbstractSet, lambda value: sorted(map(plain, value), key=str)),
    (tuple | list, lambda value: [plain(one) for one in value]),
    (timedelta, lambda value: Decimal(value // _MICROSECOND) / 1_000_000),
    (date, date.isoformat),
)
