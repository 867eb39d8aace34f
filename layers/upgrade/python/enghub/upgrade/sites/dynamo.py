"""Sites in DynamoDB: one item each, all of a tenant in one partition."""

from collections.abc import Sequence
from dataclasses import replace

from enghub.core import dynamo
from enghub.core.aggregates import Aggregate
from enghub.core.codec import Key, Layout
from enghub.core.commits import Commit, Kept
from enghub.core.dynamo import key
from enghub.core.errors import VersionConflict
from enghub.core.identity import Origin
from enghub.core.transactions import Write
from enghub.upgrade.sites.errors import SiteNotFound
from enghub.upgrade.sites.model import Site


def _key(tenant_id: str, site_id: str) -> Key:
    return key("T", tenant_id, "SITES"), key(site_id)


SITES = Aggregate(
    Site,
    "SITE",
    key=lambda site: _key(site.tenant_id, site.site_id),
    layout=Layout(body="body"),
    more=lambda site: {"site_id": site.site_id},
    name="site",
    identity=lambda site: site.site_id,
    shows=("name", "dialect", "hooks", "components", "version", "tags", "resources", "variables"),
    revision="record_version",
    exists=lambda _: VersionConflict(expected=0, actual=1),
)


def version_writes(kept: Kept[Site], version: str, applied: Sequence[str], origin: Origin) -> list[Write]:
    """Return the writes that note what a site runs from now on, for the transaction of the execution that knows."""
    known = tuple(dict.fromkeys((*kept.value.applied, *applied)))
    return SITES.writes(Commit(origin, "", replace(kept.value, version=version, applied=known), kept))[1]


class DynamoSites:
    """The store of sites."""

    def get(self, tenant_id: str, site_id: str) -> Site:
        """One consistent read."""
        return self.kept(tenant_id, site_id).value

    def kept(self, tenant_id: str, site_id: str) -> Kept[Site]:
        """One consistent read."""
        found = SITES.read(_key(tenant_id, site_id))
        if found is None:
            raise SiteNotFound(site_id=site_id)
        return found

    def find(self, tenant_id: str) -> tuple[Kept[Site], ...]:
        """One query."""
        return tuple(map(SITES.kept, dynamo.each(_key(tenant_id, "")[0])))

    def put(self, site: Site, origin: Origin) -> Kept[Site]:
        """One read, one transaction."""
        before = SITES.read(_key(site.tenant_id, site.site_id))
        if before is not None:
            known = before.value
            site = replace(site, version=known.version or site.version, applied=known.applied)
        return SITES.save(Commit(origin, "put", site, before))
