"""Suppliers' links in DynamoDB: ``T#<tenant>#SUPPLIER-LINK#<id>`` / ``LINK``; ``gsi1`` lists those of a PPAP."""

from typing import Any

from enghub.core.aggregates import Aggregate
from enghub.core.codec import Key, Layout
from enghub.core.commits import Commit, Kept
from enghub.core.dynamo import key, parts
from enghub.plm.supplier_links.model import SupplierLink
from enghub.plm.supplier_links.repository import FoundLinks


def _key(tenant_id: str, link_id: str) -> Key:
    return key("T", tenant_id, "SUPPLIER-LINK", link_id), "LINK"


def _list(tenant_id: str, ppap_id: str) -> str:
    return key("T", tenant_id, "SUPPLIER-LINKS", ppap_id)


def _tenant(pk: str, _: str) -> dict[str, Any]:
    return {"tenant_id": parts(pk)[1]}


LINKS = Aggregate(
    SupplierLink,
    "SUPPLIER_LINK",
    key=lambda one: _key(one.tenant_id, one.link_id),
    layout=Layout(given=("tenant_id",), of_key=_tenant),
    more=lambda one: {"gsi1pk": _list(one.tenant_id, one.ppap_id), "gsi1sk": key(one.link_id)},
    name="supplier_link",
    identity=lambda one: one.link_id,
    shows=("ppap_id", "supplier", "elements", "uses", "expires_at", "files", "taken", "revoked_at"),
)


class DynamoSupplierLinks:
    """The SupplierLinks of ``repository`` on the context's table."""

    def get(self, tenant_id: str, link_id: str) -> Kept[SupplierLink] | None:
        """See SupplierLinks."""
        return LINKS.read(_key(tenant_id, link_id))

    def save(self, commit: Commit[SupplierLink]) -> Kept[SupplierLink]:
        """See SupplierLinks."""
        return LINKS.save(commit)

    def of_ppap(self, tenant_id: str, ppap_id: str, limit: int, cursor: str | None) -> FoundLinks:
        """See SupplierLinks."""
        page = LINKS.page(_list(tenant_id, ppap_id), index="gsi1", newest_first=True, limit=limit, cursor=cursor)
        return FoundLinks(page.items, page.cursor)
