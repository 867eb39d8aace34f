"""Facts of other contexts in the context's own table.

Keys: ``T#<tenant>#FACTS#<projection>`` / subject. ``gsi1`` lists a tenant's facts by the time they became so, ``gsi2``
those that lack a version.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from enghub.core import clock
from enghub.core.aggregates import Items
from enghub.core.dynamo import Attr, key
from enghub.core.errors import Unavailable
from enghub.core.projections.model import AsOf, Fact, Rebuilt, agree, by_subject, corrected, take
from enghub.core.projections.proof import Derived
from enghub.core.transactions import Delete, Write, absent, transact

ATTEMPTS = 10
SETTLED = timedelta(seconds=60)
"""What was taken less than this ago is not judged: the source may not show it yet."""
FACTS = Items(Fact, "FACT")


class _Moved(Exception):
    """The fact changed between reading and writing."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What one projection knows of other contexts' subjects."""

    projection: str

    def take(self, tenant_id: str, new: Fact, *also: Write) -> bool:
        """Keep a fact and do ``also``, together; False when it was known, or an older one, then nothing is done.

        Raises:
            Unavailable: other writers kept coming between.
        """
        for _ in range(ATTEMPTS):
            known = self.get(tenant_id, new.subject)
            kept = take(known, new)
            if kept is None:
                return False
            if self._store(tenant_id, known, kept, *also):
                return True
        raise Unavailable

    def get(self, tenant_id: str, subject: str) -> Fact | None:
        """Return what is known of a subject."""
        return FACTS.get((self._partition(tenant_id), key(subject)))

    def as_of(self, tenant_id: str) -> AsOf:
        """Return how far the projection is; two Queries."""
        newest = FACTS.page(self._by_time(tenant_id), index="gsi1", newest_first=True, limit=1).items
        lacking = sum(1 for _ in self.with_gaps(tenant_id))
        return AsOf(newest[0].at if newest else None, lacking)

    def with_gaps(self, tenant_id: str) -> Iterable[Fact]:
        """Yield the facts that lack a version."""
        return FACTS.each(self._gaps(tenant_id), index="gsi2")

    def rebuild(self, tenant_id: str, source: Callable[[], Iterable[Fact]], now: datetime) -> Rebuilt:
        """Make everything anew from ``source``, which tells all subjects; prove that both agree.

        What the source does not know is removed, unless it came within the last minute.
        """
        found = 0

        def told() -> dict[str, Fact]:
            nonlocal found
            newest = by_subject(source())
            found = len(newest)
            return newest

        derived = Derived(
            kept=lambda: {fact.subject: fact for fact in FACTS.each(self._partition(tenant_id))},
            source=told,
            nothing=lambda subject: Fact(subject, 0, "", now, now),
            agree=agree,
            repair=lambda _, seen, right: self._store(tenant_id, seen, corrected(seen, right)),
            # What this run itself stored carries exactly ``now``.
            is_moving=lambda fact: fact.taken_at > now - SETTLED and fact.taken_at != now,
        )
        set_right = derived.repaired()
        last = derived.proved()
        return Rebuilt(found, set_right, len(last.moving), agrees=not last.wrong)

    def _store(self, tenant_id: str, seen: Fact | None, right: Fact, *also: Write) -> bool:
        """Replace a fact where it is still as it was seen; version 0 removes it."""
        at = self._partition(tenant_id), key(right.subject)
        same = absent() if seen is None else Attr("changes") == seen.changes
        changed = right if seen is None else replace(right, changes=seen.changes + 1)
        write: Write = FACTS.put(changed, same, _Moved, at=at, more=self._lists(tenant_id, changed))
        if not right.version:
            write = Delete(at, same, lambda _: _Moved())
        try:
            transact(write, *also)
        except _Moved:
            return False
        return True

    def _lists(self, tenant_id: str, fact: Fact) -> dict[str, str | None]:
        place = key(clock.to_text(fact.at), fact.subject)
        lacks = bool(fact.missing)
        return {
            "gsi1pk": self._by_time(tenant_id),
            "gsi1sk": place,
            "gsi2pk": self._gaps(tenant_id) if lacks else None,
            "gsi2sk": place if lacks else None,
        }

    def _partition(self, tenant_id: str) -> str:
        return key("T", tenant_id, "FACTS", self.projection)

    def _by_time(self, tenant_id: str) -> str:
        return key("T", tenant_id, "FACTS-BY-TIME", self.projection)

    def _gaps(self, tenant_id: str) -> str:
        return key("T", tenant_id, "FACT-GAPS", self.projection)
