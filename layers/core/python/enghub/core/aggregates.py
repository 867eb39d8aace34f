"""How aggregates are kept: one declaration each, one way to read, one way to save.

A declaration says what the dataclass does not: its key, its place in indexes and lists, what the audit shows, and the
errors of a refused write. From it follow the stored form, the condition on the revision, the audit link, the outbox
messages, the claim on the request's key. Decision 0030 shows one.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.operand import Value
from pynamodb.expressions.update import Action

from enghub.core import audit, codec, dynamo, outbox
from enghub.core.codec import AS_IT_IS, Codec, Key, Layout, RawItem
from enghub.core.commits import Commit, Kept, Link, Trace, audit_entry, subject
from enghub.core.dynamo import MAX_READ_KEYS, Attr, Page
from enghub.core.errors import NotFound, VersionConflict
from enghub.core.idempotency import puts
from enghub.core.timers import dynamo as timers
from enghub.core.transactions import Delete, PutItem, Update, Write, absent, transact

A = TypeVar("A")
Attributes = Mapping[str, Any]
"""Attribute name to plain value; None is not stored."""
SEQUENCE, HASH = "audit_sequence", "audit_hash"


def _nothing(_: Any) -> Mapping[Any, Any]:
    return {}


@dataclass(frozen=True)
class Items(Generic[A]):
    """Values of one dataclass, kept as items.

    ``more`` are attributes beside the dataclass's own: index keys, derived values for conditions, ``expires_at``.
    ``key`` may be left out where the value does not know its key; then every call names it.
    """

    kind: type[A]
    entity: str
    key: Callable[[A], Key] | None = None
    layout: Layout = AS_IT_IS
    more: Callable[[A], Attributes] = _nothing

    @cached_property
    def codec(self) -> Codec[A]:
        """The stored form, compiled on first use."""
        return codec.codec(self.kind, self.layout)

    def key_of(self, value: A) -> Key:
        """Return where a value is kept."""
        if self.key is None:
            message = f"{self.entity} does not know its key"
            raise TypeError(message)
        return self.key(value)

    def item(self, value: A, at: Key | None = None, more: Attributes | None = None) -> RawItem:
        """Return a value as it is stored."""
        pk, sk = at or self.key_of(value)
        item = self.codec.write(value)
        item["pk"], item["sk"], item["entity"] = {"S": pk}, {"S": sk}, {"S": self.entity}
        for name, extra in {**self.more(value), **(more or {})}.items():
            if extra is not None:
                item[name] = codec.raw(extra)
        return item

    def put(
        self,
        value: A,
        condition: Condition | None = None,
        refused: Callable[[], Exception] | None = None,
        *,
        at: Key | None = None,
        more: Attributes | None = None,
    ) -> PutItem:
        """Return the write that stores a value; ``refused`` makes the error of a condition that does not hold."""
        refusal = None if refused is None else lambda _: refused()
        return PutItem(self.item(value, at, more), condition, refusal)

    def value(self, item: RawItem) -> A:
        """Return what an item holds."""
        return self.codec.read(item)

    def get(self, key: Key) -> A | None:
        """Return a value, read consistently; one GetItem."""
        item = dynamo.get(*key)
        return None if item is None else self.value(item)

    def get_many(self, keys: Sequence[Key]) -> dict[Key, A]:
        """Return those that exist, by key; a BatchGetItem per 100."""
        return {key: self.value(item) for key, item in many(keys)}

    def page(self, pk: str, **options: Any) -> Page[A]:
        """Return one page of a partition (see ``dynamo.query``)."""
        found = dynamo.query(pk, **options)
        return Page(tuple(map(self.value, found.items)), found.cursor)

    def each(self, pk: str, **options: Any) -> Iterator[A]:
        """Yield every value of a partition, page after page (see ``dynamo.query``)."""
        return map(self.value, dynamo.each(pk, **options))


@dataclass(frozen=True)
class Aggregate(Items[A]):
    """An aggregate of its own revisions, with an audit chain, events and lists.

    ``name`` is the aggregate's word in the audit, ``identity`` its id there, ``shows`` what the audit shows of it
    (fields, or a function that returns None where there is nothing to show); None for no audit. ``revision`` is the
    attribute that counts commits; None for what never changes. ``entries`` are small items that list it elsewhere, by
    key; they come and go with it. ``exists``, ``missing`` and ``outdated`` (with the revision seen, 0 for none, and the
    one stored) are the errors of a refused write. ``ordered_by`` names whose messages leave in order, the aggregate's
    own when None.
    """

    name: str = ""
    identity: Callable[[A], str] = str
    factory: Callable[[A], str] = lambda _: ""
    shows: Sequence[str] | Callable[[A], Attributes | None] | None = None
    revision: str | None = "revision"
    entries: Callable[[A], Mapping[Key, Attributes]] = _nothing
    exists: Callable[[A], Exception] | None = None
    missing: Callable[[A], Exception] | None = None
    outdated: Callable[[A, int, int], Exception] = lambda _, seen, actual: VersionConflict(expected=seen, actual=actual)
    ordered_by: Callable[[A], str] | None = None

    def read(self, key: Key) -> Kept[A] | None:
        """Return an aggregate as it is kept, read consistently; one GetItem."""
        item = dynamo.get(*key)
        return None if item is None else self.kept(item)

    def read_many(self, keys: Sequence[Key]) -> dict[Key, Kept[A]]:
        """Return those that exist, by key; a BatchGetItem per 100."""
        return {key: self.kept(item) for key, item in many(keys)}

    def kept(self, item: RawItem) -> Kept[A]:
        """Return what an item holds, with what guards the next commit."""
        link = Link(int(item[SEQUENCE]["N"]), item[HASH]["S"]) if SEQUENCE in item else Link()
        return Kept(self.value(item), self._revision(item), link)

    def trace(self, tenant_id: str, kept: Kept[A]) -> Trace | None:
        """Return who made the last commit, and what it did; one GetItem."""
        about = subject(self.name, self.factory(kept.value), self.identity(kept.value))
        entry = audit.entry(tenant_id, about, kept.link.sequence)
        return None if entry is None else Trace(entry.user_id, entry.action)

    def save(
        self,
        commit: Commit[A],
        *more: Write,
        when: Condition | None = None,
        overtaken: Callable[[], Exception] | None = None,
    ) -> Kept[A]:
        """Store a commit and ``more`` writes, all or nothing; return the aggregate as it is kept then.

        ``when`` is one more condition on the stored aggregate; ``overtaken`` makes the error where the revision is as
        seen and ``when`` does not hold.

        Raises:
            Replayed: the request was answered before.
            Exception: ``exists``, ``missing``, ``outdated``, ``overtaken``, or what a write of ``more`` names.
        """
        answered = commit.after if commit.answered is None else commit.answered
        kept, writes = self.writes(commit, when, overtaken)
        transact(*puts(commit.claim, answered), *writes, *more)
        return kept

    def writes(
        self, commit: Commit[A], when: Condition | None = None, overtaken: Callable[[], Exception] | None = None
    ) -> tuple[Kept[A], list[Write]]:
        """Return the writes of a commit without its claim, for a transaction of several; see ``save``."""
        entry, link = None, commit.before.link if commit.before else Link()
        if commit.action and self.shows is not None:
            entry = self._entry(commit)
            link = entry.link
        after, before = commit.after, commit.before
        order = (self.ordered_by or self.identity)(after)
        item = self._item(after, before, link)
        return Kept(after, self._revision(item), link), [
            self._write(item, after, before, when, overtaken),
            *self._entry_writes(before.value if before else None, after),
            *([] if entry is None else [audit.to_put(entry)]),
            *(outbox.to_outbox(event, subject=order) for event in commit.events),
            *(outbox.to_command(one.queue, one.payload, commit.origin, subject=order) for one in commit.commands),
            *(write for timer in commit.timers for write in timers.writes(timer, commit.origin)),
        ]

    def write(self, after: A, before: Kept[A] | None) -> Write:
        """Return the one write of the aggregate's own item, on the revision that was read, without an audit entry."""
        return self._write(self._item(after, before, before.link if before else Link()), after, before)

    def _write(
        self,
        item: RawItem,
        after: A,
        before: Kept[A] | None,
        when: Condition | None = None,
        overtaken: Callable[[], Exception] | None = None,
    ) -> Write:
        if before is None:
            return PutItem(item, absent(), lambda stored: self._taken(after, stored))
        if self.revision is None:
            message = f"a {self.entity} never changes"
            raise TypeError(message)
        same = Attr(self.revision) == before.revision

        def refusal(stored: RawItem | None) -> Exception:
            if stored is None:
                return self.missing(after) if self.missing else NotFound(resource=self.identity(after))
            actual = self._revision(stored)
            if actual == before.revision and overtaken is not None:
                return overtaken()
            return self.outdated(after, before.revision, actual)

        changes = moved(self.item(before.value), item)
        return Update(self.key_of(after), changes, same if when is None else same & when, refusal)

    def _taken(self, after: A, stored: RawItem | None) -> Exception:
        return self.exists(after) if self.exists else self.outdated(after, 0, self._revision(stored) if stored else 0)

    def _revision(self, item: RawItem) -> int:
        return 1 if self.revision is None else int(item[self.revision]["N"])

    def _item(self, after: A, before: Kept[A] | None, link: Link) -> RawItem:
        item = self.item(after)
        if self.revision is not None:
            item.setdefault(self.revision, {"N": str(before.revision + 1 if before else 1)})
            if self.shows is not None:
                item[SEQUENCE], item[HASH] = {"N": str(link.sequence)}, {"S": link.hash}
        return item

    def _entry(self, commit: Commit[A]) -> audit.AuditEntry:
        before = None if commit.before is None else self._shown(commit.before.value)
        after = commit.after
        about = subject(self.name, self.factory(after), self.identity(after))
        return audit_entry(commit, self.name, about, before, self._shown(after))

    def _shown(self, value: A) -> Attributes | None:
        if callable(self.shows):
            return self.shows(value)
        return {name: getattr(value, name) for name in self.shows or ()}

    def _entry_writes(self, before: A | None, after: A) -> Iterable[Write]:
        old, new = ({} if value is None else self.entries(value) for value in (before, after))
        yield from (Delete(key) for key in sorted(old.keys() - new.keys()))
        yield from (
            PutItem(_listed(f"{self.entity}_ENTRY", key, new[key])) for key in sorted(new) if old.get(key) != new[key]
        )


def moved(old: RawItem, new: RawItem) -> list[Action]:
    """Return the update that makes ``new`` of ``old``: only what moved, so that a counter others move stays theirs."""
    return [
        *(Attr(name).set(Value(value)) for name, value in new.items() if old.get(name) != value),
        *(Attr(name).remove() for name in old if name not in new),
    ]


def _listed(entity: str, key: Key, attributes: Attributes) -> RawItem:
    pk, sk = key
    found = {"pk": pk, "sk": sk, "entity": entity, **attributes}
    return {name: codec.raw(value) for name, value in found.items() if value is not None}


def many(keys: Sequence[Key]) -> Iterator[tuple[Key, RawItem]]:
    """Yield the items that exist, by key; a BatchGetItem per 100."""
    for start in range(0, len(keys), MAX_READ_KEYS):
        yield from dynamo.read_many(keys[start : start + MAX_READ_KEYS]).items()
