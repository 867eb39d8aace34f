"""The ports of ``waking`` on EventBridge Scheduler and SQS, and the queue consumers made of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from enghub.core import aws, config
from enghub.core.clock import system_clock
from enghub.core.entrypoints import Handler as LambdaHandler
from enghub.core.entrypoints import Message, queue
from enghub.core.timers import dynamo
from enghub.core.timers.model import Wake
from enghub.core.timers.waking import Handler, arm, woken

TRIES = 3
"""Between two calls a schedule may appear, or fire and be gone."""


@dataclass(frozen=True, slots=True)
class QueueConfig:
    """Where wake-ups go."""

    timers_queue_url: str


@dataclass(frozen=True, slots=True)
class SchedulerConfig:
    """The stage's schedule group, and as whom and where a schedule of this context sends."""

    context: str
    schedule_group: str
    schedule_role_arn: str
    timers_queue_arn: str


@dataclass(frozen=True, slots=True)
class SqsQueue:
    """The context's queue of wake-ups."""

    url: str

    @classmethod
    def here(cls) -> "SqsQueue":
        """Return the one of this function's context."""
        return cls(config.load(QueueConfig).timers_queue_url)

    def send(self, wake: Wake, delay_seconds: int) -> None:
        """See Queue."""
        aws.client("sqs").send_message(QueueUrl=self.url, MessageBody=wake.to_json(), DelaySeconds=delay_seconds)


@dataclass(frozen=True, slots=True)
class EventBridgeScheduler:
    """One-time schedules that delete themselves; times in UTC, targets always the context's queue."""

    context: str
    schedule_group: str
    role_arn: str
    queue_arn: str

    @classmethod
    def here(cls) -> "EventBridgeScheduler":
        """Return the one of this function's stage and context."""
        found = config.load(SchedulerConfig)
        return cls(found.context, found.schedule_group, found.schedule_role_arn, found.timers_queue_arn)

    def put(self, wake: Wake, at: datetime) -> None:
        """See Scheduler. UpdateSchedule replaces every field, so both calls carry the same."""
        client, request = aws.client("scheduler"), self._request(wake, at)
        calls = (client.create_schedule, client.update_schedule)
        for attempt in range(TRIES):
            try:
                calls[attempt % 2](**request)
            except ClientError as error:
                if _code(error) not in {"ConflictException", "ResourceNotFoundException"} or attempt == TRIES - 1:
                    raise
            else:
                return

    def remove(self, wake: Wake) -> None:
        """See Scheduler."""
        try:
            aws.client("scheduler").delete_schedule(Name=self._name(wake), GroupName=self.schedule_group)
        except ClientError as error:
            if _code(error) != "ResourceNotFoundException":
                raise

    def _name(self, wake: Wake) -> str:
        return f"{self.context}-{wake.name}"

    def _request(self, wake: Wake, at: datetime) -> dict[str, Any]:
        return {
            "Name": self._name(wake),
            "GroupName": self.schedule_group,
            "ScheduleExpression": f"at({at.astimezone(UTC):%Y-%m-%dT%H:%M:%S})",
            "ScheduleExpressionTimezone": "UTC",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "ActionAfterCompletion": "DELETE",
            "Target": {
                "Arn": self.queue_arn,
                "RoleArn": self.role_arn,
                "Input": wake.to_json(),
                "RetryPolicy": {"MaximumEventAgeInSeconds": 3600, "MaximumRetryAttempts": 10},
            },
        }


def _code(error: ClientError) -> str:
    return str(error.response["Error"]["Code"])


def arm_handler() -> LambdaHandler:
    """Return the consumer of the queue ``arm_timers``: commands from the outbox, written with a timer."""

    def arm_timer(message: Message) -> None:
        named = message.body["payload"]
        wake = Wake(message.body["tenant_id"], named["subject"], named["purpose"])
        arm(wake, dynamo, EventBridgeScheduler.here(), SqsQueue.here(), system_clock)

    return queue(arm_timer)


def wake_handler(handlers: Mapping[str, Handler]) -> LambdaHandler:
    """Return the consumer of the context's queue of wake-ups; ``handlers`` by purpose."""

    def wake(message: Message) -> None:
        woken(Wake.from_dict(message.body), handlers, dynamo, SqsQueue.here(), system_clock)

    return queue(wake)
