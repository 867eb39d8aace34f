"""Starts executions of the state machine plan_chunks."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from enghub.core import aws, config
from enghub.core.errors import Unavailable


@dataclass(frozen=True, slots=True)
class Config:
    """Where large runs are executed."""

    state_machine_arn_plan_chunks: str


class StateMachine:
    """The ``Launcher`` of ``large_plans.repository``."""

    def launch(self, name: str, given: Mapping[str, Any]) -> None:
        """Start the execution ``name``; does nothing when it was started before.

        Raises:
            Unavailable: Step Functions did not take it; repeating is safe.
        """
        arn = config.load(Config).state_machine_arn_plan_chunks
        try:
            aws.client("stepfunctions").start_execution(stateMachineArn=arn, name=name, input=json.dumps(given))
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
                raise Unavailable from error
        except BotoCoreError as error:
            raise Unavailable from error
