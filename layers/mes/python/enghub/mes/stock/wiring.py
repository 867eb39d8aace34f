"""Puts stock together."""

from datetime import UTC, tzinfo

from enghub.core.claims import Claim
from enghub.kit.calendars.zones import zone
from enghub.mes.factories import Factory
from enghub.mes.keeping.dynamo import DynamoStore
from enghub.mes.plant.service import PLANT
from enghub.mes.plant.wiring import plant
from enghub.mes.stock.dynamo import SUGGESTIONS, DynamoStock
from enghub.mes.stock.service import Stock
from enghub.mes.stock.suggesting import Suggestions


def zone_of(factory: Factory) -> tzinfo:
    """Return the time zone of a factory; UTC where nobody described it. One GetItem."""
    found = plant().plants.repository.get(factory, PLANT)
    return UTC if found is None else zone(found.value.calendar.zone)


def stock(claim: Claim | None = None) -> Stock:
    """Return the use cases; ``claim`` is the request's claim on its Idempotency-Key."""
    return Stock(DynamoStock(), zone_of, claim)


def suggestions() -> Suggestions:
    """Return the use cases of receipt suggestions."""
    return Suggestions(DynamoStore(SUGGESTIONS))
