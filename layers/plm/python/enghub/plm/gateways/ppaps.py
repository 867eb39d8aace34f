"""Builds the PPAPs from their ports, once per process."""

from functools import cache

from enghub.core.clock import system_clock
from enghub.plm.gateways.calls import plm_calls
from enghub.plm.gateways.plm_ppap import RestPpaps
from enghub.plm.ppaps.dynamo import DynamoPpaps
from enghub.plm.ppaps.service import PpapBook


@cache
def ppaps() -> PpapBook:
    """Return the PPAPs, with the PLM behind one breaker."""
    return PpapBook(DynamoPpaps(), RestPpaps(plm_calls()), system_clock)
