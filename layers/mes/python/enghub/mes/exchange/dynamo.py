"""Messages to the ERP in DynamoDB; ``gsi2`` holds those that wait, by factory, service and when they are due."""

from collections.abc import Iterable
from datetime import date, datetime

from enghub.core import clock, dynamo
from enghub.core.commits import Commit, Kept
from enghub.core.dynamo import key, parts
from enghub.core.marks import AlreadyHandled
from enghub.core.paging import pages
from enghub.mes.erp.model import Service
from enghub.mes.exchange.model import Message, MessageState
from enghub.mes.factories import Factory
from enghub.mes.keeping.dynamo import DynamoStore, aggregate, factory_key
from enghub.mes.keeping.repository import Found, Name

LAST = "~"
MOST_COUNTED = 10_000
PAGE = 100


def _waiting(factory: Factory, service: Service) -> str:
    return factory_key(factory, "ERP-DUE", service.value)


def _index(one: Message) -> dict[str, str | None]:
    waits = one.state is MessageState.WAITING
    return {
        "gsi2pk": _waiting(one.factory, one.service) if waits else None,
        "gsi2sk": key(clock.to_text(one.due), one.message_id) if waits else None,
    }


def _lists(one: Message) -> Iterable[tuple[Name, Name]]:
    place = (clock.to_text(one.made_at), one.message_id)
    yield ("STATE", one.state.value), place
    yield ("DAY", one.made_at.date().isoformat()), place
    if one.state is MessageState.WAITING:
        yield ("WAITING", one.service.value), place


MESSAGES = aggregate(
    Message,
    "ERP-MESSAGE",
    lambda one: (one.message_id,),
    shows=("service", "subject", "value", "state", "problem", "acknowledgement"),
    lists=_lists,
    more=_index,
    exists=lambda one: AlreadyHandled(one.message_id),
)


class DynamoMessages:
    """The Messages of ``repository``."""

    def __init__(self) -> None:
        self._store = DynamoStore(MESSAGES)

    def get(self, factory: Factory, message_id: str) -> Kept[Message] | None:
        """One consistent GetItem."""
        return self._store.get(Message, factory, message_id)

    def save(self, commit: Commit[Message]) -> None:
        """One TransactWriteItems."""
        self._store.save(commit)

    def due(self, factory: Factory, service: Service, now: datetime, limit: int) -> list[str]:
        """One Query of the index."""
        until = key(clock.to_text(now), LAST)
        found = dynamo.query(_waiting(factory, service), index="gsi2", between=("0", until), limit=limit)
        return [parts(item["gsi2sk"]["S"])[1] for item in found.items]

    def of_state(self, factory: Factory, state: MessageState, limit: int, cursor: str | None) -> Found[Message]:
        """One Query, one BatchGetItem."""
        newest = state is MessageState.ACKNOWLEDGED
        name = ("STATE", state.value)
        return self._store.find(Message, factory, name, limit=limit, cursor=cursor, newest_first=newest)

    def of_day(self, factory: Factory, day: date) -> Iterable[Message]:
        """A Query and a BatchGetItem per hundred."""
        name = ("DAY", day.isoformat())
        for page in pages(lambda cursor: self._store.find(Message, factory, name, limit=PAGE, cursor=cursor)):
            yield from page.items

    def waiting(self, factory: Factory, service: Service) -> tuple[int, datetime | None]:
        """Query after Query of the list's entries."""
        count, first = 0, None
        for entry in dynamo.each(factory_key(factory, "ERP-MESSAGE-LIST", "WAITING", service.value)):
            first = first or clock.from_text(parts(entry["sk"]["S"])[0])
            count += 1
            if count >= MOST_COUNTED:
                break
        return count, first
