"""What an address says besides its route: variables of the path are bounded, names of the query are known ones."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.alias_generators import to_camel

from enghub.core.errors import Invalid, InvalidKey
from enghub.core.i18n import Text

MAX_ID_LENGTH = 255
_NOT_AN_ID = Text(f"write 1 to {MAX_ID_LENGTH} printable characters", f"请填写 1 到 {MAX_ID_LENGTH} 个可打印字符")
_UNKNOWN = Text("this route has no such parameter; it takes {known}", "该接口没有此参数；可用参数：{known}")
_NONE = Text("none", "无")


def query_names(parameters: Iterable[Any]) -> frozenset[str]:
    """Return the names that a route's query may have, of its declared ``parameters`` (Powertools' fields)."""
    names: set[str] = set()
    for parameter in parameters:
        kind = parameter.field_info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            names.update(field.alias or name for name, field in kind.model_fields.items())
        else:
            names.add(parameter.alias)
    return frozenset(names)


def check_address(path: Mapping[str, str], query: Iterable[str], known: frozenset[str]) -> None:
    """Refuse what no route can understand.

    Raises:
        InvalidKey: a variable of the path is too long, or holds what cannot be printed.
        Invalid: the query names a parameter that is not ``known``.
    """
    for name, value in path.items():
        if len(value) > MAX_ID_LENGTH or not value.isprintable():
            raise InvalidKey(field=to_camel(name), problem=_NOT_AN_ID)
    for name in query:
        if name not in known:
            raise Invalid(field=name[:100], problem=_UNKNOWN.filled(known=", ".join(sorted(known)) or _NONE))
