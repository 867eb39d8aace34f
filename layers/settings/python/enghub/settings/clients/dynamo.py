"""Clients in DynamoDB.

Changes   pk T#<tenant>#CONFIG_CHANGES#<layer>#<user>   sk COUNT              counted after they were made
Client    pk T#<tenant>#SETTINGS_CLIENTS                sk <user>#<client>    for a week after it was heard last

The global layer is tenant ``*``.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from enghub.core import outbox
from enghub.core.aggregates import Items
from enghub.core.dynamo import Attr, Page, key, read_many
from enghub.core.events import Envelope
from enghub.core.transactions import Update, transact
from enghub.settings.clients.model import ClientState
from enghub.settings.configs.model import Owner

KEPT = timedelta(days=7)


def _changes(owner: Owner) -> tuple[str, str]:
    return key("T", owner.tenant_id, "CONFIG_CHANGES", owner.layer, owner.user_id), "COUNT"


def _clients(tenant_id: str) -> str:
    return key("T", tenant_id, "SETTINGS_CLIENTS")


CLIENTS = Items(
    ClientState,
    "SETTINGS_CLIENT",
    key=lambda one: (_clients(one.tenant_id), key(one.user_id, one.client_id)),
    more=lambda one: {"expires_at": int((one.seen_at + KEPT).timestamp())},
)


class DynamoClients:
    """See ``Clients``."""

    def counts(self, owners: Sequence[Owner]) -> Mapping[Owner, int]:
        """One BatchGetItem."""
        by_key = {_changes(owner): owner for owner in owners}
        found = read_many(list(by_key))
        return {owner: int(found[at]["number"]["N"]) if at in found else 0 for at, owner in by_key.items()}

    def count(self, owner: Owner) -> None:
        """One write: a repeat counts one more, which costs each client one read."""
        transact(Update(_changes(owner), [Attr("number").add(1), Attr("entity").set("CONFIG_CHANGES")]))

    def said(self, tenant_id: str, user_id: str, client_id: str) -> ClientState | None:
        """One GetItem."""
        return CLIENTS.get((_clients(tenant_id), key(user_id, client_id)))

    def keep(self, state: ClientState, events: Sequence[Envelope] = ()) -> None:
        """One transaction."""
        transact(CLIENTS.put(state), *(outbox.to_outbox(event, subject=state.subject) for event in events))

    def page(self, tenant_id: str, limit: int, cursor: str | None) -> Page[ClientState]:
        """One Query."""
        return CLIENTS.page(_clients(tenant_id), limit=limit, cursor=cursor)
