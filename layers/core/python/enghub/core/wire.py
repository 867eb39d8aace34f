"""Base models and scalar types of the HTTP API: camelCase outside, strict about what comes in."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Context, Decimal
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StrictBool,
    StrictInt,
)
from pydantic.alias_generators import to_camel

from enghub.core import clock
from enghub.core.i18n import Filled, Text

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


class Unfit(ValueError):
    """A value breaks a rule of the API, in whole words of both languages; ``field`` when a whole body breaks it."""

    def __init__(self, text: Text, *, field: str = "", **values: Any) -> None:
        self.said: Text | Filled = text.filled(**values) if values else text
        self.field = field
        super().__init__(self.said.render("en"))


class Request(BaseModel):
    """A request body or part of one: unknown fields are refused by name."""

    model_config = ConfigDict(
        alias_generator=to_camel, extra="forbid", frozen=True, str_strip_whitespace=True, defer_build=True
    )


class Patch(Request):
    """A request in which a field means something by being there: what is left out stays as it is."""


class Response(BaseModel):
    """The data of an answer."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, frozen=True, extra="forbid", defer_build=True
    )


def shown_as(**schema: Any) -> Any:
    """Return the JSON Schema to publish for a type; pydantic's own marker for it costs 70 ms of import."""

    def replace(generated: dict[str, Any]) -> None:
        number = generated.get("anyOf", [generated])[0]
        limits = {name: value for name, value in number.items() if name.endswith("inimum") or name.endswith("aximum")}
        generated.clear()
        generated.update({**schema, **limits})

    return replace


FIRST_YEAR, LAST_YEAR = 1970, 2999
D = TypeVar("D", date, datetime)
_NUMBER = Text("write a JSON number", "请填写 JSON 数字")
_TIME = Text("write an ISO 8601 time with an offset", "请填写带时区偏移的 ISO 8601 时间")
_DATE = Text("write a date as YYYY-MM-DD", "请按 YYYY-MM-DD 填写日期")
_YEARS = Text(f"write a day of the years {FIRST_YEAR} to {LAST_YEAR}", f"年份必须在 {FIRST_YEAR} 到 {LAST_YEAR} 之间")
_CONTROL = Text("it holds a control character", "包含控制字符")

FORMS: dict[str, Text] = {}
"""What the patterns of texts demand, in words."""
PUBLISHED: dict[str, Callable[[dict[str, Any]], None]] = {}
"""How the document shows a pattern; of a variable in a path, Powertools drops what the field itself says of it."""


def form(pattern: str, text: Text, *, min_length: int = 1, max_length: int, **published: Any) -> Any:
    """Return the constraint that a text has a form; the document says it in words, and as a pattern that all can read.

    A pattern with Unicode classes is published as a ``format`` of its own: JavaScript and Python read them differently.
    """
    FORMS[pattern] = text

    def publish(generated: dict[str, Any]) -> None:
        if "\\p{" in pattern:
            generated.pop("pattern", None)
        generated.update({"description": text.en, **published})

    PUBLISHED[pattern] = publish
    return Field(min_length=min_length, max_length=max_length, pattern=pattern, json_schema_extra=publish)


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise Unfit(_NUMBER)
    return value


def _instant(value: Any) -> Any:
    if isinstance(value, datetime):
        return value
    try:
        at = clock.from_text(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise Unfit(_TIME) from error
    return within(at)


def within(at: D) -> D:
    """Return a time or day that the API takes; refuse years that nothing here can mean."""
    if not FIRST_YEAR <= at.year <= LAST_YEAR:
        raise Unfit(_YEARS)
    return at


def plain(value: Decimal) -> int | float:
    """Return the JSON number of a Decimal."""
    return int(value) if value == value.to_integral_value() else float(value)


Quantity = Annotated[
    Decimal,
    Field(ge=0, max_digits=14, decimal_places=4, allow_inf_nan=False),  # first, so that no Python checks it
    BeforeValidator(_number),
    Field(
        json_schema_extra=shown_as(
            type="number", minimum=0, maximum=9_999_999_999, description="at most 10 digits and 4 decimals"
        ),
    ),
    PlainSerializer(plain, return_type=int | float, when_used="json-unless-none"),
]
"""A quantity of pieces or units, never negative; a JSON number both ways."""

Measure = Annotated[
    Decimal,
    Field(max_digits=18, decimal_places=9, allow_inf_nan=False),
    BeforeValidator(_number),
    Field(
        json_schema_extra=shown_as(
            type="number", minimum=-999_999_999, maximum=999_999_999, description="at most 9 digits and 9 decimals"
        ),
    ),
    PlainSerializer(plain, return_type=int | float, when_used="json-unless-none"),
]
"""A measured value or a limit of one, of either sign; a JSON number both ways."""

Total = Annotated[
    Decimal,
    PlainSerializer(plain, return_type=int | float),
    Field(json_schema_extra=shown_as(type="number")),
]
"""A computed quantity, of any size; a JSON number."""

Ratio = Annotated[
    Decimal,
    PlainSerializer(plain, return_type=int | float),
    Field(json_schema_extra=shown_as(type="number")),
]
"""A computed rate; a JSON number."""

Instant = Annotated[
    datetime,
    BeforeValidator(_instant),
    PlainSerializer(clock.to_text, return_type=str),
    Field(json_schema_extra=shown_as(type="string", format="date-time")),
]
"""A point in time with an offset; UTC inside and in answers."""


def _day(value: Any) -> Any:
    if isinstance(value, date):
        return value
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise Unfit(_DATE)
    try:
        day = date.fromisoformat(value)
    except ValueError as error:
        raise Unfit(_DATE) from error
    return within(day)


Day = Annotated[date, BeforeValidator(_day), Field(json_schema_extra=shown_as(type="string", format="date"))]
"""A calendar day, of the factory where that matters."""

Count = Annotated[StrictInt, Field(ge=0, le=1_000_000_000)]
Flag = StrictBool


def printable(text: str) -> str:
    """Return the text; refuse control characters (for AfterValidator)."""
    if not text.isprintable():
        raise Unfit(_CONTROL)
    return text


Code = Annotated[
    str,
    form(
        r"^[\p{L}\p{N}][\p{L}\p{N}._:/-]*$",
        Text(
            "begin with a letter or digit; letters, digits and . _ : / - follow",
            "以字母或数字开头，其后为字母、数字或 . _ : / -",
        ),
        max_length=64,
        format="code",
    ),
]
"""An identifier given by people or other systems."""

PathId = Annotated[
    str,
    form(
        r"^[\p{L}\p{N}][\p{L}\p{N}._:-]*$",
        Text(
            "begin with a letter or digit; letters, digits and . _ : - follow",
            "以字母或数字开头，其后为字母、数字或 . _ : -",
        ),
        max_length=64,
        format="path-id",
    ),
]
"""An identifier that is a part of addresses, so without a slash."""

ShortText = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(printable)]
LongText = Annotated[str, Field(max_length=4000)]


_EXACT = Context(prec=80)


def meaning(value: Any) -> Any:
    """Return plain data that is equal for values that mean the same, however they were written.

    Defaults are filled in, the order of members and trailing zeros do not matter; of a ``Patch`` only what was said.
    """
    if isinstance(value, BaseModel):
        names = value.model_fields_set if isinstance(value, Patch) else type(value).model_fields
        return {name: meaning(getattr(value, name)) for name in sorted(names)}
    if isinstance(value, Mapping):
        return {str(name): meaning(value[name]) for name in sorted(value, key=str)}
    if isinstance(value, list | tuple):
        return [meaning(one) for one in value]
    if isinstance(value, Decimal | int | float) and not isinstance(value, bool):
        return f"={_EXACT.create_decimal(value).normalize(_EXACT)}"
    if isinstance(value, datetime):
        return clock.to_text(value)
    return value if value is None or isinstance(value, bool) else f"'{value}"
