"""Sites in DynamoDB: one item each, all of a tenant in one partition."""

from dataclasses import replace
from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from enghub.core import audit
from enghub.core.audit import AuditEntry, Link
from enghub.core.dynamo import RawItem, Record, key
from enghub.core.errors import VersionConflict
from enghub.core.identity import Origin
from enghub.core.transactions import Put, absent, transact
from enghub.upgrade.sites.errors import SiteNotFound
from enghub.upgrade.sites.model import Site
from enghub.upgrade.stored import from_text, to_text


class SiteRecord(Record):
    """One site."""

    ENTITY = "SITE"

    site_id = UnicodeAttribute()
    body = UnicodeAttribute()
    record_version = NumberAttribute()


def _partition(tenant_id: str) -> str:
    return key("T", tenant_id, "SITES")


def _site(record: SiteRecord) -> Site:
    return replace(from_text(Site, record.body), record_version=int(record.record_version))


def site_write(before: Site | None, after: Site) -> Put:
    """Return the write of a site on the version that was read."""
    seen = 0 if before is None else before.record_version

    def refusal(item: RawItem | None) -> Exception:
        return VersionConflict(expected=seen, actual=int(item["record_version"]["N"]) if item else 0)

    condition = absent() if seen == 0 else SiteRecord.record_version == seen
    record = SiteRecord(
        pk=_partition(after.tenant_id),
        sk=key(after.site_id),
        site_id=after.site_id,
        body=to_text(after),
        record_version=seen + 1,
    )
    return Put(record, condition, refusal)


class DynamoSites:
    """The store of sites."""

    def get(self, tenant_id: str, site_id: str) -> Site:
        """One consistent read."""
        record = SiteRecord.read(_partition(tenant_id), key(site_id))
        if record is None:
            raise SiteNotFound(site_id=site_id)
        return _site(record)

    def find(self, tenant_id: str) -> tuple[Site, ...]:
        """One query."""
        return tuple(_site(record) for record in SiteRecord.items(_partition(tenant_id)))

    def put(self, site: Site, origin: Origin) -> Site:
        """One read, one transaction."""
        record = SiteRecord.read(_partition(site.tenant_id), key(site.site_id))
        before = None if record is None else _site(record)
        wanted = (
            site if before is None else replace(site, version=before.version or site.version, applied=before.applied)
        )
        link = Link() if before is None else Link(before.audit_sequence, before.audit_hash)
        entry = AuditEntry(
            origin, "site.put", f"site/{site.site_id}", None if before is None else _shown(before), _shown(wanted), link
        )
        after = replace(wanted, audit_sequence=entry.link.sequence, audit_hash=entry.link.hash)
        transact(site_write(before, after), audit.to_put(entry))
        return replace(after, record_version=(before.record_version if before else 0) + 1)


def _shown(site: Site) -> dict[str, Any]:
    return {
        "name": site.name,
        "dialect": site.dialect.value,
        "hooks": dict(site.hooks),
        "components": list(site.components),
        "version": site.version,
        "tags": dict(site.tags),
        "resources": dict(site.resources),
    }
