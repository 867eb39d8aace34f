"""Executions of state machines, each started once by its name."""

import json
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from enghub.core import aws
from enghub.core.errors import Unavailable


def start(state_machine_arn: str, name: str, given: Mapping[str, Any]) -> None:
    """Start the execution ``name`` with its input; does nothing when it was started before.

    Raises:
        Unavailable: Step Functions did not take it; repeating is safe.
    """
    try:
        aws.client("stepfunctions").start_execution(
            stateMachineArn=state_machine_arn, name=name, input=json.dumps(given)
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
            raise Unavailable from error
    except BotoCoreError as error:
        raise Unavailable from error
