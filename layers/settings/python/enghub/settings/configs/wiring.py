"""Builds what changes configuration, as far as rules of approval let it, once per process."""

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from enghub.core.clock import system_clock
from enghub.core.identity import Origin
from enghub.core.lazy import lazy
from enghub.core.setup.service import Setup
from enghub.core.timers.model import DueTimer
from enghub.core.timers.waking import Handler
from enghub.settings.approvals import dynamo as approvals
from enghub.settings.approvals.model import ApprovalRule
from enghub.settings.approvals.service import Approving, Executor
from enghub.settings.configs.approving import KIND, ConfigExecutor, gate
from enghub.settings.configs.commits import BOUNDARY, SET_DUE
from enghub.settings.configs.dynamo import DynamoConfigs
from enghub.settings.configs.model import Address, Config, Layer, Owner
from enghub.settings.configs.reading import ConfigReader
from enghub.settings.configs.restoring import ConfigRestoring
from enghub.settings.configs.sealing import FieldSeals
from enghub.settings.configs.service import ConfigService

if TYPE_CHECKING:
    from enghub.settings.configs import switching
else:
    switching = lazy("enghub.settings.configs.switching")

MAX_APPROVAL_RULES = 50
"""Of one tenant: every change reads them."""


def items() -> DynamoConfigs:
    """Return the store of items; more changes than a transaction holds become a change set."""

    def beyond(*change: Any) -> Mapping[Address, Config]:
        return switching.save_as_set(*change)

    return DynamoConfigs(beyond)


@cache
def configs() -> ConfigService:
    """Return the use cases that change configuration items, as far as rules of approval let them."""
    return ConfigService(items(), FieldSeals(), gate(approving()))


@cache
def approval_rules() -> Setup[ApprovalRule]:
    """Return the use cases of rules of approval."""
    return Setup("approval rule", approvals.rules(), MAX_APPROVAL_RULES)


@cache
def approving() -> Approving:
    """Return the use cases of requests for change of configuration; ``approval_wiring`` has those of every kind."""
    executors: dict[str, Executor] = {KIND: ConfigExecutor(ConfigService(items(), FieldSeals()))}
    return Approving(approvals.DynamoChangeRequests(), approval_rules(), executors)


@cache
def restoring() -> ConfigRestoring:
    """Return the use cases that bring versions back, and let staged ones come into force."""
    return ConfigRestoring(configs(), ConfigReader(items()))


def timer_handlers() -> dict[str, Handler]:
    """Return what the timers of configuration do, by purpose."""
    return {BOUNDARY: _tell_boundary, SET_DUE: _finish_change_set}


def _finish_change_set(due: DueTimer) -> None:
    switching.rung(due, max(due.due, system_clock()))


def _tell_boundary(due: DueTimer) -> None:
    named = due.payload
    owner = Owner(Layer(named["layer"]), due.tenant_id, named["userId"])
    origin = Origin(due.tenant_id, "", "system", max(due.due, system_clock()), request_id=due.version)
    configs().tell(due, Address(owner, named["configKey"]), origin)
