"""What the ERP said, in DynamoDB: a BOM is an item; statuses of materials are one partition of a factory."""

from collections.abc import Iterable, Iterator

from enghub.core import clock, dynamo
from enghub.core.aggregates import Items
from enghub.core.codec import Key, Layout
from enghub.core.commits import Commit, Kept
from enghub.core.dynamo import key
from enghub.core.marks import AlreadyHandled
from enghub.core.transactions import transact
from enghub.mes.erp.model import Service
from enghub.mes.factories import Factory
from enghub.mes.keeping.dynamo import DynamoStore, aggregate, factory_key, factory_of_key
from enghub.mes.keeping.repository import Found, Name
from enghub.mes.supply.model import Bom, Ppap, Refusal

_OF_FACTORY = Layout(given=("factory",), of_key=factory_of_key)


def _bom_key(factory: Factory, product_id: str, version: str) -> Key:
    return factory_key(factory, "ERP-BOM", product_id), key(version)


def _ppap_key(factory: Factory, material_id: str) -> Key:
    return factory_key(factory, "ERP-PPAP"), key(material_id)


BOMS = Items(Bom, "ERP_BOM", key=lambda one: _bom_key(one.factory, one.product_id, one.version), layout=_OF_FACTORY)
PPAPS = Items(Ppap, "ERP_PPAP", key=lambda one: _ppap_key(one.factory, one.material_id), layout=_OF_FACTORY)


def _identity(one: Refusal) -> Name:
    return (one.service.value, one.wanted.value, one.subject, clock.to_text(one.since))


def _lists(one: Refusal) -> Iterable[tuple[Name, Name]]:
    place = (clock.to_text(one.at), *_identity(one))
    yield ("ALL",), place
    if one.outcome is None:
        yield ("OPEN", one.service.value), place


REFUSALS = aggregate(
    Refusal,
    "ERP-REFUSAL",
    _identity,
    shows=("wanted", "subject", "by", "outcome", "problem"),
    lists=_lists,
    exists=lambda one: AlreadyHandled(one.subject),
)


class DynamoSupply:
    """The SupplyStore of ``repository``."""

    def __init__(self) -> None:
        self._store = DynamoStore(REFUSALS)

    def bom(self, factory: Factory, product_id: str, version: str) -> Bom | None:
        """One consistent GetItem."""
        return BOMS.get(_bom_key(factory, product_id, version))

    def keep_bom(self, bom: Bom) -> None:
        """One PutItem."""
        transact(BOMS.put(bom))

    def ppaps(self, factory: Factory, materials: list[str]) -> dict[str, Ppap]:
        """A BatchGetItem per 100."""
        found = PPAPS.get_many([_ppap_key(factory, one) for one in materials]) if materials else {}
        return {one.material_id: one for one in found.values()}

    def keep_ppap(self, ppap: Ppap) -> None:
        """One PutItem."""
        transact(PPAPS.put(ppap))

    def each_ppap(self, factory: Factory) -> Iterator[Ppap]:
        """Query after Query."""
        return map(PPAPS.value, dynamo.each(_ppap_key(factory, "x")[0]))

    def refuse(self, commit: Commit[Refusal]) -> None:
        """One TransactWriteItems."""
        try:
            self._store.save(commit)
        except AlreadyHandled:
            return

    def open_refusals(self, factory: Factory, service: Service, limit: int) -> list[Kept[Refusal]]:
        """One Query, one BatchGetItem."""
        found = self._store.find(Refusal, factory, ("OPEN", service.value), limit=limit)
        names = [_identity(one) for one in found.items]
        return list(self._store.get_many(Refusal, factory, names).values()) if names else []

    def check(self, commit: Commit[Refusal]) -> None:
        """One TransactWriteItems."""
        self._store.save(commit)

    def refusals(self, factory: Factory, limit: int, cursor: str | None) -> Found[Refusal]:
        """One Query, one BatchGetItem."""
        return self._store.find(Refusal, factory, ("ALL",), limit=limit, cursor=cursor, newest_first=True)
