"""Any instance of a dataclass, by its type hints: what the round-trip tests feed to the store."""

import dataclasses
import types
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from enghub.core.errors import EngHubError
from enghub.kit.approvals.model import Policy, Stage
from enghub.settings.templates.model import TemplateVersion
from enghub.upgrade.manifests.document import Step
from tests.factories import upgrade

PLAIN: Mapping[Any, st.SearchStrategy[Any]] = {
    str: st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    bool: st.booleans(),
    int: st.integers(-(10**12), 10**12),
    float: st.floats(-1e9, 1e9, width=32),
    Decimal: st.decimals(-(10**9), 10**9, places=4),
    datetime: st.datetimes(max_value=datetime(9000, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - made aware
    date: st.dates(),
    timedelta: st.timedeltas(timedelta(days=-999), timedelta(days=999)),
    bytes: st.binary(max_size=12),
    Any: st.recursive(
        st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab"),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text("ab"), inner, max_size=2),
        max_leaves=3,
    ),
    object: st.none(),
}


DOCUMENTS: Mapping[Any, Sequence[Mapping[str, Any]]] = {
    Step: [
        upgrade.step("enghub.SqlScripts", "main", sql_scripts=["up.sql"]),
        upgrade.step("enghub.RowMigration", "move", migrations=[{"batch_seconds": 0.5}], priority=7, x_note=None),
    ]
}
"""What pydantic reads has rules of its own: examples instead of any instance."""


REFUSED = object()
WORD = st.text("abc", min_size=1, max_size=5)
RULED: Mapping[Any, st.SearchStrategy[Any]] = {
    Stage: st.builds(Stage, WORD, st.just(1), st.lists(WORD, min_size=1, max_size=2).map(tuple)),
    Policy: st.builds(
        Policy,
        st.lists(st.builds(Stage, WORD, st.just(1), st.just(("LEAD",))), min_size=1, max_size=2).map(tuple),
        st.timedeltas(timedelta(hours=1), timedelta(days=9)),
        st.booleans(),
    ),
    TemplateVersion: st.builds(
        TemplateVersion,
        *(WORD, WORD),
        st.tuples(*[st.integers(0, 99_999)] * 3).map(lambda parts: ".".join(map(str, parts))),
        *[PLAIN[str]] * 7,
        PLAIN[datetime],
        PLAIN[str],
        st.lists(PLAIN[str], max_size=3).map(tuple),
    ),
}
"""Kinds with so many rules that values drawn at random hardly ever keep them."""


KNOWN = {**PLAIN, **RULED}


def instances(hint: Any) -> st.SearchStrategy[Any]:
    """Return a strategy of values of a type."""
    return _instances(hint)


@cache
def _instances(hint: Any) -> st.SearchStrategy[Any]:
    origin, parts = get_origin(hint), get_args(hint)
    if hint in KNOWN:
        return KNOWN[hint]
    if hint is type(None):
        return st.none()
    if origin is Annotated:
        return instances(parts[0])
    if origin is Literal:
        return st.sampled_from(parts)
    if origin in {Union, types.UnionType}:
        return st.one_of([instances(part) for part in sorted(parts, key=lambda part: part is not type(None))])
    if isinstance(hint, type) and issubclass(hint, Enum):
        return st.sampled_from(hint)
    if isinstance(hint, type) and hasattr(hint, "model_validate"):
        return st.sampled_from(DOCUMENTS[hint]).map(hint.model_validate)
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        hints = get_type_hints(hint, include_extras=True)
        fields = {part.name: _later(hints[part.name]) for part in _given(hint)}
        return (
            st.fixed_dictionaries(fields).map(lambda given: _made(hint, given)).filter(lambda made: made is not REFUSED)
        )
    return _collections(origin, parts)


def _made(kind: type[Any], given: Mapping[str, Any]) -> Any:
    """Return the instance; REFUSED where its own rules do not allow these values together."""
    try:
        return kind(**given)
    except (ValueError, EngHubError):
        return REFUSED


def _later(hint: Any) -> st.SearchStrategy[Any]:
    return st.deferred(lambda: instances(hint))


def _given(kind: type[Any]) -> list[dataclasses.Field[Any]]:
    return [part for part in dataclasses.fields(kind) if part.init]


def _collections(origin: Any, parts: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    if issubclass(origin, Mapping):
        return st.dictionaries(instances(parts[0]), instances(parts[1]), max_size=3)
    if issubclass(origin, AbstractSet):
        return st.frozensets(instances(parts[0]), max_size=3)
    if issubclass(origin, tuple) and parts[1:] != (...,):
        return st.tuples(*(instances(part) for part in parts))
    if issubclass(origin, Sequence):
        return st.lists(instances(parts[0]), max_size=3).map(list if origin is list else tuple)
    raise TypeError(origin)
