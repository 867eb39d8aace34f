"""Builds the chain of a change from its ports, once per process."""

from functools import cache

from enghub.core.clock import system_clock
from enghub.plm.boms.wiring import boms
from enghub.plm.changes.wiring import changes
from enghub.plm.floor.dynamo import DynamoFloor
from enghub.plm.impacts.service import Impacts


@cache
def impacts() -> Impacts:
    """Return the chains of changes."""
    return Impacts(changes(), boms(), DynamoFloor().of, system_clock)
