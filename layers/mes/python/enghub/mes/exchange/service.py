"""Tells the ERP what happened here, each thing once, however long it is away (MES-04, MES-16)."""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from enghub.core.clock import Clock
from enghub.core.commits import Command, Commit, Kept
from enghub.core.errors import VersionConflict
from enghub.core.i18n import Text
from enghub.core.identity import Origin
from enghub.mes.erp.errors import GARBAGE, ErpAway, ErpRefuses
from enghub.mes.erp.model import OUTGOING, Link, Service
from enghub.mes.erp.repository import Reply
from enghub.mes.erp.service import Calls, ServiceDown
from enghub.mes.exchange.errors import MessageNotFound, MessageTaken
from enghub.mes.exchange.model import Message, MessageState, Received, Reconciliation, compare
from enghub.mes.exchange.repository import Messages
from enghub.mes.factories import Factory

QUEUE = "send_to_erp"
SYSTEM = "system:erp-exchange"
PATHS: Mapping[Service, str] = {
    Service.COMPLETIONS: "/api/v1/notifications/send",
    Service.STOCK_MOVEMENTS: "/api/v1/stock/movements",
}
PAGE = 100
LEAST_SECONDS = 22.0
"""What a try with its pauses may take: none begins with less left."""
MOST_NUMBER = 100
"""Characters of an acknowledgement."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What a round did."""

    acknowledged: int = 0
    refused: int = 0
    put_off: int = 0

    def __add__(self, other: "Sent") -> "Sent":
        return Sent(self.acknowledged + other.acknowledged, self.refused + other.refused, self.put_off + other.put_off)


@dataclass(frozen=True, slots=True)
class Exchange:
    """The use cases."""

    messages: Messages
    calls: Calls
    clock: Clock

    def record(self, origin: Origin, message: Message) -> None:
        """Store what is to be told.

        Raises:
            AlreadyHandled: it is stored already.
        """
        commands = (Command(QUEUE, {"factory_id": origin.factory_id}),)
        self.messages.save(Commit(origin, "made", message, commands=commands))

    def send_due(self, link: Link, seconds_left: Callable[[], float]) -> Sent:
        """Send what waits and is due; a service that is down ends its own round only."""
        done = Sent()
        for service in OUTGOING:
            if service in link.uses:
                done += self._send_service(link, service, seconds_left)
        return done

    def due_now(self, link: Link) -> None:
        """Let what was put off be due now, a page of each service."""
        for service in OUTGOING:
            for message_id in self.messages.due(link.factory, service, datetime.max.replace(tzinfo=UTC), PAGE):
                kept = self.messages.get(link.factory, message_id)
                if kept is not None and kept.value.state is MessageState.WAITING and kept.value.due > self.clock():
                    self._keep(kept, "", kept.value.again(self.clock()))

    def _send_service(self, link: Link, service: Service, seconds_left: Callable[[], float]) -> Sent:
        done = Sent()
        while due := self.messages.due(link.factory, service, self.clock(), PAGE):
            for message_id in due:
                if seconds_left() < LEAST_SECONDS:
                    return done
                kept = self.messages.get(link.factory, message_id)
                if kept is None or kept.value.state is not MessageState.WAITING:
                    continue
                sent, is_down = self._send(link, kept)
                done += sent
                if is_down:
                    return done
            if len(due) < PAGE:
                break
        return done

    def _send(self, link: Link, kept: Kept[Message]) -> tuple[Sent, bool]:
        message = kept.value
        told = (message.message_id, message.body)
        try:
            number = self.calls.post(link, message.service, PATHS[message.service], told, acknowledgement)
        except ServiceDown as down:
            if not down.is_fresh:
                return Sent(), True  # nobody called: the message is as it was
            self._keep(kept, "", message.put_off(down.health.problem or GARBAGE, self.clock()))
            return Sent(put_off=1), True
        except ErpRefuses as no:
            self._keep(kept, "refused", message.refused(Text(str(no), str(no))))
            return Sent(refused=1), False
        self._keep(kept, "acknowledged", message.acknowledged(number, self.clock()))
        return Sent(acknowledged=1), False

    def _keep(self, before: Kept[Message], action: str, after: Message) -> None:
        factory = after.factory
        origin = Origin(factory.tenant_id, factory.factory_id, SYSTEM, self.clock(), after.message_id)
        try:
            self.messages.save(Commit(origin, action, after, before))
        except VersionConflict:
            return  # another round told the same, under the same key

    def get(self, factory: Factory, message_id: str) -> Message:
        """Return one message.

        Raises:
            MessageNotFound
        """
        kept = self.messages.get(factory, message_id)
        if kept is None:
            raise MessageNotFound(message_id=message_id)
        return kept.value

    def resend(self, origin: Origin, message_id: str) -> Message:
        """Let what the ERP refused be sent again, now; what waits is due now.

        Raises:
            MessageNotFound
            MessageTaken: the ERP has it.
            VersionConflict: it was sent meanwhile.
        """
        kept = self.messages.get(Factory.of(origin), message_id)
        if kept is None:
            raise MessageNotFound(message_id=message_id)
        before = kept.value
        if before.state is MessageState.ACKNOWLEDGED:
            raise MessageTaken(message_id=message_id, acknowledgement=before.acknowledgement)
        if before.state is MessageState.WAITING and before.due <= origin.at:
            return before
        after = before.again(origin.at)
        commands = (Command(QUEUE, {"factory_id": origin.factory_id}),)
        self.messages.save(Commit(origin, "sent_again", after, kept, commands=commands))
        return after

    def reconcile(self, link: Link, day: date) -> Reconciliation:
        """Compare a day's messages (UTC) with what the ERP says it has of that day and the next."""
        ours = list(self.messages.of_day(link.factory, day))
        counts = Counter(one.state for one in ours)
        found = Reconciliation(
            counts={state: counts[state] for state in MessageState},
            waiting=tuple(one for one in ours if one.state is MessageState.WAITING)[:PAGE],
            refused=tuple(one for one in ours if one.state is MessageState.REFUSED)[:PAGE],
        )
        if Service.RECONCILIATION not in link.uses:
            return found
        path = f"/api/v1/exchange/received?date={day}"
        try:
            theirs, reply = self.calls.get(link, Service.RECONCILIATION, path, _received)
        except (ServiceDown, ErpRefuses):
            return found
        differences = tuple(compare(ours, theirs, reply.as_of))
        return replace(found, compared=len(theirs), as_of=reply.as_of, differences=differences)

    def waiting(self, link: Link) -> dict[Service, tuple[int, datetime | None]]:
        """Return how many wait for each service that is told things, and since when."""
        return {one: self.messages.waiting(link.factory, one) for one in OUTGOING if one in link.uses}


def acknowledgement(reply: Reply) -> str:
    """Return the ERP's own number for what it took; raises ErpAway where the answer has none."""
    found = reply.content.get("acknowledgement_id")
    if not isinstance(found, str) or not 0 < len(found.strip()) <= MOST_NUMBER:
        raise ErpAway(GARBAGE)
    return found.strip()


def _received(reply: Reply) -> list[Received]:
    found = reply.content.get("items")
    if not isinstance(found, list):
        raise ErpAway(GARBAGE)
    return [_one(line) for line in found]


def _one(line: Any) -> Received:
    try:
        value = Decimal(line["value"])
        if not value.is_finite():
            raise ErpAway(GARBAGE)
        return Received(str(line["key"]), str(line["subject"]), value, str(line["acknowledgement_id"]))
    except (KeyError, TypeError, ValueError, InvalidOperation) as error:
        raise ErpAway(GARBAGE) from error


def body(content: Mapping[str, Any]) -> str:
    """Return the JSON text of a message."""
    return json.dumps(content, ensure_ascii=False)
