"""The edge's store of policies, as the use cases need it."""

from collections.abc import Mapping
from datetime import datetime

from enghub.core.identity import Origin
from enghub.core.security import dynamo as store
from enghub.core.security import edge
from enghub.core.security.model import Ended, Layer, Policy, Sessions
from enghub.settings.security.sessions import Overtaken


class DynamoEdge:
    """See ``Edge``."""

    def keep(self, tenant_id: str, layer: Layer) -> None:
        """One transaction."""
        store.keep_layer(tenant_id, layer)

    def current(self, tenant_id: str, now: datetime) -> tuple[Policy, Mapping[str, Layer]]:
        """One BatchGetItem."""
        return edge.policy_of(tenant_id, now)


class DynamoSessions:
    """See ``SessionStore``."""

    def load(self, tenant_id: str, user_id: str) -> Sessions:
        """One BatchGetItem."""
        return store.load_sessions(tenant_id, user_id)

    def end(self, before: Sessions, over: Ended, origin: Origin) -> None:
        """One transaction."""
        try:
            edge.note(store.ended(before, [over], origin), origin.at)
        except store.Overtaken as error:
            raise Overtaken from error
