"""Builds the effects of changes from their ports, once per process."""

from functools import cache

from enghub.core.clock import system_clock
from enghub.plm.changes.wiring import changes
from enghub.plm.effects.dynamo import DynamoEffects
from enghub.plm.effects.service import EffectBook
from enghub.plm.impacts.wiring import impacts


@cache
def effects() -> EffectBook:
    """Return the effects."""
    return EffectBook(DynamoEffects(), changes(), impacts(), system_clock)
