"""What a tenant has set up, in DynamoDB: one partition, read whole by one Query or page by page."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from enghub.core.aggregates import Aggregate
from enghub.core.codec import Key
from enghub.core.commits import Commit, Kept
from enghub.core.dynamo import Page, each, key, query

A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class DynamoSetup(Generic[A]):
    """The store of one kind, whose sort keys begin with ``kind#`` in the tenant's ``partition``."""

    aggregate: Aggregate[A]
    partition: Callable[[str], str]
    kind: str

    def place(self, tenant_id: str, name: str) -> Key:
        """Return the key of one."""
        return self.partition(tenant_id), key(self.kind, name)

    def get(self, tenant_id: str, name: str) -> Kept[A] | None:
        """One consistent GetItem."""
        return self.aggregate.read(self.place(tenant_id, name))

    def all(self, tenant_id: str) -> list[Kept[A]]:
        """One Query, page after page."""
        found = map(self.aggregate.kept, each(self.partition(tenant_id), prefix=f"{self.kind}#"))
        return [one for one in found if not one.value.is_deleted]  # type: ignore[attr-defined]

    def page(self, tenant_id: str, limit: int, cursor: str | None) -> Page[Kept[A]]:
        """One Query; a page may hold fewer than ``limit``, also none, while there is a cursor.

        Raises:
            Invalid: the cursor belongs to another list.
        """
        found = query(self.partition(tenant_id), prefix=f"{self.kind}#", limit=limit, cursor=cursor)
        kept = map(self.aggregate.kept, found.items)
        return Page(tuple(one for one in kept if not one.value.is_deleted), found.cursor)  # type: ignore[attr-defined]

    def save(self, commit: Commit[A]) -> Kept[A]:
        """One transaction: the item, its audit entry, events and timers."""
        return self.aggregate.save(commit)
