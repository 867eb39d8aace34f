"""What stands between Lambda and a handler, per kind of trigger: log keys, metrics, faults turned into answers."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from aws_lambda_powertools.utilities.typing import LambdaContext

from enghub.core import garbage  # noqa: F401 - first: it makes the imports after it cheaper
from enghub.core.events import Envelope
from enghub.core.marks import AlreadyHandled
from enghub.core.observability import logger, metrics

if TYPE_CHECKING:  # queue consumers and workflow tasks do not pay for the event handler, nor tasks for pydantic
    from aws_lambda_powertools.event_handler import APIGatewayRestResolver

    from enghub.core.event_data import EventData

Event = dict[str, Any]
Handler = Callable[[Event, LambdaContext], Any]
_INVOCATION_KEYS = ["function_request_id", "tenant_id", "factory_id"]


def _instrumented(handler: Handler) -> Handler:
    """Wrap ``handler`` so that every log line carries the request id and metrics are flushed."""

    def lambda_handler(event: Event, context: LambdaContext) -> Any:
        logger.append_keys(function_request_id=getattr(context, "aws_request_id", ""))
        try:
            return handler(event, context)
        finally:
            if metrics.provider.metric_set:
                metrics.flush_metrics()
            logger.remove_keys(_INVOCATION_KEYS)

    return lambda_handler


def http(app: "APIGatewayRestResolver") -> Handler:
    """Return the Lambda handler of an HTTP function (see ``enghub.core.http.resolver``)."""
    return _instrumented(app.resolve)


@dataclass(frozen=True, slots=True)
class Message:
    """One queue message: its id, its parsed body, how often it was received."""

    message_id: str
    body: dict[str, Any]
    receive_count: int


def queue(handle: Callable[[Message], None]) -> Handler:
    """Return the Lambda handler of a queue consumer, as ``records`` for messages with a JSON object as body.

    A message whose body is none fails, and so reaches the dead-letter queue.
    """
    return records(lambda record: handle(_message(record)))


def records(handle: Callable[[Mapping[str, Any]], None]) -> Handler:
    """Return the Lambda handler of a queue: one failed message returns alone, the rest of its batch lands.

    ``AlreadyHandled`` is a success.
    """

    def lambda_handler(event: Event, _: LambdaContext) -> dict[str, list[dict[str, str]]]:
        failed = []
        for record in event["Records"]:
            message_id = record["messageId"]
            try:
                handle(record)
            except AlreadyHandled:
                logger.info("message was handled before", message_id=message_id)
            except Exception:
                logger.exception("message failed", message_id=message_id)
                failed.append({"itemIdentifier": message_id})
        logger.info("batch handled", messages=len(event["Records"]), failed=len(failed))
        return {"batchItemFailures": failed}

    return _instrumented(lambda_handler)


D = TypeVar("D", bound="EventData")


@dataclass(frozen=True, slots=True)
class Reader:
    """What a consumer does with events of one type."""

    event_type: str
    source: str
    data_type: "type[EventData]"
    handle: Callable[[Envelope, Any], None]


def on(data_type: type[D], handle: Callable[[Envelope, D], None]) -> Reader:
    """Read events of ``data_type`` (a class of the context's ``consumed.py``) with ``handle``: envelope, typed data."""
    return Reader(data_type.event_type(), data_type.SOURCE, data_type, handle)


class EventConsumer:
    """The Lambda handler of a consumer; the stack subscribes it to what its readers read (tools/subscriptions.py)."""

    def __init__(self, readers: tuple[Reader, ...], after: Callable[[], None] | None) -> None:
        self.readers = {reader.event_type: reader for reader in readers}
        self._handle = queue(self._read)
        self._after = after

    def __call__(self, event: Event, context: LambdaContext) -> Any:
        """Handle one batch."""
        answer = self._handle(event, context)
        if self._after is not None:
            self._after()
        return answer

    def _read(self, message: Message) -> None:
        envelope = Envelope.from_dict(message.body["detail"])
        reader = self.readers.get(envelope.event_type)
        if reader is None:
            logger.warning("event of a type that nobody here reads", event_type=envelope.event_type)
            return
        reader.handle(envelope, reader.data_type.model_validate(envelope.data))


def events(*readers: Reader, after: Callable[[], None] | None = None) -> EventConsumer:
    """Return the Lambda handler that reads events of the bus out of the function's queue; batches as for ``queue``.

    An event whose data does not fit its reader fails alone. ``after`` is done once, with what a batch collected; where
    it raises, the batch comes back.
    """
    return EventConsumer(readers, after)


def _message(record: Mapping[str, Any]) -> Message:
    body = json.loads(record["body"])
    if not isinstance(body, dict):
        message = "the body is no JSON object"
        raise TypeError(message)
    return Message(record["messageId"], body, int(record["attributes"]["ApproximateReceiveCount"]))


def task(run: Callable[[Event], Mapping[str, Any]]) -> Handler:
    """Return the Lambda handler of a state-machine task: dict in, dict out; business failures are data."""

    def lambda_handler(event: Event, _: LambdaContext) -> Mapping[str, Any]:
        result = run(event)
        logger.info("task finished")
        return result

    return _instrumented(lambda_handler)


def timed_task(run: Callable[[Event, Callable[[], float]], Mapping[str, Any]]) -> Handler:
    """Like ``task``; ``run`` also gets a function that returns the seconds left before Lambda stops it."""

    def lambda_handler(event: Event, context: LambdaContext) -> Mapping[str, Any]:
        result = run(event, lambda: context.get_remaining_time_in_millis() / 1000)
        logger.info("task finished")
        return result

    return _instrumented(lambda_handler)


def schedule(run: Callable[[], Mapping[str, Any]]) -> Handler:
    """Return the Lambda handler of a scheduled job; what ``run`` returns is logged as its result."""

    def lambda_handler(_: Event, __: LambdaContext) -> Mapping[str, Any]:
        result = run()
        logger.info("scheduled job finished", **result)
        return result

    return _instrumented(lambda_handler)


def timed_schedule(run: Callable[[Callable[[], float]], Mapping[str, Any]]) -> Handler:
    """Like ``schedule``; ``run`` gets a function that returns the seconds left before Lambda stops it."""

    def lambda_handler(_: Event, context: LambdaContext) -> Mapping[str, Any]:
        result = run(lambda: context.get_remaining_time_in_millis() / 1000)
        logger.info("scheduled job finished", **result)
        return result

    return _instrumented(lambda_handler)
