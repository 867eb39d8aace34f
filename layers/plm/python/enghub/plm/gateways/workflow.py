"""Starts executions of the state machine sync_products."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from enghub.core import aws, config
from enghub.core.errors import Unavailable
from enghub.plm.syncs import wiring
from enghub.plm.syncs.service import Launching


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


@dataclass(frozen=True, slots=True)
class Config:
    """Where sync runs are executed."""

    state_machine_arn_sync_products: str


def launching() -> Launching:
    """Return what starts executions, wired to the state machine of this stage."""
    return Launching(wiring.syncs(), StateMachine(config.load(Config).state_machine_arn_sync_products))
