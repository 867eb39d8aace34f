"""PPAPs in DynamoDB: ``T#<tenant>#PPAP#<id>`` / ``PPAP``.

``gsi1`` lists those of a product, ``gsi2`` those whose approval waits for the PLM, of all tenants (as decision 0006).
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from enghub.core import clock
from enghub.core.aggregates import Aggregate
from enghub.core.codec import Key, Layout
from enghub.core.commits import Commit, Kept
from enghub.core.dynamo import key, parts, query
from enghub.plm.ppaps.model import Ppap
from enghub.plm.ppaps.repository import FoundPpaps
from enghub.plm.pushes.model import PlmSync

PENDING = "PPAP-PUSH"


def _key(tenant_id: str, ppap_id: str) -> Key:
    return key("T", tenant_id, "PPAP", ppap_id), "PPAP"


def _lists(ppap: Ppap) -> dict[str, str | None]:
    push = ppap.push
    due = push.due if push is not None and push.state is PlmSync.PENDING else None
    return {
        "gsi1pk": key("T", ppap.tenant_id, "PPAP-PRODUCT", ppap.product_code),
        "gsi1sk": ppap.ppap_id,
        "gsi2pk": PENDING if due else None,
        "gsi2sk": key(clock.to_text(due), ppap.tenant_id, ppap.ppap_id) if due else None,
    }


def _tenant(pk: str, _: str) -> dict[str, Any]:
    return {"tenant_id": parts(pk)[1]}


PPAPS = Aggregate(
    Ppap,
    "PPAP",
    key=lambda ppap: _key(ppap.tenant_id, ppap.ppap_id),
    layout=Layout(given=("tenant_id",), of_key=_tenant),
    more=_lists,
    name="ppap",
    identity=lambda ppap: ppap.ppap_id,
    shows=("status", "level", "elements", "approval", "push", "reopened_by"),
)


class DynamoPpaps:
    """The Ppaps of ``repository`` on the context's table."""

    def get(self, tenant_id: str, ppap_id: str) -> Kept[Ppap] | None:
        """See Ppaps."""
        return PPAPS.read(_key(tenant_id, ppap_id))

    def save(self, commit: Commit[Ppap]) -> Kept[Ppap]:
        """See Ppaps."""
        return PPAPS.save(commit)

    def of_product(self, tenant_id: str, product_code: str, limit: int, cursor: str | None) -> FoundPpaps:
        """See Ppaps."""
        page = PPAPS.page(key("T", tenant_id, "PPAP-PRODUCT", product_code), index="gsi1", limit=limit, cursor=cursor)
        return FoundPpaps(page.items, page.cursor)

    def due(self, now: datetime, limit: int) -> Iterable[tuple[str, str]]:
        """See Ppaps."""
        found = query(PENDING, index="gsi2", between=("0", clock.to_text(now)), limit=limit)
        for item in found.items:
            _, tenant_id, _, ppap_id = parts(item["pk"]["S"])
            yield tenant_id, ppap_id
