"""DynamoDB through PynamoDB: one table per context, one shared connection, reads in pages.

Every record class of a context lives in the same table (keys ``pk``, ``sk`` and two general indexes). PynamoDB makes
one botocore client per model class, 70-200 ms each; ``Record`` shares one instead, through ``_get_connection`` and
``add_meta_table`` (see tests/contract/core/test_dynamo.py).
"""

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any, ClassVar, Generic, Self, TypeVar, cast
from urllib.parse import quote, unquote

from botocore.config import Config
from pynamodb.attributes import Attribute, NumberAttribute, UnicodeAttribute
from pynamodb.connection.base import Connection, MetaTable
from pynamodb.connection.table import TableConnection
from pynamodb.constants import NUMBER, STRING
from pynamodb.exceptions import PynamoDBException
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.operand import Path, Value
from pynamodb.models import Model

from enghub.core import clock, codec
from enghub.core.config import CoreConfig, load
from enghub.core.errors import Failed, Invalid, InvalidKey, Unavailable
from enghub.core.i18n import Text
from enghub.core.paging import pages
from enghub.core.sdk import USER_AGENT

INDEXES = ("gsi1", "gsi2")
DENIED = frozenset({"AccessDeniedException", "AccessDenied", "ResourceNotFoundException"})
"""The role lacks a permission, or there is no such table: a deployment mends it, no repeat does."""
MAX_READ_KEYS = 100
"""BatchGetItem takes 100 keys."""

MAX_KEY_BYTES = 2048
"""Of a partition key; a sort key takes 1,024, and the general indexes count too."""

CURSOR = Text("take it unchanged from the previous page of the same list", "请原样使用同一列表上一页返回的值")
_UNICODE = Text("holds text that is not valid Unicode", "含有无效的 Unicode 字符")
TOO_LONG = Text("is too long", "过长")

RawItem = codec.RawItem


def key(*parts: str | int) -> str:
    """Join ``parts`` into one key; a ``#`` inside a part is escaped, so that no value can reach another's key.

    Raises:
        InvalidKey: a part is no text in Unicode (a lone surrogate), or all are too long for any key.
    """
    try:
        made = "#".join([_part(str(part)) for part in parts])
    except UnicodeEncodeError as error:
        raise InvalidKey(field="id", problem=_UNICODE) from error
    if len(made) > MAX_KEY_BYTES:
        raise InvalidKey(field="id", problem=TOO_LONG)
    return made


@lru_cache(maxsize=4096)
def _part(text: str) -> str:
    return quote(text, safe=" :-_.+@/,()")


def parts(text: str) -> list[str]:
    """Return what ``key`` joined."""
    return [unquote(part) for part in text.split("#")]


class Attr(Path):
    """An attribute in a condition or an update, by its name (inside others: by all names); values keep their type."""

    def __init__(self, *names: str) -> None:
        super().__init__(list(names))

    def _to_value(self, value: Any) -> Value:
        return Value(codec.raw(value))


class DecimalAttribute(Attribute[Decimal]):
    """A Decimal as a DynamoDB number, exact to 38 digits."""

    attr_type = NUMBER

    def serialize(self, value: Decimal | int) -> str:
        """Return plain digits, never an exponent beyond what DynamoDB reads."""
        return format(Decimal(value), "f")

    def deserialize(self, value: str) -> Decimal:
        """Return the exact number."""
        return Decimal(value)


class InstantAttribute(Attribute[datetime]):
    """An aware time as ISO 8601 text that sorts."""

    attr_type = STRING

    def serialize(self, value: datetime) -> str:
        """Return the fixed-width text."""
        return clock.to_text(value)

    def deserialize(self, value: str) -> datetime:
        """Return the aware time."""
        return clock.from_text(value)


@cache
def connection() -> Connection:
    """Return the process's only DynamoDB connection, with time-outs made for a Lambda."""
    made = Connection(
        connect_timeout_seconds=1,
        read_timeout_seconds=4,
        retry_configuration={"total_max_attempts": 3, "mode": "standard"},
        max_pool_connections=10,
    )
    made.session.set_default_client_config(Config(user_agent=USER_AGENT))
    return made


@cache
def table() -> TableConnection:
    """Return the context's table on the shared connection; no DescribeTable is sent."""
    name = load(CoreConfig).table_name
    shared = TableConnection(name)
    shared.connection = connection()
    know_table(name)
    return shared


def know_table(name: str) -> None:
    """Tell the connection what every table of ours looks like; no DescribeTable is sent."""
    names = ["pk", "sk", *(f"{index}{part}" for index in INDEXES for part in ("pk", "sk"))]
    made = MetaTable(
        {
            "TableName": name,
            "KeySchema": _schema("pk", "sk"),
            "AttributeDefinitions": [{"AttributeName": n, "AttributeType": "S"} for n in names],
            "GlobalSecondaryIndexes": [
                {"IndexName": index, "KeySchema": _schema(f"{index}pk", f"{index}sk")} for index in INDEXES
            ],
        }
    )
    with suppress(ValueError):  # it knows it already
        connection().add_meta_table(made)


def _schema(hash_key: str, range_key: str) -> list[dict[str, str]]:
    return [
        {"AttributeName": hash_key, "KeyType": "HASH"},
        {"AttributeName": range_key, "KeyType": "RANGE"},
    ]


T = TypeVar("T")


class Record(Model):
    """Base of every stored item. A subclass sets ENTITY and adds its attributes."""

    class Meta:
        """PynamoDB wants a name here; the real one is read on first use."""

        table_name = "set-at-first-use"

    ENTITY: ClassVar[str] = "RECORD"

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    entity = UnicodeAttribute()
    gsi1pk = UnicodeAttribute(null=True)
    gsi1sk = UnicodeAttribute(null=True)
    gsi2pk = UnicodeAttribute(null=True)
    gsi2sk = UnicodeAttribute(null=True)
    expires_at = NumberAttribute(null=True)
    """Seconds since 1970, for DynamoDB's time to live."""

    def __init__(self, *args: Any, **attributes: Any) -> None:
        attributes.setdefault("entity", self.ENTITY)
        super().__init__(*args, **attributes)

    @classmethod
    def _get_connection(cls) -> TableConnection:
        return table()

    @classmethod
    def read(cls, pk: str, sk: str, *, consistent: bool = True) -> Self | None:
        """Return the item, or None; one GetItem."""
        raw = get(pk, sk, consistent=consistent)
        return cls.from_raw_data(raw) if raw else None

    @classmethod
    def items(cls, pk: str, *, index: str | None = None, **options: Any) -> Iterator[Self]:
        """Yield every item of a partition in key order, page after page (see ``query`` for the options)."""
        return map(cls.from_raw_data, each(pk, index=index, **options))

    @classmethod
    def page(cls, pk: str, **options: Any) -> "Page[Self]":
        """Return one page of a partition, by sort key (see ``query`` for the options)."""
        found = query(pk, **options)
        return Page(tuple(cls.from_raw_data(raw) for raw in found.items), found.cursor)


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Part of a partition; ``cursor`` is where to go on, None at the end."""

    items: tuple[T, ...]
    cursor: str | None


def get(pk: str, sk: str, *, consistent: bool = True) -> RawItem | None:
    """Return one item, or None; one GetItem."""
    with _translated():
        return table().get_item(pk, sk, consistent_read=consistent).get("Item") or None


def each(pk: str, **options: Any) -> Iterator[RawItem]:
    """Yield every item of a partition in key order, page after page (see ``query`` for the options)."""
    for page in pages(lambda cursor: query(pk, cursor=cursor, **options)):
        yield from page.items


def query(
    pk: str,
    *,
    index: str | None = None,
    prefix: str | None = None,
    between: tuple[str, str] | None = None,
    where: Condition | None = None,
    limit: int | None = None,
    cursor: str | None = None,
    newest_first: bool = False,
) -> "Page[RawItem]":
    """Return one page of a partition, by sort key.

    Args:
        pk: the partition, of the table or of ``index``.
        index: ``gsi1`` or ``gsi2``; the table itself when None.
        prefix: only sort keys that begin so.
        between: only sort keys from the first to the second text, both included.
        where: a filter on other attributes, applied after ``limit`` as DynamoDB does.
        limit: items to look at, at most.
        cursor: where an earlier page of the same partition ended.
        newest_first: descending order.

    Raises:
        Invalid: the cursor is not one of ours, or belongs to another partition, so also to another tenant.
    """
    sort_key = Attr(f"{index or ''}sk")
    condition: Condition | None = None
    if prefix is not None:
        condition = sort_key.startswith(prefix)
    elif between is not None:
        condition = sort_key.between(*between)
    with _translated(cursor):
        answer = table().query(
            pk,
            range_key_condition=condition,
            filter_condition=where,
            index_name=index,
            limit=limit,
            consistent_read=index is None,
            scan_index_forward=not newest_first,
            exclusive_start_key=_read_cursor(cursor, index, pk),
        )
    last = answer.get("LastEvaluatedKey")
    return Page(tuple(answer["Items"]), _write_cursor(last) if last else None)


def _write_cursor(last_key: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(last_key, separators=(",", ":")).encode()).decode()


def _read_cursor(cursor: str | None, index: str | None, pk: str) -> dict[str, Any] | None:
    if cursor is None:
        return None
    names = {"pk", "sk"} if index is None else {"pk", "sk", f"{index}pk", f"{index}sk"}
    try:
        last_key: dict[str, Any] = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        texts = {name: value["S"] for name, value in last_key.items() if len(value) == 1}
        ours = texts.keys() == last_key.keys() == names and texts[f"{index or ''}pk"] == pk
        if ours and all(isinstance(text, str) and text for text in texts.values()):
            return last_key
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        pass
    raise _foreign_cursor()


def _foreign_cursor() -> Invalid:
    return Invalid(field="cursor", problem=CURSOR)


def read_many(
    keys: Sequence[tuple[str, str]], *, consistent: bool = True, table_name: str = ""
) -> dict[tuple[str, str], RawItem]:
    """Return the items that exist among up to 100 (pk, sk) pairs, by pair; one BatchGetItem.

    ``table_name``: another table than the context's, that ``know_table`` was told of.

    Raises:
        Unavailable: DynamoDB left some keys unread after three tries.
    """
    found: dict[tuple[str, str], RawItem] = {}
    name = table_name or table().table_name
    wanted: list[dict[str, Any]] = [{"pk": pk, "sk": sk} for pk, sk in dict.fromkeys(keys)]
    for _ in range(3):
        with _translated():
            answer = connection().batch_get_item(
                name, cast("Any", wanted), consistent_read=consistent, return_consumed_capacity="NONE"
            )
        for raw in answer.get("Responses", {}).get(name, []):
            found[raw["pk"]["S"], raw["sk"]["S"]] = raw
        unread = answer.get("UnprocessedKeys", {}).get(name, {}).get("Keys", [])
        wanted = [{name: value["S"] for name, value in item.items()} for item in unread]
        if not wanted:
            return found
    raise Unavailable


class _translated:  # noqa: N801 - a context manager that reads as a word
    """Turns PynamoDB's faults into our own, so that nothing above knows PynamoDB.

    What DynamoDB calls malformed, or forbids, stays so however often it is asked: it is told as the caller's cursor or
    key, or as our fault, never as an outage.
    """

    def __init__(self, cursor: str | None = None) -> None:
        self._cursor = cursor

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if not isinstance(error, PynamoDBException):
            return
        code = error_code(error)
        if code in DENIED:
            raise Failed from error
        if code != "ValidationException":
            raise Unavailable from error
        if "hashkey" in str(error.cause) or "rangekey" in str(error.cause) or "key limit" in str(error.cause):
            raise InvalidKey(field="id", problem=TOO_LONG) from error
        if self._cursor is not None:
            raise _foreign_cursor() from error
        raise Failed from error


def error_code(error: PynamoDBException) -> str:
    """Return DynamoDB's name of the error, empty when it never answered."""
    # A time-out's botocore error has ``response = None``, which PynamoDB's own property does not expect.
    response = getattr(error.cause, "response", None) or {}
    return str(response.get("Error", {}).get("Code", ""))
