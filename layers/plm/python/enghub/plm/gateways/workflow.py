"""Starts executions of the state machine sync_products."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from enghub.core import aws
from enghub.core.errors import Unavailable


@dataclass(frozen=True, slots=True)
class StateMachine:
    """The ``Launcher`` of ``syncs.repository``."""

    arn: str

    def launch(self, name: str, execution_input: Mapping[str, Any]) -> None:
        """Start the execution ``name``; does nothing when it was started before.

        Raises:
            Unavailable: Step Functions did not take it; repeating is safe.
        """
        try:
            aws.client("stepfunctions").start_execution(
                stateMachineArn=self.arn, name=name, input=json.dumps(execution_input)
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
                raise Unavailable from error
        except BotoCoreError as error:
            raise Unavailable from error
