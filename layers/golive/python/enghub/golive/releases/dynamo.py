"""Releases in DynamoDB.

pk T#<tenant>#RELEASE#<id>                     sk RELEASE
pk T#<tenant>#RELEASES-OF#<system>#<version>   sk RELEASE#<id>      while it may be moved by an upgrade
gsi1 T#<tenant>#RELEASES / <id>
"""

from collections.abc import Mapping
from typing import Any

from enghub.core.aggregates import Aggregate
from enghub.core.codec import Key
from enghub.core.commits import Commit, Kept
from enghub.core.dynamo import each, key, parts, query
from enghub.core.transactions import Write
from enghub.golive.releases.errors import ReleaseNotFound
from enghub.golive.releases.model import OVER, Release
from enghub.golive.releases.repository import ReleasePage


def _key(tenant_id: str, release_id: str) -> Key:
    return key("T", tenant_id, "RELEASE", release_id), "RELEASE"


def _of(tenant_id: str, system: str, version: str) -> str:
    return key("T", tenant_id, "RELEASES-OF", system, version)


def _listed(one: Release) -> Mapping[Key, Mapping[str, Any]]:
    if not one.content.version or one.recorded in OVER:
        return {}
    return {(_of(one.tenant_id, one.content.system, one.content.version), key("RELEASE", one.release_id)): {}}


RELEASES = Aggregate(
    Release,
    "RELEASE",
    key=lambda one: _key(one.tenant_id, one.release_id),
    more=lambda one: {"gsi1pk": key("T", one.tenant_id, "RELEASES"), "gsi1sk": one.release_id},
    name="release",
    identity=lambda one: one.release_id,
    shows=("kind", "content", "recorded", "review", "verifiers", "carried_out_by", "verified_by", "upgrade", "said"),
    entries=_listed,
    missing=lambda one: ReleaseNotFound(release_id=one.release_id),
)


class DynamoReleases:
    """The store of releases."""

    def get(self, tenant_id: str, release_id: str) -> Kept[Release] | None:
        """One consistent GetItem."""
        return RELEASES.read(_key(tenant_id, release_id))

    def page(self, tenant_id: str, limit: int, cursor: str | None) -> ReleasePage:
        """One Query of the index."""
        list_of = key("T", tenant_id, "RELEASES")
        found = query(list_of, index="gsi1", limit=limit, cursor=cursor, newest_first=True)
        return ReleasePage(tuple(map(RELEASES.kept, found.items)), found.cursor)

    def of(self, tenant_id: str, system: str, version: str) -> list[str]:
        """One Query: the ids of releases that an upgrade of this system to this version moves."""
        return [parts(item["sk"]["S"])[1] for item in each(_of(tenant_id, system, version))]

    def save(self, commit: Commit[Release], *more: Write) -> Kept[Release]:
        """One transaction: the release, audit, events."""
        return RELEASES.save(commit, *more)
