"""What can go wrong with a call of AWS, injected where botocore sends: for any service, any client, any call.

A call is one operation as the code sees it, with all the SDK's own attempts. Moto answers, in memory; as DynamoDB does
and moto does not, a transaction with a token that was seen is answered again and not applied again.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from io import BytesIO
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ReadTimeoutError
from moto.core.botocore_stubber import BotocoreStubber

from tests.factories.faults import Crash

TRANSACTIONS = {"TransactWriteItems"}
BATCHES = {"BatchGetItem", "BatchWriteItem", "PutEvents", "SendMessageBatch"}


class Fault(StrEnum):
    """What goes wrong with one call."""

    THROTTLED = "throttled"
    """Refused for load, at every attempt of the SDK."""
    LOST_BEFORE = "lost before"
    """No attempt arrives: nothing is applied, no answer comes."""
    LOST_AFTER = "lost after"
    """Applied, but no answer comes, at no attempt."""
    LOST_ONCE = "lost once"
    """Applied, the answer is lost; the SDK's next attempt is answered."""
    CANCELLED = "cancelled"
    """A transaction meets another one."""
    PARTIAL = "partial"
    """Of a batch, the first is not done."""
    GONE_BEFORE = "gone before"
    """The process dies before the call leaves."""
    GONE_AFTER = "gone after"
    """The process dies when the call is applied, before it sees the answer."""

    def fits(self, operation: str) -> bool:
        """Tell whether it can happen to `operation` (service.Operation)."""
        name = operation.partition(".")[2]
        return {Fault.CANCELLED: name in TRANSACTIONS, Fault.PARTIAL: name in BATCHES}.get(self, True)


@dataclass
class Wire:
    """The calls that were made, in order, and which of them go wrong how (the first is number 1)."""

    faults: Mapping[int, Fault] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    _ids: dict[str, int] = field(default_factory=dict)
    _attempts: Counter[int] = field(default_factory=Counter)
    _answered: dict[str, AWSResponse] = field(default_factory=dict)

    def send(self, moto: Callable[[], AWSResponse | None], operation: str, request: Any) -> AWSResponse | None:
        """Answer one attempt."""
        number = self._place(operation, request)
        fault = self.faults.get(number)
        if fault is None or not fault.fits(operation):  # two reads at once come in either order
            return self._applied(moto, request)
        self._attempts[number] += 1
        is_first = self._attempts[number] == 1
        applied = partial(self._applied, moto, request)
        match fault:
            case Fault.THROTTLED:
                return throttled(operation, request)
            case Fault.CANCELLED:
                return cancelled(request) if is_first else applied()
            case Fault.PARTIAL:
                return all_but_first(operation, request, applied)
            case Fault.GONE_BEFORE:
                raise Crash
            case Fault.GONE_AFTER:
                applied()
                raise Crash
            case Fault.LOST_ONCE if not is_first:
                return applied()
            case Fault.LOST_AFTER | Fault.LOST_ONCE if is_first:
                applied()
        raise ReadTimeoutError(endpoint_url=request.url)

    def _place(self, operation: str, request: Any) -> int:
        name = _text(request.headers.get("amz-sdk-invocation-id") or f"{operation} {len(self.calls)}")
        if name not in self._ids:
            self.calls.append(operation)
            self._ids[name] = len(self.calls)
        return self._ids[name]

    def _applied(self, moto: Callable[[], AWSResponse | None], request: Any) -> AWSResponse | None:
        token = _body(request).get("ClientRequestToken")
        if token in self._answered:
            kept = self._answered[token]
            return made(request, kept.status_code, kept.content)
        answer = moto()
        if token and answer is not None and answer.status_code == 200:
            self._answered[token] = made(request, 200, answer.content)
        return answer


@contextmanager
def wired(wire: Wire) -> Iterator[Wire]:
    """Let every call of AWS in this process pass `wire`."""
    through = BotocoreStubber.__call__

    def call(self: BotocoreStubber, event_name: str, request: Any, **rest: Any) -> AWSResponse | None:
        operation = event_name.removeprefix("before-send.")
        return wire.send(lambda: through(self, event_name, request, **rest), operation, request)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BotocoreStubber, "__call__", call)
        yield wire


def throttled(operation: str, request: Any) -> AWSResponse:
    """Return the refusal for load, in the service's own form."""
    if operation.startswith("s3."):
        return made(request, 503, b"<Error><Code>SlowDown</Code><Message>slow down</Message></Error>")
    code = "ProvisionedThroughputExceededException" if operation.startswith("dynamodb.") else "ThrottlingException"
    return made(request, 400, json.dumps({"__type": code, "message": "slow down"}).encode())


def cancelled(request: Any) -> AWSResponse:
    """Return what DynamoDB says when another transaction has the first item."""
    reasons = [{"Code": "None"} for _ in _body(request)["TransactItems"]]
    reasons[0] = {"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"}
    names = ", ".join(reason["Code"] for reason in reasons)
    told = {
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": f"Transaction cancelled, please refer cancellation reasons for specific reasons [{names}]",
        "CancellationReasons": reasons,
    }
    return made(request, 400, json.dumps(told).encode())


def all_but_first(operation: str, request: Any, applied: Callable[[], AWSResponse | None]) -> AWSResponse:
    """Let all but the first entry of a batch be done, and answer as the service then does."""
    sent = _body(request)
    match operation.partition(".")[2]:
        case "BatchGetItem":
            return made(request, 200, json.dumps({"Responses": {}, "UnprocessedKeys": sent["RequestItems"]}).encode())
        case "BatchWriteItem":
            return made(request, 200, json.dumps({"UnprocessedItems": sent["RequestItems"]}).encode())
    first, *others = sent["Entries"]
    answer: dict[str, Any] = {"Entries": [], "Successful": [], "Failed": []}
    if others:
        request.body = json.dumps({**sent, "Entries": others}).encode()
        told = applied()
        assert told is not None
        answer |= json.loads(told.content)
    if operation == "events.PutEvents":
        failed = {"ErrorCode": "ThrottlingException", "ErrorMessage": "slow down"}
        answer = {"FailedEntryCount": 1, "Entries": [failed, *answer["Entries"]]}
    else:
        answer["Failed"] = [{"Id": first["Id"], "SenderFault": False, "Code": "RequestThrottled"}]
    return made(request, 200, json.dumps(answer).encode())


def made(request: Any, status: int, body: bytes) -> AWSResponse:
    """Return an answer with a body."""
    headers: Any = {"content-type": "application/x-amz-json-1.0", "x-amzn-requestid": "1"}
    return AWSResponse(request.url, status, headers, _Raw(body))


class _Raw(BytesIO):
    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


def _body(request: Any) -> dict[str, Any]:
    try:
        found = json.loads(request.body or b"{}")
    except (ValueError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
