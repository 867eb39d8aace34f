"""All-or-nothing writes: what happens together is one DynamoDB transaction."""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from pynamodb.exceptions import CancellationReason, TransactWriteError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.expressions.update import Update as UpdateExpression

from enghub.core import ids
from enghub.core.codec import Key
from enghub.core.dynamo import DENIED, INDEXES, TOO_LONG, Attr, RawItem, Record, connection, error_code, table
from enghub.core.errors import EngHubError, Failed, InvalidKey, TooLarge, Unavailable
from enghub.core.i18n import Text

MAX_TRANSACTION_ITEMS = 100
"""TransactWriteItems takes 100 items and 4 MB."""
MAX_SORT_KEY_BYTES = 1024
"""Of the table and of the indexes; a partition key takes 2,048, which ``dynamo.key`` looks after."""
MAX_ITEM_BYTES = 400 * 1024
"""Of one item, names and values together."""
ATTEMPTS = 12
OnRefusal = Callable[[RawItem | None], Exception]
"""Turns a failed condition into the error to raise; gets the stored item, None when there is none."""


@dataclass(frozen=True, slots=True)
class Put:
    """Store ``record``; refused when ``condition`` does not hold on what is stored."""

    record: Record
    condition: Condition | None = None
    refusal: OnRefusal | None = None


@dataclass(frozen=True, slots=True)
class PutItem:
    """Store an item as it is; refused when ``condition`` does not hold on what is stored."""

    item: RawItem
    condition: Condition | None = None
    refusal: OnRefusal | None = None


@dataclass(frozen=True, slots=True)
class Update:
    """Change attributes of one item."""

    record: Record | Key
    actions: Sequence[Action]
    condition: Condition | None = None
    refusal: OnRefusal | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """Demand ``condition`` of an item that is not changed."""

    pk: str
    sk: str
    condition: Condition
    refusal: OnRefusal | None = None


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove one item."""

    record: Record | Key
    condition: Condition | None = None
    refusal: OnRefusal | None = None


Write = Put | PutItem | Update | Check | Delete


class ConditionFailed(EngHubError):
    """A write's condition did not hold and the write names no error of its own: a fault of ours."""

    def __init__(self, write: Write, item: RawItem | None) -> None:
        super().__init__(entity=_entity(write))
        self.write = write
        self.item = item


class ItemTooLarge(TooLarge):
    """What is to be stored as one is larger than an item may be; ``field`` is the largest part of it."""

    text = Text(
        "{field} is too large: what is stored as one may have {limit_bytes} bytes; shorten it",
        "{field} 过大：单条数据最多 {limit_bytes} 字节，请缩短",
    )


class _Contention(Exception):
    """Another transaction touched the same items at the same moment, or the table takes no more just now."""

    def __init__(self, problem: str, *, is_ours: bool = False) -> None:
        super().__init__(problem)
        self.is_ours = is_ours
        """The other one is this very request, sent before, whose answer did not arrive."""


def absent() -> Condition:
    """Return the condition that no item has this key yet."""
    return _ABSENT


_ABSENT = Attr("pk").does_not_exist()


def transact(*writes: Write, table_name: str = "") -> None:
    """Apply all ``writes`` or none, once, however often the network repeats them; to the context's table by default.

    One request token covers the SDK's own retries (10 minutes); protection across invocations is the business of the
    items themselves (``absent()``, versions, claims). A collision with another transaction is tried again with jitter.

    Raises:
        Exception: what the first refused write's ``refusal`` returns.
        ConditionFailed: a write without ``refusal`` was refused.
        InvalidKey: an id is too long for a sort key.
        ItemTooLarge: an item is over 400 KB; it names the largest part.
        Failed: DynamoDB calls the request malformed, or forbids it.
        Unavailable: contention, throttling or an outage outlasted the retries; nothing was written, or the outcome is
            unknown and a repeat is safe.
    """
    ordered = sorted(writes, key=_place)
    operations: list[list[dict[str, Any]]] = [[], [], [], []]
    for write in ordered:
        operations[_place(write)].append(_operation(write, table_name))
    token = ids.new_id()
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return _attempt(writes, ordered, operations, token)
        except _Contention as error:
            token = token if error.is_ours else ids.new_id()
            if attempt == ATTEMPTS:
                raise Unavailable(reason=str(error)) from error.__cause__
            time.sleep(random.uniform(0, min(0.5, 0.02 * 2**attempt)))  # noqa: S311 - jitter
    raise Unavailable


_ORDER = {Check: 0, Delete: 1, Put: 2, PutItem: 2, Update: 3}
"""PynamoDB sends them in this order, and so come the reasons back."""


def _place(write: Write) -> int:
    return _ORDER[type(write)]


def _attempt(
    writes: Sequence[Write], ordered: Sequence[Write], operations: list[list[dict[str, Any]]], token: str
) -> None:
    try:
        checks, deletes, puts, updates = operations
        connection().transact_write_items(
            checks, deletes, puts, updates, client_request_token=token, return_consumed_capacity="NONE"
        )
    except TransactWriteError as error:
        _explain(error, writes, ordered)


# --- one write as DynamoDB takes it ---


def _operation(write: Write, table_name: str = "") -> dict[str, Any]:
    names: dict[str, str] = {}
    values: dict[str, Any] = {}
    made = {"TableName": table_name or table().table_name, **_target(write)}
    if isinstance(write, Update):
        made["UpdateExpression"] = UpdateExpression(*write.actions).serialize(names, values)
    if isinstance(write, Put | PutItem | Update):
        made["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    if write.condition is _ABSENT:
        made["ConditionExpression"] = "attribute_not_exists (pk)"
    elif write.condition is not None:
        made["ConditionExpression"] = write.condition.serialize(names, values)
    if names:
        made["ExpressionAttributeNames"] = {placeholder: name for name, placeholder in names.items()}
    if values:
        made["ExpressionAttributeValues"] = values
    return made


def _target(write: Write) -> dict[str, Any]:
    match write:
        case PutItem(item):
            return {"Item": item}
        case Put(record):
            return {"Item": _item(record)}
        case Check(pk, sk):
            return {"Key": _key((pk, sk))}
        case Update(record) | Delete(record):
            return {"Key": _key(record)}


def _key(record: Record | Key) -> RawItem:
    pk, sk = record if isinstance(record, tuple) else (record.pk, record.sk)
    return {"pk": {"S": pk}, "sk": {"S": sk}}


@cache
def _attributes(kind: type[Record]) -> list[tuple[str, str, str, Callable[[Any], Any]]]:
    found = kind.get_attributes().items()
    return [(name, attribute.attr_name, attribute.attr_type, attribute.serialize) for name, attribute in found]


def _item(record: Record) -> RawItem:
    """Return a record as DynamoDB takes it; PynamoDB's own way checks every attribute against its class each time."""
    values = record.attribute_values
    item: RawItem = {}
    for name, attribute, tag, serialize in _attributes(type(record)):
        value = values.get(name)
        if value is not None:
            item[attribute] = {tag: serialize(value)}
    return item


# --- why a transaction was cancelled ---


_IN_PROGRESS = "TransactionInProgressException"
_CONFLICTS = {"TransactionConflict", "TransactionConflictException", _IN_PROGRESS}
_THROTTLES = {"ThrottlingError", "ThrottlingException", "ProvisionedThroughputExceeded", "RequestLimitExceeded"}
_MALFORMED = {"ValidationError", "ValidationException"}
_SORT_KEYS = {"sk", *(f"{index}sk" for index in INDEXES)}


def _explain(error: TransactWriteError, writes: Sequence[Write], ordered: Sequence[Write]) -> None:
    reasons: dict[int, CancellationReason] = {
        id(write): reason
        for write, reason in zip(ordered, error.cancellation_reasons, strict=False)
        if reason is not None
    }
    for write in writes:
        reason = reasons.get(id(write))
        if reason is not None and reason.code == "ConditionalCheckFailed":
            item = reason.raw_item or None
            raise (write.refusal(item) if write.refusal else ConditionFailed(write, item)) from error
    codes = {reason.code for reason in reasons.values()} | {error_code(error)}
    if codes & DENIED:
        raise Failed from error
    if codes & _CONFLICTS:
        message = "too many writers on the same item"
        raise _Contention(message, is_ours=_IN_PROGRESS in codes) from error
    if codes & _THROTTLES:
        message = "the table takes no more writes at the moment"
        raise _Contention(message) from error
    if codes & _MALFORMED:
        raise _malformed(writes, reasons) from error
    raise Unavailable from error


def _malformed(writes: Sequence[Write], reasons: Mapping[int, CancellationReason]) -> Exception:
    """Return what no repeat will mend: an item that is too large, or our own mistake."""
    blamed = [write for write in writes if getattr(reasons.get(id(write)), "code", "") in _MALFORMED]
    for write in blamed or writes:
        sizes = _sizes(write)
        if any(size > MAX_SORT_KEY_BYTES for name, size in sizes.items() if name in _SORT_KEYS):
            return InvalidKey(field="id", problem=TOO_LONG)
        told = blamed and "size" in str(reasons[id(write)].message).lower()
        if sizes and (told or sum(sizes.values()) > MAX_ITEM_BYTES):
            return ItemTooLarge(field=max(sizes, key=sizes.__getitem__), limit_bytes=MAX_ITEM_BYTES)
    return Failed()


def _sizes(write: Write) -> dict[str, int]:
    """Return the bytes of each attribute that the write sets."""
    operation = _operation(write)
    if isinstance(write, Put | PutItem):
        return {name: len(name) + _bytes(value) for name, value in operation["Item"].items()}
    names = operation.get("ExpressionAttributeNames", {})
    values = operation.get("ExpressionAttributeValues", {})
    settings = [part.split(" = ") for part in operation.get("UpdateExpression", "")[4:].split(", ") if " = " in part]
    return {names[name]: _bytes(values[value.split()[0]]) for name, value in settings if value.split()[0] in values}


def _bytes(value: Mapping[str, Any]) -> int:
    content = next(iter(value.values()))
    return len(content) if isinstance(content, bytes) else len(str(content).encode())


def _entity(write: Write) -> str:
    if isinstance(write, PutItem):
        return str(write.item["entity"]["S"])
    record = None if isinstance(write, Check) else write.record
    return record.entity if isinstance(record, Record) else "item"
