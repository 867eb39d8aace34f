"""Builds the PPAPs from their ports, once per process."""

from functools import cache

from enghub.core.clock import system_clock
from enghub.kit.outbound.breaker import Breaker
from enghub.kit.outbound.calls import Outbound
from enghub.kit.outbound.stage import stage_policy
from enghub.plm.connections.store import Connections
from enghub.plm.gateways.plm_ppap import RestPpaps
from enghub.plm.ppaps.dynamo import DynamoPpaps
from enghub.plm.ppaps.service import PpapBook


@cache
def ppaps() -> PpapBook:
    """Return the PPAPs, with the PLM behind one breaker."""
    outbound = Outbound(stage_policy(plain_http=False), breaker=Breaker())
    return PpapBook(DynamoPpaps(), RestPpaps(Connections.here(), outbound), system_clock)
