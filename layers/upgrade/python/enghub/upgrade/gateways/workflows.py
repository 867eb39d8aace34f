"""Starts and answers the state machines of upgrades, roll-outs and rehearsals."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from enghub.core import aws, config
from enghub.core.errors import Unavailable
from enghub.kit.runs import executions

GONE = frozenset({"TaskDoesNotExist", "TaskTimedOut", "InvalidToken"})


@dataclass(frozen=True, slots=True)
class LaunchConfig:
    """Where upgrades run."""

    state_machine_arn_upgrade_site: str
    state_machine_arn_roll_back_upgrade: str


@dataclass(frozen=True, slots=True)
class RolloutConfig:
    """Where roll-outs run."""

    state_machine_arn_roll_out_fleet: str


@dataclass(frozen=True, slots=True)
class RehearsalConfig:
    """Where rehearsals run."""

    state_machine_arn_rehearse_upgrade: str


def launch(name: str, execution_input: Mapping[str, Any], *, rollback: bool = False) -> None:
    """Start the execution ``name`` of the way up, or back; does nothing when it was started before.

    Raises:
        Unavailable: Step Functions did not take it; repeating is safe.
    """
    known = config.load(LaunchConfig)
    arn = known.state_machine_arn_roll_back_upgrade if rollback else known.state_machine_arn_upgrade_site
    executions.start(arn, name, execution_input)


def launch_rollout(name: str, execution_input: Mapping[str, Any]) -> None:
    """Start the execution ``name`` of a roll-out; does nothing when it was started before.

    Raises:
        Unavailable: Step Functions did not take it; repeating is safe.
    """
    executions.start(config.load(RolloutConfig).state_machine_arn_roll_out_fleet, name, execution_input)


def launch_rehearsal(name: str, execution_input: Mapping[str, Any]) -> None:
    """Start the execution ``name`` of a rehearsal; does nothing when it was started before.

    Raises:
        Unavailable: Step Functions did not take it; repeating is safe.
    """
    executions.start(config.load(RehearsalConfig).state_machine_arn_rehearse_upgrade, name, execution_input)


def answer(token: str) -> bool:
    """Let the workflow that waits on ``token`` go on; False when it no longer waits.

    Raises:
        Unavailable: Step Functions did not take it; repeating is safe.
    """
    try:
        aws.client("stepfunctions").send_task_success(taskToken=token, output=json.dumps({"answered": True}))
    except ClientError as error:
        if error.response["Error"]["Code"] in GONE:
            return False
        raise Unavailable from error
    except BotoCoreError as error:
        raise Unavailable from error
    return True
