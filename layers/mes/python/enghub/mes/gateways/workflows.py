"""Starts executions of the state machine plan_chunks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from enghub.core import config
from enghub.kit.runs import executions


@dataclass(frozen=True, slots=True)
class Config:
    """Where large runs are executed."""

    state_machine_arn_plan_chunks: str


class StateMachine:
    """The ``Launcher`` of ``large_plans.repository``."""

    def launch(self, name: str, given: Mapping[str, Any]) -> None:
        """Start the execution ``name``; see ``executions.start``."""
        executions.start(config.load(Config).state_machine_arn_plan_chunks, name, given)
