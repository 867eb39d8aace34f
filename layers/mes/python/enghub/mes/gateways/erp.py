"""Builds what calls the ERP from its ports, once per process."""

import time
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from enghub.core.clock import system_clock
from enghub.core.lazy import lazy
from enghub.kit.outbound.calls import Outbound
from enghub.kit.outbound.stage import stage_policy
from enghub.mes.erp.dynamo import DynamoHealths
from enghub.mes.erp.service import Calls
from enghub.mes.exchange.dynamo import DynamoMessages
from enghub.mes.exchange.service import Exchange
from enghub.mes.gateways.erp_rest import RestErp

if TYPE_CHECKING:
    from enghub.mes.entitlements import dynamo as rights_store
    from enghub.mes.entitlements import service as entitling
    from enghub.mes.supply import dynamo as supply_store
    from enghub.mes.supply import service as supplying
else:  # who only sends messages does not pay for it
    rights_store = lazy("enghub.mes.entitlements.dynamo")
    entitling = lazy("enghub.mes.entitlements.service")
    supply_store = lazy("enghub.mes.supply.dynamo")
    supplying = lazy("enghub.mes.supply.service")

ROUND_SECONDS = 26.0
"""What a round may take that somebody waits for."""


@cache
def calls() -> Calls:
    """Return the way to the ERPs; its breaker is what is kept of each service, for all processes together."""
    return Calls(DynamoHealths(), RestErp(Outbound(stage_policy())), system_clock, time.sleep)


@cache
def exchange() -> Exchange:
    """Return the exchange."""
    return Exchange(DynamoMessages(), calls(), system_clock)


@cache
def supply() -> "supplying.Supply":
    """Return BOMs and approvals."""
    return supplying.Supply(supply_store.DynamoSupply(), calls(), system_clock)


@cache
def effective_rights() -> "entitling.EffectiveRights":
    """Return the rights of users in their ERP."""
    return entitling.EffectiveRights(rights_store.DynamoEntitlements(), calls(), system_clock)


def countdown(seconds: float) -> Callable[[], float]:
    """Return what says how much of ``seconds`` is left."""
    ends = time.monotonic() + seconds
    return lambda: ends - time.monotonic()
