"""What the ERP said of users: an item each; it goes away by itself a day later."""

from datetime import timedelta

from enghub.core.aggregates import Items
from enghub.core.codec import Key, Layout
from enghub.core.dynamo import key
from enghub.core.transactions import transact
from enghub.mes.entitlements.model import Entitlement
from enghub.mes.factories import Factory
from enghub.mes.keeping.dynamo import factory_key, factory_of_key

GONE_AFTER = timedelta(days=1)


def _key(factory: Factory, user_id: str) -> Key:
    return factory_key(factory, "ERP-RIGHTS", user_id), key("RIGHTS")


RIGHTS = Items(
    Entitlement,
    "ERP_RIGHTS",
    key=lambda one: _key(one.factory, one.user_id),
    layout=Layout(given=("factory",), of_key=factory_of_key),
    more=lambda one: {"expires_at": int((one.read_at + GONE_AFTER).timestamp())},
)


class DynamoEntitlements:
    """The Entitlements of ``service``."""

    def get(self, factory: Factory, user_id: str) -> Entitlement | None:
        """One consistent GetItem."""
        return RIGHTS.get(_key(factory, user_id))

    def keep(self, found: Entitlement) -> None:
        """One PutItem."""
        transact(RIGHTS.put(found))
