"""DynamoDB through PynamoDB: one table per context, one shared connection, reads in pages.

Every record class of a context lives in the same table (keys ``pk``, ``sk`` and two general indexes). PynamoDB makes
one botocore client per model class, 70-200 ms each; ``Record`` shares one instead, through ``_get_connection`` and
``add_meta_table`` (see tests/contract/core/test_dynamo.py).
"""

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any, ClassVar, Generic, Self, TypeVar, cast
from urllib.parse import quote

from pynamodb.attributes import Attribute, NumberAttribute, UnicodeAttribute
from pynamodb.connection.base import Connection, MetaTable
from pynamodb.connection.table import TableConnection
from pynamodb.constants import NUMBER, STRING
from pynamodb.exceptions import PynamoDBException
from pynamodb.expressions.condition import Condition
from pynamodb.models import Model

from enghub.core import clock
from enghub.core.config import CoreConfig, load
from enghub.core.errors import Invalid, Unavailable

INDEXES = ("gsi1", "gsi2")
MAX_READ_KEYS = 100
"""BatchGetItem takes 100 keys."""

RawItem = dict[str, dict[str, Any]]
"""One item as DynamoDB sends it: attribute name to type descriptor to value."""


def key(*parts: str | int) -> str:
    """Join ``parts`` into one key; a ``#`` inside a part is escaped, so that no value can reach another's key."""
    return "#".join(quote(str(part), safe=" :-_.+@/,()") for part in parts)


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
    return Connection(
        connect_timeout_seconds=1,
        read_timeout_seconds=4,
        retry_configuration={"total_max_attempts": 3, "mode": "standard"},
        max_pool_connections=10,
    )


@cache
def table() -> TableConnection:
    """Return the context's table on the shared connection; no DescribeTable is sent."""
    name = load(CoreConfig).table_name
    shared = TableConnection(name)
    shared.connection = connection()
    names = ["pk", "sk", *(f"{index}{part}" for index in INDEXES for part in ("pk", "sk"))]
    shared.connection.add_meta_table(
        MetaTable(
            {
                "TableName": name,
                "KeySchema": _schema("pk", "sk"),
                "AttributeDefinitions": [{"AttributeName": n, "AttributeType": "S"} for n in names],
                "GlobalSecondaryIndexes": [
                    {"IndexName": index, "KeySchema": _schema(f"{index}pk", f"{index}sk")} for index in INDEXES
                ],
            }
        )
    )
    return shared


def _schema(hash_key: str, range_key: str) -> list[dict[str, str]]:
    return [
        {"AttributeName": hash_key, "KeyType": "HASH"},
        {"AttributeName": range_key, "KeyType": "RANGE"},
    ]


R = TypeVar("R", bound="Record")


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
        with _translated():
            raw = table().get_item(pk, sk, consistent_read=consistent).get("Item")
        return cls.from_raw_data(raw) if raw else None

    @classmethod
    def items(cls, pk: str, *, index: str | None = None, **options: Any) -> Iterator[Self]:
        """Yield every item of a partition in key order, page after page (see ``page`` for the options)."""
        cursor: str | None = None
        while True:
            found = cls.page(pk, index=index, cursor=cursor, **options)
            yield from found.items
            cursor = found.cursor
            if cursor is None:
                return

    @classmethod
    def page(
        cls,
        pk: str,
        *,
        index: str | None = None,
        prefix: str | None = None,
        between: tuple[str, str] | None = None,
        where: Condition | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        newest_first: bool = False,
    ) -> "Page[Self]":
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
            Invalid: the cursor is malformed or belongs to another partition, so also to another tenant.
        """
        prefix_name = index or ""
        sort_key = UnicodeAttribute(attr_name=f"{prefix_name}sk")
        condition: Condition | None = None
        if prefix is not None:
            condition = sort_key.startswith(prefix)
        elif between is not None:
            condition = sort_key.between(*between)
        with _translated():
            answer = table().query(
                pk,
                range_key_condition=condition,
                filter_condition=where,
                index_name=index,
                limit=limit,
                consistent_read=index is None,
                scan_index_forward=not newest_first,
                exclusive_start_key=_read_cursor(cursor, f"{prefix_name}pk", pk),
            )
        last = answer.get("LastEvaluatedKey")
        return Page(
            items=tuple(cls.from_raw_data(raw) for raw in answer["Items"]),
            cursor=_write_cursor(last) if last else None,
        )


@dataclass(frozen=True, slots=True)
class Page(Generic[R]):
    """Part of a partition; ``cursor`` is where to go on, None at the end."""

    items: tuple[R, ...]
    cursor: str | None


def _write_cursor(last_key: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(last_key, separators=(",", ":")).encode()).decode()


def _read_cursor(cursor: str | None, hash_name: str, pk: str) -> dict[str, Any] | None:
    if cursor is None:
        return None
    try:
        last_key: dict[str, Any] = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        if last_key[hash_name] == {"S": pk}:
            return last_key
    except (ValueError, KeyError, TypeError):
        pass
    raise Invalid(field="cursor", problem="take it unchanged from the previous page of the same list")


def read_many(keys: Sequence[tuple[str, str]], *, consistent: bool = True) -> dict[tuple[str, str], RawItem]:
    """Return the items that exist among up to 100 (pk, sk) pairs, by pair; one BatchGetItem.

    Raises:
        Unavailable: DynamoDB left some keys unread after three tries.
    """
    found: dict[tuple[str, str], RawItem] = {}
    wanted: list[dict[str, Any]] = [{"pk": pk, "sk": sk} for pk, sk in dict.fromkeys(keys)]
    for _ in range(3):
        with _translated():
            answer = connection().batch_get_item(table().table_name, cast("Any", wanted), consistent_read=consistent)
        for raw in answer.get("Responses", {}).get(table().table_name, []):
            found[raw["pk"]["S"], raw["sk"]["S"]] = raw
        unread = answer.get("UnprocessedKeys", {}).get(table().table_name, {}).get("Keys", [])
        wanted = [{name: value["S"] for name, value in item.items()} for item in unread]
        if not wanted:
            return found
    raise Unavailable


class _translated:  # noqa: N801 - a context manager that reads as a word
    """Turns PynamoDB's faults into Unavailable, so that nothing above knows PynamoDB."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, PynamoDBException):
            raise Unavailable from error
