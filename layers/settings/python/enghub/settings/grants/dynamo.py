"""Grants in DynamoDB.

Grants   pk T#<tenant>#GRANTS#<user>   sk GRANTS   ``edge`` is what the edge of every function reads (core.security)
         gsi1pk T#<tenant>#GRANTS      gsi1sk <user>
"""

from collections.abc import Mapping, Sequence
from typing import Any

from enghub.core.aggregates import Aggregate
from enghub.core.clock import to_text
from enghub.core.commits import Commit, Kept
from enghub.core.dynamo import key
from enghub.core.security import grants as edge
from enghub.core.security.dynamo import grants_key
from enghub.settings.grants.model import UserGrants


def _partition(tenant_id: str) -> str:
    return key("T", tenant_id, "GRANTS")


def _shown(found: UserGrants) -> Mapping[str, Any]:
    grants = {one.grant_id: _facts(one.wanted, one.granted_by, one.revoked_by) for one in found.grants}
    return grants | {one.request_id: {**_facts(one.wanted), "status": one.status} for one in found.requests}


def _facts(wanted: Any, granted_by: str = "", revoked_by: str = "") -> dict[str, Any]:
    return {
        "effect": wanted.effect,
        "role": wanted.role,
        "verbs": list(wanted.verbs),
        "level": wanted.level,
        "scope": wanted.scope,
        "validFrom": wanted.valid_from and to_text(wanted.valid_from),
        "validUntil": wanted.valid_until and to_text(wanted.valid_until),
        "grantedBy": granted_by,
        "revokedBy": revoked_by,
    }


GRANTS = Aggregate(
    UserGrants,
    "GRANTS",
    key=lambda one: grants_key(one.tenant_id, one.user_id),
    more=lambda one: {
        "edge": edge.to_text(grant.at_edge() for grant in one.grants),
        "gsi1pk": _partition(one.tenant_id),
        "gsi1sk": one.user_id,
    },
    name="grants",
    identity=lambda one: one.user_id,
    shows=_shown,
)


class DynamoGrants:
    """See ``Grants``."""

    def load(self, tenant_id: str, user_id: str) -> Kept[UserGrants] | None:
        """One GetItem."""
        return GRANTS.read(grants_key(tenant_id, user_id))

    def save(self, commit: Commit[UserGrants]) -> None:
        """One transaction."""
        GRANTS.save(commit)

    def page(self, tenant_id: str, limit: int, cursor: str | None) -> tuple[Sequence[UserGrants], str | None]:
        """One Query."""
        found = GRANTS.page(_partition(tenant_id), index="gsi1", limit=limit, cursor=cursor)
        return found.items, found.cursor
