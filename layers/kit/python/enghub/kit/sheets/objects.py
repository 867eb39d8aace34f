"""JSON, YAML and XML: lists of objects, or one object of keys and values, every scalar as it was written."""

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from enghub.core.lazy import lazy
from enghub.kit.sheets import texts
from enghub.kit.sheets.decoding import decoded
from enghub.kit.sheets.model import Cell, Limits, Row, SheetRefused, Table

if TYPE_CHECKING:
    import defusedxml.common as xml_errors
    import ruamel.yaml as ruamel
    from defusedxml import ElementTree
else:
    ruamel = lazy("ruamel.yaml")
    ElementTree = lazy("defusedxml.ElementTree")
    xml_errors = lazy("defusedxml.common")

LISTS = frozenset({"configs", "items", "rows"})
"""Members of a whole file that hold its list."""
MAX_DEPTH = 32
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")


class _Number(str):
    """A number of JSON as it was written."""

    __slots__ = ()


def read_json(data: bytes, limits: Limits, names: tuple[str, str]) -> Table:
    """Read JSON; ``names`` are the columns of a file that is one object of keys and values.

    Raises:
        SheetRefused
    """
    try:
        whole = json.loads(
            decoded(data), parse_float=_Number, parse_int=_Number, parse_constant=_Number, object_pairs_hook=_once
        )
    except (json.JSONDecodeError, RecursionError) as error:
        place = f"line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise SheetRefused(texts.NOT_READ.filled(why=str(error)[:200]), place) from error
    return Table(tuple(_rows(whole, names, limits)))


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise SheetRefused(texts.TWICE.filled(name=twice))
    return found


def _rows(whole: Any, names: tuple[str, str], limits: Limits) -> Iterator[Row]:
    if isinstance(whole, dict):
        inner = next((whole[name] for name in LISTS if isinstance(whole.get(name), list)), None)
        if inner is None:
            for key, value in whole.items():
                cells = {names[0]: Cell(key, f"/{key}"), names[1]: Cell(_text(value, limits), f"/{key}")}
                yield Row(f"/{key}", cells)
            return
        whole = inner
    if not isinstance(whole, list) or not all(isinstance(one, dict) for one in whole):
        raise SheetRefused(texts.LIST_OF_OBJECTS)
    for number, one in enumerate(whole):
        yield Row(f"/{number}", {name: Cell(_text(value, limits), f"/{number}/{name}") for name, value in one.items()})


def _text(value: Any, limits: Limits) -> str | None:
    if value is None or isinstance(value, str):
        return value if value is None else str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return _json_text(value, MAX_DEPTH)


def _json_text(value: Any, depth: int) -> str:
    if depth < 0:
        raise SheetRefused(texts.TOO_DEEP.filled(most=MAX_DEPTH))
    if isinstance(value, dict):
        return (
            "{"
            + ",".join(f"{json.dumps(k, ensure_ascii=False)}:{_json_text(v, depth - 1)}" for k, v in value.items())
            + "}"
        )
    if isinstance(value, list):
        return "[" + ",".join(_json_text(one, depth - 1) for one in value) + "]"
    return str(value) if isinstance(value, _Number) else json.dumps(value, ensure_ascii=False)


# --- YAML ---


def read_yaml(data: bytes, limits: Limits, names: tuple[str, str]) -> Table:
    """Read YAML 1.2 without anchors, aliases and tags; ``names`` as for JSON.

    Raises:
        SheetRefused
    """
    loader = ruamel.YAML(typ="rt", pure=True)
    text = decoded(data)
    try:
        for event in loader.parse(text):
            if getattr(event, "anchor", None) or getattr(event, "tag", None):
                raise SheetRefused(texts.ALIAS, f"line {event.start_mark.line + 1}")
        node = ruamel.YAML(typ="rt", pure=True).compose(text)
    except ruamel.error.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}" if mark else ""
        raise SheetRefused(texts.NOT_READ.filled(why=str(getattr(error, "problem", error))[:200]), place) from error
    except RecursionError as error:
        raise SheetRefused(texts.TOO_DEEP.filled(most=MAX_DEPTH)) from error
    return Table(tuple(_yaml_rows(node, names, limits)))


def _yaml_rows(node: Any, names: tuple[str, str], limits: Limits) -> Iterator[Row]:
    if isinstance(node, ruamel.nodes.MappingNode):
        members = _members(node)
        inner = next((members[n] for n in LISTS if isinstance(members.get(n), ruamel.nodes.SequenceNode)), None)
        if inner is None:
            for key, value in members.items():
                place = _line(value)
                yield Row(place, {names[0]: Cell(key, place), names[1]: Cell(_yaml_text(value, limits), place)})
            return
        node = inner
    mappings = isinstance(node, ruamel.nodes.SequenceNode) and all(
        isinstance(one, ruamel.nodes.MappingNode) for one in node.value
    )
    if not mappings:
        raise SheetRefused(texts.LIST_OF_OBJECTS, "" if node is None else _line(node))
    for one in node.value:
        cells = {name: Cell(_yaml_text(value, limits), _line(value)) for name, value in _members(one).items()}
        yield Row(_line(one), cells)


def _members(node: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in node.value:
        if not isinstance(name, ruamel.nodes.ScalarNode):
            raise SheetRefused(texts.LIST_OF_OBJECTS, _line(name))
        if name.value in found:
            raise SheetRefused(texts.TWICE.filled(name=name.value), _line(name))
        found[name.value] = value
    return found


def _line(node: Any) -> str:
    return f"line {node.start_mark.line + 1}"


def _yaml_text(node: Any, limits: Limits) -> str | None:
    if isinstance(node, ruamel.nodes.ScalarNode):
        return None if node.style is None and node.value in _NULLS else str(node.value)
    return _json_text(_yaml_value(node, MAX_DEPTH), MAX_DEPTH)


def _yaml_value(node: Any, depth: int) -> Any:
    """Return what is inside a nested value by YAML's JSON schema: what is no JSON scalar is text."""
    if depth < 0:
        raise SheetRefused(texts.TOO_DEEP.filled(most=MAX_DEPTH), _line(node))
    if isinstance(node, ruamel.nodes.MappingNode):
        return {name: _yaml_value(value, depth - 1) for name, value in _members(node).items()}
    if isinstance(node, ruamel.nodes.SequenceNode):
        return [_yaml_value(one, depth - 1) for one in node.value]
    if node.style is not None:
        return str(node.value)
    if node.value in _NULLS:
        return None
    if node.value in {"true", "false"}:
        return node.value == "true"
    return _Number(node.value) if _NUMBER.fullmatch(node.value) else str(node.value)


# --- XML ---


def read_xml(data: bytes, _: Limits, __: tuple[str, str]) -> Table:
    """Read ``<configs><config><configKey>...``: each child of the root is a row, each of its children a cell.

    Raises:
        SheetRefused
    """
    try:
        root = ElementTree.fromstring(data, forbid_dtd=True)
    except xml_errors.DefusedXmlException as error:
        raise SheetRefused(texts.ENTITIES) from error
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        place = f"line {error.position[0]}" if isinstance(error, ElementTree.ParseError) else ""
        raise SheetRefused(texts.NOT_READ.filled(why=str(error)[:200]), place) from error
    return Table(tuple(_xml_row(number, one) for number, one in enumerate(root, start=1)))


def _xml_row(number: int, element: Any) -> Row:
    cells: dict[str, Cell] = {}
    for one in element:
        if one.tag in cells:
            raise SheetRefused(texts.TWICE.filled(name=one.tag), f"{element.tag} {number}")
        null = one.get("nil") == "true"
        cells[one.tag] = Cell(None if null else one.text or "", f"{element.tag} {number}/{one.tag}")
    return Row(f"{element.tag} {number}", cells)
