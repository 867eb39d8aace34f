"""Records what an upgrade leaves at a site, and compares a site with it before the next one (UPG-24)."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from enghub.core.i18n import Text
from enghub.kit.databases.errors import DatabaseUnreachable
from enghub.kit.work.errors import WorkFailed
from enghub.upgrade.drift.errors import Drifted, NotCompared, OtherDrift
from enghub.upgrade.drift.model import Acceptance, AcceptDrift, Drift, Observed, Record, State, compare, tables_of
from enghub.upgrade.drift.repository import Records
from enghub.upgrade.refusals import UpgradeRefused
from enghub.upgrade.sites.model import Site

AWAY = Text("the database does not answer: {why}", "数据库无响应：{why}")
TOO_BIG = Text("too many parts to be recorded", "对象过多，无法记录")
NAMED = 5
"""Differences that an error's sentence names; its `errors` list more."""


@dataclass(frozen=True, slots=True)
class Upgraded:
    """An execution, as far as a record goes."""

    tenant_id: str
    execution_id: str
    site_id: str
    source_version: str
    target_version: str
    fencing_token: int
    reference_tables: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Drifts:
    """The use cases."""

    records: Records
    observe: Callable[[Any, Collection[str]], Observed]
    """Reads a database (as the site's gateway opens it) with the rows of some tables."""
    database: Callable[[Site], Any]
    """Returns a site's database; nothing is opened yet."""

    def look(self, site: Site) -> Drift:
        """Return how a site differs from its record; a site without one is not even connected to."""
        record = None if site.version is None else self.records.get(site.tenant_id, site.site_id, site.version)
        if record is None:
            return Drift(State.UNRECORDED)
        known = (record.version, record.execution_id, record.at)
        try:
            return compare(record, self.observe(self.database(site), record.tables))
        except WorkFailed as failure:
            return Drift(State.UNREADABLE, *known, reason=failure.text)
        except DatabaseUnreachable as away:
            return Drift(State.UNREADABLE, *known, reason=AWAY.filled(why=str(away)))

    def accepted(self, site: Site, asked: AcceptDrift | None, user_id: str) -> Acceptance | None:
        """Return the acceptance that an upgrade needs, None when it needs none.

        Raises:
            Drifted, NotCompared: nobody accepted it.
            OtherDrift: somebody accepted another one.
        """
        drift = self.look(site)
        if not drift.needs_acceptance:
            return None
        if asked is None or asked.digest != drift.digest:
            raise _refusal(site, drift, asked)
        seen = tuple(replace(one, was=None, now=None) for one in drift.shown)
        return Acceptance(user_id, asked.reason, drift.digest, seen)

    def record(self, upgraded: Upgraded, database: Any, at: datetime) -> Text | None:
        """Keep what the target version has, as it is now; return why that cannot be, None when it is kept."""
        before = self.records.get(upgraded.tenant_id, upgraded.site_id, upgraded.source_version)
        tables = tables_of(before, upgraded.reference_tables)
        try:
            observed = self.observe(database, tables)
        except WorkFailed as failure:
            return failure.text
        except DatabaseUnreachable as away:
            return Text(AWAY.render("en", why=str(away)), AWAY.render("zh", why=str(away)))
        kept = self.records.put(
            Record(
                tenant_id=upgraded.tenant_id,
                site_id=upgraded.site_id,
                version=upgraded.target_version,
                execution_id=upgraded.execution_id,
                at=at,
                token=max(observed.token, upgraded.fencing_token),
                tables=tables,
                parts=observed.parts,
            )
        )
        return None if kept else TOO_BIG

    def rolled_back(self, upgraded: Upgraded) -> None:
        """What the source version had holds again, whoever wrote since."""
        tenant_id, site_id = upgraded.tenant_id, upgraded.site_id
        self.records.renew(tenant_id, site_id, upgraded.source_version, upgraded.fencing_token)


def _refusal(site: Site, drift: Drift, asked: AcceptDrift | None) -> UpgradeRefused:
    found = {"site_id": site.site_id, "digest": drift.digest}
    if asked is not None:
        field = "driftAcceptance.digest"
        return OtherDrift(accepted=asked.digest, some=_named(drift), field=field, **found)
    if drift.state is State.UNREADABLE:
        return NotCompared(version=drift.version, why=drift.reason, **found)
    return Drifted(version=drift.version, some=_named(drift), errors=[one.label for one in drift.shown], **found)


def _named(drift: Drift) -> Text:
    labels = [one.label for one in drift.differences[:NAMED]]
    left = len(drift.differences) - NAMED
    more = f" (+{left})" if left > 0 else ""
    return Text(", ".join(one.en for one in labels) + more, "、".join(one.zh for one in labels) + more)
