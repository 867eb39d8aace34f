"""The ERP on the wire: link, status, messages, reconciliation."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Self

from pydantic import Field

from enghub.core import wire
from enghub.core.commits import Kept
from enghub.core.i18n import Language
from enghub.mes.erp.model import RULES, Health, Link, Service, State
from enghub.mes.exchange.model import Kind, Message, MessageState, Reconciliation
from enghub.mes.exchange.service import Sent
from enghub.mes.factories import Factory
from enghub.mes.keeping.repository import Found

BASE = "/api/v1/plant/erp"


class PutLinkRequest(wire.Request):
    """Which ERP the factory has; ``version`` is the one the caller saw, none of a new link."""

    version: Annotated[wire.Count, Field(ge=1)] | None = None
    connection: wire.Code = "default"
    recipient_id: wire.Code
    uses: Annotated[tuple[Service, ...], Field(min_length=1, max_length=len(Service))]

    def to_link(self, factory: Factory) -> Link:
        """Return the link."""
        uses = tuple(one for one in Service if one in self.uses)
        return Link(factory, self.connection, self.recipient_id, uses)


class LinkResponse(wire.Response):
    """The factory's link to its ERP. ``bomSource`` and ``ppapSource`` say where these come from, never from two."""

    connection: str
    recipient_id: str
    uses: tuple[Service, ...]
    version: int

    @classmethod
    def of(cls, kept: Kept[Link]) -> Self:
        """Return the answer for a link."""
        link = kept.value
        return cls(connection=link.connection, recipient_id=link.recipient_id, uses=link.uses, version=kept.revision)


class ServiceResponse(wire.Response):
    """How a service of the ERP is. ``rule`` is what holds while it is down; ``waiting`` what will be sent then.

    ``asOf`` is as of when its last answer was: older than five minutes it lags. ``milliseconds`` is how long it took.
    """

    service: Service
    state: State
    since: wire.Instant | None
    problem: str | None
    rule: str | None
    answered_at: wire.Instant | None
    as_of: wire.Instant | None
    milliseconds: int
    next_probe_at: wire.Instant | None
    waiting: int | None
    waiting_since: wire.Instant | None

    @classmethod
    def of(cls, health: Health, waiting: tuple[int, datetime | None] | None, language: Language) -> Self:
        """Return the answer for a service."""
        return cls(
            service=health.service,
            state=health.state,
            since=health.since,
            problem=health.problem.render(language) if health.problem else None,
            rule=RULES[health.service].render(language) if health.is_down else None,
            answered_at=health.answered_at,
            as_of=health.as_of,
            milliseconds=health.milliseconds,
            next_probe_at=health.probe_at,
            waiting=None if waiting is None else waiting[0],
            waiting_since=None if waiting is None else waiting[1],
        )


class StatusResponse(wire.Response):
    """How the ERP is, service by service; only those that the factory uses."""

    connection: str
    services: list[ServiceResponse]

    @classmethod
    def of(
        cls,
        link: Link,
        healths: Sequence[Health],
        waiting: Mapping[Service, tuple[int, datetime | None]],
        language: Language,
    ) -> Self:
        """Return the answer for a link."""
        known = {one.service: one for one in healths}
        used = [known.get(one, Health(link.factory, one)) for one in link.uses]
        services = [ServiceResponse.of(one, waiting.get(one.service), language) for one in used]
        return cls(connection=link.connection, services=services)


class MessageResponse(wire.Response):
    """What the ERP is told: its number is the Idempotency-Key there, ``acknowledgement`` the ERP's own number."""

    message_id: str
    service: Service
    subject: str
    value: wire.Total
    state: MessageState
    made_at: wire.Instant
    due: wire.Instant | None
    attempts: int
    problem: str | None
    acknowledgement: str | None
    acknowledged_at: wire.Instant | None

    @classmethod
    def of(cls, one: Message, language: Language) -> Self:
        """Return the answer for a message."""
        return cls(
            message_id=one.message_id,
            service=one.service,
            subject=one.subject,
            value=one.value,
            state=one.state,
            made_at=one.made_at,
            due=one.due if one.state is MessageState.WAITING else None,
            attempts=one.attempts,
            problem=one.problem.render(language) if one.problem else None,
            acknowledgement=one.acknowledgement or None,
            acknowledged_at=one.acknowledged_at,
        )


class MessagesResponse(wire.Response):
    """One page of messages; ``cursor`` goes into the next request, null at the end."""

    items: list[MessageResponse]
    cursor: str | None

    @classmethod
    def of(cls, found: Found[Message], language: Language) -> Self:
        """Return the answer for a page."""
        return cls(items=[MessageResponse.of(one, language) for one in found.items], cursor=found.cursor)


class SentResponse(wire.Response):
    """What trying now did: messages taken, refused, put off."""

    acknowledged: int
    refused: int
    put_off: int

    @classmethod
    def of(cls, sent: Sent) -> Self:
        """Return the answer for a round."""
        return cls(acknowledged=sent.acknowledged, refused=sent.refused, put_off=sent.put_off)


class DifferenceResponse(wire.Response):
    """One thing in which hub and ERP differ; ``ours`` and ``theirs`` are completion rates or quantities."""

    kind: Kind
    message_id: str
    subject: str
    ours: wire.Total | None
    theirs: wire.Total | None


class ReconciliationResponse(wire.Response):
    """A day (UTC) of messages beside what the ERP has of them.

    ``compared`` is how many the ERP has; null where it could not say, and ``isStale`` with it. ``waiting`` and
    ``refusedMessages`` show a hundred at most.
    """

    date: wire.Day
    acknowledged: int
    waiting: int
    refused: int
    compared: int | None
    as_of: wire.Instant | None
    is_stale: bool
    agrees: bool
    differences: list[DifferenceResponse]
    waiting_messages: list[MessageResponse]
    refused_messages: list[MessageResponse]

    @classmethod
    def of(cls, day: wire.Day, found: Reconciliation, language: Language) -> Self:
        """Return the answer for a day."""
        counts = found.counts
        differences = [
            DifferenceResponse(
                kind=one.kind, message_id=one.message_id, subject=one.subject, ours=one.ours, theirs=one.theirs
            )
            for one in found.differences
        ]
        open_ones = counts[MessageState.WAITING] + counts[MessageState.REFUSED]
        return cls(
            date=day,
            acknowledged=counts[MessageState.ACKNOWLEDGED],
            waiting=counts[MessageState.WAITING],
            refused=counts[MessageState.REFUSED],
            compared=found.compared,
            as_of=found.as_of,
            is_stale=found.compared is None,
            agrees=found.compared is not None and not differences and not open_ones,
            differences=differences,
            waiting_messages=[MessageResponse.of(one, language) for one in found.waiting],
            refused_messages=[MessageResponse.of(one, language) for one in found.refused],
        )
