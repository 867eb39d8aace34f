"""What stands between Lambda and a handler, per kind of trigger: log keys, metrics, faults turned into answers."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from enghub.core import garbage  # noqa: F401 - first: it makes the imports after it cheaper
from enghub.core.inbox import AlreadyHandled
from enghub.core.observability import logger, metrics

if TYPE_CHECKING:  # queue consumers and workflow tasks do not pay for the event handler
    from aws_lambda_powertools.event_handler import APIGatewayRestResolver

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

    @property
    def event(self) -> dict[str, Any]:
        """The envelope, when a bus rule put the message into the queue."""
        detail: dict[str, Any] = self.body["detail"]
        return detail


def queue(handle: Callable[[Message], None]) -> Handler:
    """Return the Lambda handler of a queue consumer: one failed message returns alone, the rest of its batch lands.

    ``AlreadyHandled`` is a success. A message whose body is no JSON object fails, and so reaches the dead-letter queue.
    """

    def lambda_handler(event: Event, _: LambdaContext) -> dict[str, list[dict[str, str]]]:
        failed = []
        for record in event["Records"]:
            message_id = record["messageId"]
            try:
                handle(_message(record))
            except AlreadyHandled:
                logger.info("message was handled before", message_id=message_id)
            except Exception:
                logger.exception("message failed", message_id=message_id)
                failed.append({"itemIdentifier": message_id})
        logger.info("batch handled", messages=len(event["Records"]), failed=len(failed))
        return {"batchItemFailures": failed}

    return _instrumented(lambda_handler)


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
