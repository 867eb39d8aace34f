"""Starts and wakes executions of the state machine run_cutover."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from enghub.core import aws, config, log
from enghub.kit.runs import executions


@dataclass(frozen=True, slots=True)
class Config:
    """Where cut-overs are executed."""

    state_machine_arn_run_cutover: str


class StateMachine:
    """The ``Launcher`` and ``Waker`` of ``cutover.repository``."""

    def launch(self, name: str, given: Mapping[str, Any]) -> None:
        """Start the execution ``name``; see ``executions.start``."""
        executions.start(config.load(Config).state_machine_arn_run_cutover, name, given)

    def wake(self, token: str) -> None:
        """Let an execution go on at once. One that cannot be woken looks by itself within a minute."""
        try:
            aws.client("stepfunctions").send_task_success(taskToken=token, output="{}")
        except (ClientError, BotoCoreError) as error:
            log.info("execution not woken", reason=type(error).__name__)
