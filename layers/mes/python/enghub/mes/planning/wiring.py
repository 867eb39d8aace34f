"""Puts planning together."""

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from enghub.core.claims import Claim
from enghub.core.lazy import lazy
from enghub.mes.factories import Factory
from enghub.mes.keeping.dynamo import DynamoStore
from enghub.mes.planning.dynamo import KINDS
from enghub.mes.planning.service import Large, Planning, refused

if TYPE_CHECKING:
    from enghub.mes.plant import wiring as plants
    from enghub.mes.stock import wiring as stock
else:
    plants = lazy("enghub.mes.plant.wiring")
    stock = lazy("enghub.mes.stock.wiring")


def on_hand(factory: Factory, material_id: str, today: date) -> Decimal:
    """Return the stock that nothing holds and that is not expired: reserved stock is some demand's, so it counts."""
    service = stock.stock()
    balances = service.balances(factory, material_id)
    lots = service.lots(factory, sorted({one.place.lot_id for one in balances}))
    usable = {name for name, lot in lots.items() if not lot.holds and not lot.is_expired(today)}
    return sum((one.on_hand for one in balances if one.place.lot_id in usable), Decimal(0))


def planning(claim: Claim | None = None, large: Large = refused) -> Planning:
    """Return the use cases; ``claim`` is the request's claim on its Idempotency-Key, ``large`` takes large runs."""
    return Planning(DynamoStore(*KINDS), on_hand, plants.calendar, large, claim)
