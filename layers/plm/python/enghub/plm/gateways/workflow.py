"""Starts executions of the state machine sync_products."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from enghub.core import config
from enghub.kit.runs import executions
from enghub.plm.syncs import wiring
from enghub.plm.syncs.service import Launching


@dataclass(frozen=True, slots=True)
class StateMachine:
    """The ``Launcher`` of ``syncs.repository``."""

    arn: str

    def launch(self, name: str, execution_input: Mapping[str, Any]) -> None:
        """Start the execution ``name``; see ``executions.start``."""
        executions.start(self.arn, name, execution_input)


@dataclass(frozen=True, slots=True)
class Config:
    """Where sync runs are executed."""

    state_machine_arn_sync_products: str


def launching() -> Launching:
    """Return what starts executions, wired to the state machine of this stage."""
    return Launching(wiring.syncs(), StateMachine(config.load(Config).state_machine_arn_sync_products))
