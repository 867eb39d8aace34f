"""Master data in DynamoDB: one partition per factory and kind, read by page.

pk T#<tenant>#F#<factory>#<KIND>   sk <id>
"""

from dataclasses import dataclass
from typing import Any, Generic

from enghub.core.aggregates import Aggregate
from enghub.core.codec import Key
from enghub.core.commits import Commit, Kept
from enghub.core.dynamo import key, parts, query
from enghub.mes.factories import Factory
from enghub.mes.masters.repository import A, MasterPage


def master_key(factory: Factory, kind: str, name: str) -> Key:
    """Return where one is kept."""
    return key("T", factory.tenant_id, "F", factory.factory_id, kind), key(name)


def factory_of_key(pk: str, _: str) -> dict[str, Any]:
    """Return the factory that a key begins with."""
    found = parts(pk)
    return {"factory": Factory(found[1], found[3])}


@dataclass(frozen=True, slots=True)
class DynamoMasters(Generic[A]):
    """The store of one kind."""

    aggregate: Aggregate[A]
    kind: str
    """The last part of its partition."""

    def get(self, factory: Factory, name: str) -> Kept[A] | None:
        """One consistent GetItem."""
        return self.aggregate.read(master_key(factory, self.kind, name))

    def page(self, factory: Factory, limit: int, cursor: str | None) -> MasterPage[A]:
        """One Query."""
        found = query(master_key(factory, self.kind, "x")[0], limit=limit, cursor=cursor)
        items = tuple(self.aggregate.kept(item) for item in found.items)
        return MasterPage(tuple(one for one in items if not one.value.is_deleted), found.cursor)

    def save(self, commit: Commit[A]) -> Kept[A]:
        """One transaction: the item, its audit entry, its events."""
        return self.aggregate.save(commit)
