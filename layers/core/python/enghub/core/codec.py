"""The stored form of a frozen dataclass, made from its type hints: no list of attributes to keep in step.

A plain value is a DynamoDB attribute of its own kind (text, number, boolean, bytes); whatever holds others (a tuple, a
mapping, a dataclass inside) is one text of compact JSON. None is not stored. What an item has beyond the dataclass is
ignored, so a newer version may add; what it lacks takes the field's default, so an older item stays readable.

    stored = codec(WorkOrder).write(order)        # {"status": {"S": "RELEASED"}, "good": {"N": "12.5"}, ...}
    order = codec(WorkOrder).read(stored)

Compiled once per class and layout. Knows nothing of PynamoDB or botocore.
"""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field
from decimal import Decimal
from operator import attrgetter
from types import MappingProxyType
from typing import Any, Generic, TypeVar, get_type_hints

from enghub.core.forms import Form, attribute_form, of_value, optional, text_form

A = TypeVar("A")
RawItem = dict[str, dict[str, Any]]
"""One item as DynamoDB sends it: attribute name to type descriptor to value."""
Key = tuple[str, str]
"""Partition key and sort key of an item."""
_NONE: Mapping[str, Any] = MappingProxyType({})


class Unreadable(ValueError):
    """An item does not read as its dataclass; the text names class and attribute."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the stored form differs from "every field under its own name". Fields inside others are written ``a.b``.

    ``names``: field to attribute. ``flat``: dataclasses inside whose fields are attributes of the item itself.
    ``given``: fields that the item's key holds; ``of_key`` makes them from partition and sort key, ``of_item`` from the
    item's attributes (counters under names of their own). ``forms``: field to
    (to text, from text) where the type does not say it. ``body``: the attribute that holds the whole as JSON;
    ``fractions`` reads its numbers with a point where the type is Any.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    flat: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    of_key: Callable[[str, str], Mapping[str, Any]] | None = None
    of_item: Callable[[RawItem], Mapping[str, Any]] | None = None
    forms: Mapping[str, tuple[Callable[[Any], str], Callable[[str], Any]]] = field(default_factory=dict)
    body: str | None = None
    fractions: Callable[[str], Any] = Decimal


AS_IT_IS = Layout()


@dataclass(frozen=True, slots=True)
class Codec(Generic[A]):
    """Writes and reads instances of one dataclass."""

    write: Callable[[A], RawItem]
    read: Callable[[RawItem], A]
    """Raises Unreadable."""


def codec(kind: type[A], layout: Layout = AS_IT_IS) -> Codec[A]:
    """Return the codec of a dataclass.

    Raises:
        TypeError: a field's type has no stored form.
    """
    if layout.body is not None:
        return _whole(kind, layout.body, layout.fractions)
    plan = _plan(kind, layout, "")
    return Codec(_writer(plan.leaves()), _reader(kind, plan, layout))


def raw(value: Any) -> dict[str, Any]:
    """Return the attribute value of anything that has a stored form, by its own type."""
    return of_value(value)


def dumps(value: object) -> str:
    """Return a dataclass as JSON text."""
    dump: Callable[[Any], str] = text_form(type(value)).dump or str
    return dump(value)


def loads(kind: type[A], text: str, fractions: Callable[[str], Any] = Decimal) -> A:
    """Read what ``dumps`` wrote.

    Raises:
        Unreadable
    """
    try:
        load: Callable[[str], A] = text_form(kind, fractions).load or kind
        return load(text)
    except (KeyError, ValueError, TypeError, ArithmeticError) as error:
        message = f"{kind.__name__} does not read from its text: {error!r}"
        raise Unreadable(message) from error


def _whole(kind: type[A], attribute: str, fractions: Callable[[str], Any]) -> Codec[A]:
    return Codec(
        lambda value: {attribute: {"S": dumps(value)}},
        lambda item: loads(kind, item[attribute]["S"], fractions),
    )


@dataclass(frozen=True, slots=True)
class _Leaf:
    """One field that is an attribute."""

    field: str
    path: str
    attribute: str
    form: Form
    default: Any
    """MISSING: the item must have it."""


@dataclass(slots=True)
class _Plan:
    """How one dataclass is laid out: its own attributes, and the dataclasses flattened into the item."""

    kind: type[Any]
    own: list[_Leaf] = field(default_factory=list)
    inside: list[tuple[str, "_Plan"]] = field(default_factory=list)

    def leaves(self) -> list[_Leaf]:
        return [*self.own, *(leaf for _, plan in self.inside for leaf in plan.leaves())]


def _plan(kind: type[Any], layout: Layout, prefix: str) -> _Plan:
    plan = _Plan(kind)
    hints = get_type_hints(kind, include_extras=True)
    for part in dataclasses.fields(kind):
        path = f"{prefix}{part.name}"
        if path in layout.given or not part.init:
            continue
        if path in layout.flat:
            plan.inside.append((part.name, _plan(hints[part.name], layout, f"{path}.")))
            continue
        special = layout.forms.get(path)
        form = Form("S", *special) if special else attribute_form(hints[part.name], f"{kind.__name__}.{part.name}")
        default = part.default if part.default_factory is MISSING else part.default_factory
        if optional(hints[part.name]):
            if default is not MISSING and default is not None:
                message = f"{kind.__name__}.{part.name}: None is not stored, so it has to be the default"
                raise TypeError(message)
            default = None
        plan.own.append(_Leaf(part.name, path, layout.names.get(path, part.name), form, default))
    return plan


def _writer(leaves: list[_Leaf]) -> Callable[[Any], RawItem]:
    steps = [(leaf.attribute, leaf.form.tag, leaf.form.dump) for leaf in leaves]
    values: Callable[[Any], tuple[Any, ...]] = attrgetter(*(leaf.path for leaf in leaves))
    if len(leaves) == 1:
        one, values = values, lambda found: (one(found),)

    def write(value: Any) -> RawItem:
        item: RawItem = {}
        for (attribute, tag, dump), found in zip(steps, values(value), strict=True):
            if found is not None:
                item[attribute] = {tag: found if dump is None else dump(found)}
        return item

    return write


def _reader(kind: type[A], plan: _Plan, layout: Layout) -> Callable[[RawItem], A]:
    build, of_key, of_item = _builder(plan), layout.of_key, layout.of_item

    def read(item: RawItem) -> A:
        given = of_key(item["pk"]["S"], item["sk"]["S"]) if of_key else _NONE
        if of_item:
            given = {**given, **of_item(item)}
        found: A = build(item, given)
        return found

    return read


def _builder(plan: _Plan) -> Callable[[RawItem, Mapping[str, Any]], Any]:
    kind = plan.kind
    steps = [(leaf.field, leaf.attribute, leaf.form.tag, leaf.form.load, leaf.default) for leaf in plan.own]
    inside = [(name, _builder(child)) for name, child in plan.inside]

    def build(item: RawItem, given: Mapping[str, Any]) -> Any:
        fields = dict(given)
        attribute = ""
        try:
            for name, attribute, tag, load, default in steps:
                stored = item.get(attribute)
                if stored is not None:
                    fields[name] = stored[tag] if load is None else load(stored[tag])
                elif default is MISSING:
                    message = f"{kind.__name__}: the item has no attribute {attribute}"
                    raise Unreadable(message)
                elif default is None:
                    fields[name] = None
        except (KeyError, TypeError, ArithmeticError, ValueError) as error:
            if isinstance(error, Unreadable):
                raise
            message = f"{kind.__name__}: the attribute {attribute} does not read: {error!r}"
            raise Unreadable(message) from error
        for name, part in inside:
            fields[name] = part(item, _NONE)
        return kind(**fields)

    return build
