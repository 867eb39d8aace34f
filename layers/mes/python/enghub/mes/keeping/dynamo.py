"""One store for the kinds of a slice.

An aggregate lies in a partition of its own; its lists are partitions of small entries that hold its key, written in the
same transaction (as work orders do). Facts never change; they share a partition, in the order of their sort key.

pk T#<tenant>#F#<factory>#<word>#<id...>          sk <word>
pk T#<tenant>#F#<factory>#<word>-LIST#<name...>   sk <place...>    of_pk, of_sk
pk T#<tenant>#F#<factory>#<word>#<partition...>   sk <place...>    a fact
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from enghub.core import dynamo, inbox
from enghub.core.aggregates import Aggregate, Items
from enghub.core.codec import Key, Layout
from enghub.core.commits import Commit, Kept
from enghub.core.dynamo import key, parts
from enghub.core.idempotency import puts
from enghub.core.transactions import PutItem, Write, absent, transact
from enghub.mes.factories import Factory
from enghub.mes.keeping.repository import FactExists, Found, Handled, Name

A = TypeVar("A")
Lists = Callable[[Any], Iterable[tuple[Name, Name]]]
"""In which lists an aggregate stands: name of the list, place in it."""


def _nowhere(_: Any) -> Iterable[tuple[Name, Name]]:
    return ()


def factory_key(factory: Factory, *name: str) -> str:
    """Return a partition key of a factory."""
    return key("T", factory.tenant_id, "F", factory.factory_id, *name)


def factory_of_key(pk: str, _: str) -> Mapping[str, Any]:
    """Return the factory that a key begins with."""
    found = parts(pk)
    return {"factory": Factory(found[1], found[3])}


OF_FACTORY = Layout(given=("factory",), of_key=factory_of_key)


@dataclass(frozen=True, slots=True)
class Kind:
    """How one dataclass is kept."""

    word: str
    items: Items[Any]


def aggregate(
    kind: type[A],
    word: str,
    identity: Callable[[A], Name],
    shows: Sequence[str],
    lists: Lists = _nowhere,
    **options: Any,
) -> Kind:
    """Declare an aggregate with a field ``factory``; see ``enghub.core.aggregates.Aggregate`` for ``options``."""

    def entries(value: Any) -> Mapping[Key, Mapping[str, Any]]:
        pk, sk = factory_key(value.factory, word, *identity(value)), word
        return {
            (factory_key(value.factory, f"{word}-LIST", *name), key(*place)): {"of_pk": pk, "of_sk": sk}
            for name, place in lists(value)
        }

    made: Aggregate[Any] = Aggregate(
        kind,
        word.replace("-", "_"),
        key=lambda value: (factory_key(value.factory, word, *identity(value)), word),
        layout=OF_FACTORY,
        name=word.lower().replace("-", "_"),
        identity=lambda value: "/".join(identity(value)),
        factory=lambda value: value.factory.factory_id,
        shows=shows,
        entries=entries,
        **options,
    )
    return Kind(word, made)


def fact(kind: type[A], word: str, partition: Callable[[A], Name], place: Callable[[A], Name]) -> Kind:
    """Declare a fact with a field ``factory``; ``place`` is its name in the partition, by which it sorts."""
    made: Items[Any] = Items(
        kind,
        word.replace("-", "_"),
        key=lambda value: (factory_key(value.factory, word, *partition(value)), key(*place(value))),
        layout=OF_FACTORY,
    )
    return Kind(word, made)


class DynamoStore:
    """The Store of ``repository``."""

    def __init__(self, *kinds: Kind) -> None:
        self._kinds = {kind.items.kind: kind for kind in kinds}

    def get(self, kind: type[A], factory: Factory, *identity: str) -> Kept[A] | None:
        """One consistent GetItem."""
        declared = self._kinds[kind]
        return self._aggregate(kind).read((factory_key(factory, declared.word, *identity), declared.word))

    def get_many(self, kind: type[A], factory: Factory, identities: Sequence[Name]) -> dict[Name, Kept[A]]:
        """A BatchGetItem per 100."""
        word = self._kinds[kind].word
        keys = {(factory_key(factory, word, *one), word): one for one in identities}
        found = self._aggregate(kind).read_many(list(keys))
        return {keys[at]: kept for at, kept in found.items()}

    def find(self, kind: type[A], factory: Factory, name: Name, **page: Any) -> Found[A]:
        """One Query of entries, one BatchGetItem of aggregates."""
        declared = self._kinds[kind]
        entries = dynamo.query(factory_key(factory, f"{declared.word}-LIST", *name), **page)
        keys = [(entry["of_pk"]["S"], entry["of_sk"]["S"]) for entry in entries.items]
        found: dict[Key, A] = declared.items.get_many(keys) if keys else {}
        return Found(tuple(found[at] for at in keys if at in found), entries.cursor)

    def facts(self, kind: type[A], factory: Factory, partition: Name, **page: Any) -> Found[A]:
        """One Query."""
        declared = self._kinds[kind]
        found = declared.items.page(factory_key(factory, declared.word, *partition), **page)
        return Found(found.items, found.cursor)

    def each_fact(self, kind: type[A], factory: Factory, partition: Name) -> Iterator[A]:
        """Query after Query."""
        declared = self._kinds[kind]
        return declared.items.each(factory_key(factory, declared.word, *partition))

    def save(self, *commits: Commit[Any], facts: Sequence[Any] = (), handled: Handled | None = None) -> None:
        """One TransactWriteItems."""
        claimed = [write for one in commits[:1] for write in _claim(one)]
        mark = [] if handled is None else [_mark(handled)]
        changes = [write for one in commits for write in self.writes(one)]
        stored = [self._kinds[type(one)].items.put(one, absent(), FactExists) for one in facts]
        transact(*claimed, *mark, *changes, *stored)

    def writes(self, commit: Commit[Any]) -> list[Write]:
        """Return the writes of a commit, for a transaction of more."""
        return self._aggregate(type(commit.after)).writes(commit)[1]

    def _aggregate(self, kind: type[A]) -> Aggregate[A]:
        found = self._kinds[kind].items
        if not isinstance(found, Aggregate):
            message = f"{kind.__name__} is no aggregate"
            raise TypeError(message)
        return found


def _claim(commit: Commit[Any]) -> tuple[PutItem, ...]:
    return puts(commit.claim, commit.after if commit.answered is None else commit.answered)


def _mark(handled: Handled) -> PutItem:
    return inbox.seen(handled.consumer, handled.event_id, handled.tenant_id, handled.at)
