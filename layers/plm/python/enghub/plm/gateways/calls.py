"""Builds what calls the PLM, once per process: all share one breaker per host."""

from functools import cache

from enghub.kit.outbound.breaker import Breaker
from enghub.kit.outbound.calls import Outbound
from enghub.kit.outbound.stage import stage_policy
from enghub.plm.connections.store import Connections
from enghub.plm.gateways.plm_calls import PlmCalls


@cache
def plm_calls() -> PlmCalls:
    """Return the calls of this stage."""
    return PlmCalls(Connections.here(), Outbound(stage_policy(plain_http=False), breaker=Breaker()))
