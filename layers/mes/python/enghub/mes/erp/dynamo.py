"""Links and healths in DynamoDB.

pk T#<tenant>#F#<factory>#ERP   sk LINK         the link (an aggregate); gsi2 ERP-LINKS holds those of all tenants
pk T#<tenant>#F#<factory>#ERP   sk UP#<service> how a service is
"""

from collections.abc import Iterator
from datetime import datetime

from enghub.core import dynamo, log, outbox
from enghub.core.aggregates import Aggregate, Items
from enghub.core.codec import Key, Layout
from enghub.core.dynamo import Attr, key
from enghub.core.identity import Origin
from enghub.core.notices import NoticeRequested
from enghub.core.transactions import Write, absent, transact
from enghub.mes.erp.model import Health, Link, Service
from enghub.mes.factories import Factory
from enghub.mes.masters.dynamo import DynamoMasters, factory_of_key, master_key

ALL_LINKS = "ERP-LINKS"
"""The index partition of all links; it spans tenants, only system jobs read it (decision 0006)."""
SYSTEM = "system:erp"
LINK = "LINK"
_OF_FACTORY = Layout(given=("factory",), of_key=factory_of_key)


LINKS = Aggregate(
    Link,
    "ERP_LINK",
    key=lambda link: master_key(link.factory, "ERP", LINK),
    layout=_OF_FACTORY,
    more=lambda link: {
        "gsi2pk": None if link.is_deleted else ALL_LINKS,
        "gsi2sk": None if link.is_deleted else key(link.factory.tenant_id, link.factory.factory_id),
    },
    name="erp_link",
    identity=lambda link: link.factory.factory_id,
    factory=lambda link: link.factory.factory_id,
    shows=("connection", "recipient_id", "uses", "is_deleted"),
)


def links() -> DynamoMasters[Link]:
    """Return the store of links."""
    return DynamoMasters(LINKS, "ERP")


def link_of(factory: Factory) -> Link | None:
    """Return a factory's link; one consistent GetItem."""
    kept = links().get(factory, LINK)
    return None if kept is None or kept.value.is_deleted else kept.value


def all_links() -> Iterator[Link]:
    """Yield the links of all tenants; one that cannot be read hides no other."""
    for item in dynamo.each(ALL_LINKS, index="gsi2"):
        try:
            yield LINKS.value(item)
        except Exception:
            log.exception("ERP link cannot be read", key=item.get("pk"))


def _health_key(factory: Factory, service: Service) -> Key:
    return master_key(factory, "ERP", LINK)[0], key("UP", service.value)


HEALTHS = Items(Health, "ERP_HEALTH", key=lambda one: _health_key(one.factory, one.service), layout=_OF_FACTORY)


class _Faster(Exception):
    """Somebody else noted it."""


class DynamoHealths:
    """The Healths of ``repository``."""

    def get(self, factory: Factory, service: Service) -> Health:
        """One consistent GetItem."""
        return HEALTHS.get(_health_key(factory, service)) or Health(factory, service)

    def of(self, factory: Factory) -> list[Health]:
        """One Query."""
        pk = _health_key(factory, Service.BOM)[0]
        return [HEALTHS.value(item) for item in dynamo.each(pk, between=("UP#", "UP#~"))]

    def save(self, after: Health, notice: NoticeRequested | None, at: datetime) -> bool:
        """One TransactWriteItems on the revision that was read."""
        before = after.revision - 1
        same = absent() if before == 0 else Attr("revision") == before
        writes: list[Write] = [HEALTHS.put(after, same, _Faster)]
        if notice is not None:
            factory = after.factory
            origin = Origin(factory.tenant_id, factory.factory_id, SYSTEM, at, notice.subject)
            writes.append(outbox.to_outbox(notice.envelope(origin), subject=notice.subject))
        try:
            transact(*writes)
        except _Faster:
            return False
        return True
