"""All-or-nothing writes: what happens together is one DynamoDB transaction."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pynamodb.exceptions import PynamoDBException, TransactWriteError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from enghub.core import ids
from enghub.core.dynamo import RawItem, Record, connection
from enghub.core.errors import EngHubError, Unavailable

MAX_TRANSACTION_ITEMS = 100
"""TransactWriteItems takes 100 items and 4 MB."""
OnRefusal = Callable[[RawItem | None], Exception]
"""Turns a failed condition into the error to raise; gets the stored item, None when there is none."""


@dataclass(frozen=True, slots=True)
class Put:
    """Store ``record``; refused when ``condition`` does not hold on what is stored."""

    record: Record
    condition: Condition | None = None
    refusal: OnRefusal | None = None


@dataclass(frozen=True, slots=True)
class Update:
    """Change attributes of the item with ``record``'s key."""

    record: Record
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
    """Remove the item with ``record``'s key."""

    record: Record
    condition: Condition | None = None
    refusal: OnRefusal | None = None


Write = Put | Update | Check | Delete


class ConditionFailed(EngHubError):
    """A write's condition did not hold and the write names no error of its own: a fault of ours."""

    def __init__(self, write: Write, item: RawItem | None) -> None:
        super().__init__(entity=getattr(getattr(write, "record", None), "entity", "item"))
        self.write = write
        self.item = item


class _Contention(Exception):
    """Another transaction touched the same items at the same moment."""


def absent() -> Condition:
    """Return the condition that no item has this key yet."""
    return Record.pk.does_not_exist()


def transact(*writes: Write) -> None:
    """Apply all ``writes`` or none, once, however often the network repeats them.

    One request token covers the SDK's own retries (10 minutes); protection across invocations is the business of the
    items themselves (``absent()``, versions, Once). A collision with another transaction is tried again with jitter.

    Raises:
        Exception: what the first refused write's ``refusal`` returns.
        ConditionFailed: a write without ``refusal`` was refused.
        Unavailable: contention or an outage outlasted the retries; nothing was written, or the outcome is unknown and
            a repeat is safe.
    """
    import tenacity  # noqa: PLC0415 - a tenth of the import of functions that only read

    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(_Contention),
        wait=tenacity.wait_random_exponential(multiplier=0.02, max=0.5),
        stop=tenacity.stop_after_attempt(12),
        reraise=True,
    )
    try:
        retrying(_attempt, writes)
    except _Contention as error:
        raise Unavailable(problem="too many writers on the same item") from error


def _attempt(writes: Sequence[Write]) -> None:
    ordered = sorted(writes, key=lambda write: (Check, Delete, Put, Update).index(type(write)))
    transaction = TransactWrite(connection=connection(), client_request_token=ids.new_id())
    for write in ordered:
        _add(transaction, write)
    try:
        transaction._commit()
    except TransactWriteError as error:
        _explain(error, writes, ordered)


def _add(transaction: TransactWrite, write: Write) -> None:
    old = "ALL_OLD"
    match write:
        case Check(pk, sk, condition):
            transaction.condition_check(Record, pk, sk, condition)
        case Delete(record, condition):
            transaction.delete(record, condition)
        case Put(record, condition):
            transaction.save(record, condition, return_values=old)
        case Update(record, actions, condition):
            transaction.update(record, list(actions), condition, return_values=old)


def _explain(error: TransactWriteError, writes: Sequence[Write], ordered: Sequence[Write]) -> None:
    reasons = {
        id(write): reason
        for write, reason in zip(ordered, error.cancellation_reasons, strict=False)
        if reason is not None
    }
    for write in writes:
        reason = reasons.get(id(write))
        if reason is not None and reason.code == "ConditionalCheckFailed":
            item = reason.raw_item or None
            raise (write.refusal(item) if write.refusal else ConditionFailed(write, item)) from error
    codes = {reason.code for reason in reasons.values()} | {_error_code(error)}
    if codes & _CONTENTION_CODES:
        raise _Contention from error
    raise Unavailable from error


_CONTENTION_CODES = {
    "TransactionConflict",
    "TransactionConflictException",
    "TransactionInProgressException",
    "ThrottlingError",
    "ProvisionedThroughputExceeded",
}


def _error_code(error: PynamoDBException) -> str:
    # A time-out's botocore error has ``response = None``, which PynamoDB's own property does not expect.
    response = getattr(error.cause, "response", None) or {}
    return str(response.get("Error", {}).get("Code", ""))
