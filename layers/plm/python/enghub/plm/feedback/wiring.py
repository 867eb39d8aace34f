"""Builds quality feedback from its ports but the PLM's, once per process."""

from functools import cache

from enghub.core.clock import system_clock
from enghub.plm.boms.wiring import boms
from enghub.plm.changes.wiring import changes
from enghub.plm.feedback.service import Surroundings
from enghub.plm.feedback.sources import Sources
from enghub.plm.products.wiring import catalogue


@cache
def surroundings() -> Surroundings:
    """Return what feedback asks of the rest of the context."""
    found = Sources(catalogue(), changes(), boms(), system_clock)
    return Surroundings(found.name, found.changes)
