"""Proves that audit chains are whole: by themselves, by the aggregates' links, by keyed anchors (MES-20).

A chain by itself shows an edited or missing entry. It cannot show that its end was cut, that all of it is gone, or that
somebody computed it anew: the aggregates keep the last link for the first two, and for the third a day's anchor, kept
outside the table and signed with a key that the table's writers do not hold. Every attribute of a stored entry counts:
each is compared with what the entry itself would store.
"""

import hashlib
import hmac
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from enghub.core import audit
from enghub.core.codec import RawItem
from enghub.core.commits import AuditEntry, Link
from enghub.core.events import dumps
from enghub.core.identity import Origin

EDITED = "an entry was edited, or does not follow the one before it"
MOVED = "an attribute beside the chain was edited: a key, an index, a date of expiry"
GAP = "entries are missing"
CUT = "the aggregate's last link is in no chain: the end of its chain, or all of it, was deleted or computed anew"
UNKNOWN_END = "no aggregate has this chain's end as its last link"
NOT_AS_ANCHORED = "the anchor of the day has another hash: the chain was computed anew"
DELETED = "the anchor of the day knows an entry that is not there"
FORGED = "the anchor's own signature does not hold"


@dataclass(frozen=True, slots=True)
class Finding:
    """What does not hold, and where; `sequence` is 0 where no single entry can be named."""

    kind: str
    tenant_id: str
    subject: str
    sequence: int = 0
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Anchor:
    """The links that a tenant's chains got on one UTC day, signed."""

    tenant_id: str
    day: str
    links: Mapping[str, tuple[int, str]]
    """By subject: sequence and hash of the day's last entry."""
    entries: int
    """How many entries the day had."""

    @property
    def digest(self) -> bytes:
        """What is signed: SHA-256 over everything in it."""
        content = [self.tenant_id, self.day, self.entries, sorted((s, *link) for s, link in self.links.items())]
        return hashlib.sha256(dumps(content).encode()).digest()


def sign(anchor: Anchor, key: bytes) -> str:
    """Return the HMAC-SHA256 of an anchor, as hex, where the key is held here and not by KMS."""
    return hmac.new(key, anchor.digest, hashlib.sha256).hexdigest()


@dataclass(slots=True)
class Proof:
    """Takes a table's items in any order; then says what does not hold."""

    heads: Counter[tuple[int, str]] = field(default_factory=Counter)
    where: dict[tuple[int, str], str] = field(default_factory=dict)
    chains: dict[tuple[str, str], list[RawItem]] = field(default_factory=lambda: defaultdict(list))

    def take(self, item: RawItem) -> None:
        """Keep what an item says of the audit; anything else is passed over."""
        if "#AUDIT#" in item["pk"]["S"]:  # by its key: its own `entity` may have been edited
            tenant, _, subject = item["pk"]["S"].removeprefix("T#").partition("#AUDIT#")
            self.chains[tenant, subject].append(item)
        elif "audit_sequence" in item and int(item["audit_sequence"]["N"]):
            link = (int(item["audit_sequence"]["N"]), item["audit_hash"]["S"])
            self.heads[link] += 1
            self.where[link] = f"{item['pk']['S']} {item['sk']['S']}"

    def findings(self, anchors: Iterable[tuple[Anchor, bool]] = ()) -> Iterator[Finding]:
        """Yield what does not hold.

        Args:
            anchors: with whether the signature of each was found to hold.
        """
        ends = Counter[tuple[int, str]]()
        for (tenant, subject), items in sorted(self.chains.items()):
            ordered = sorted(items, key=lambda item: item["sk"]["S"])
            yield from _of_chain(tenant, subject, ordered)
            end = (_number(ordered[-1]), ordered[-1].get("hash", {}).get("S", ""))
            ends[end] += 1
            if not self.heads[end]:
                yield Finding(UNKNOWN_END, tenant, subject, end[0])
        for head in self.heads:
            if not ends[head]:
                yield Finding(CUT, "", "", head[0], self.where[head])
        for anchor, holds in anchors:
            yield from self._against(anchor, holds)

    def _against(self, anchor: Anchor, holds: bool) -> Iterator[Finding]:
        if not holds:
            yield Finding(FORGED, anchor.tenant_id, "", 0, anchor.day)
            return
        for subject, (sequence, link) in anchor.links.items():
            found = {_number(item): item for item in self.chains.get((anchor.tenant_id, subject), [])}
            if sequence not in found:
                yield Finding(DELETED, anchor.tenant_id, subject, sequence, anchor.day)
            elif found[sequence]["hash"]["S"] != link:
                yield Finding(NOT_AS_ANCHORED, anchor.tenant_id, subject, sequence, anchor.day)

    def anchor(self, tenant_id: str, day: str) -> Anchor:
        """Return the anchor of a tenant's day (YYYY-MM-DD)."""
        links: dict[str, tuple[int, str]] = {}
        count = 0
        for (tenant, subject), items in self.chains.items():
            todays = [item for item in items if tenant == tenant_id and item["at"]["S"][:10] == day]
            count += len(todays)
            if todays:
                last = max(todays, key=_number)
                links[subject] = (_number(last), last["hash"]["S"])
        return Anchor(tenant_id, day, links, count)


def _number(item: RawItem) -> int:
    text = item["sk"]["S"]
    return int(text) if text.isdigit() else 0


def _of_chain(tenant: str, subject: str, items: list[RawItem]) -> Iterator[Finding]:
    previous = Link()
    for item in items:
        number = _number(item)
        if number != previous.sequence + 1:
            missing = f"{previous.sequence + 1} to {number - 1}"
            yield Finding(GAP, tenant, subject, number, missing)
            previous = Link(number - 1, item.get("previous_hash", {}).get("S", ""))
        entry = _entry(item, previous)
        if entry is None or entry.link.hash != item.get("hash", {}).get("S"):
            yield Finding(EDITED, tenant, subject, number)
            previous = Link(number, item.get("hash", {}).get("S", ""))
            continue
        wanted = audit.to_put(entry).item
        odd = sorted(name for name in {**wanted, **item} if wanted.get(name) != item.get(name))
        if odd:
            yield Finding(MOVED, tenant, subject, number, ", ".join(odd))
        previous = entry.link


def _entry(item: RawItem, previous: Link) -> AuditEntry | None:
    """Return the entry as its facts make it, on the link before it; None where a fact is gone or cannot be read."""
    try:
        record = audit.read(item)
    except (KeyError, ValueError, TypeError):
        return None
    origin = Origin(
        record.tenant_id,
        record.factory_id,
        record.user_id,
        record.at,
        record.request_id,
        record.source_ip,
        record.user_agent,
    )
    return AuditEntry(origin, record.action, record.subject, record.before, record.after, previous, record.reason)
