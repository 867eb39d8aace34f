"""Starts and wakes executions of the state machine run_cutover."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from enghub.core import aws, config, log
from enghub.core.errors import Unavailable


@dataclass(frozen=True, slots=True)
class Config:
    """Where cut-overs are executed."""

    state_machine_arn_run_cutover: str


class StateMachine:
    """The ``Launcher`` and ``Waker`` of ``cutover.repository``."""

    def launch(self, name: str, given: Mapping[str, Any]) -> None:
        """Start the execution ``name``; does nothing when it was started before.

        Raises:
            Unavailable: Step Functions did not take it; repeating is safe.
        """
        arn = config.load(Config).state_machine_arn_run_cutover
        try:
            aws.client("stepfunctions").start_execution(stateMachineArn=arn, name=name, input=json.dumps(given))
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
                raise Unavailable from error
        except BotoCoreError as error:
            raise Unavailable from error

    def wake(self, token: str) -> None:
        """Let an execution go on at once. One that cannot be woken looks by itself within a minute."""
        try:
            aws.client("stepfunctions").send_task_success(taskToken=token, output="{}")
        except (ClientError, BotoCoreError) as error:
            log.info("execution not woken", reason=type(error).__name__)
