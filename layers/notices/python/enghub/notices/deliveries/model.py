"""A notice on its way to one recipient. No I/O."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from enghub.core.notices import Severity
from enghub.kit.outbound.retries import wait_seconds
from enghub.notices.channels.model import Kind
from enghub.notices.languages import Reads

MAX_ATTEMPTS = 8
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 60.0, 3600.0
"""About four hours of tries in all, then somebody has to look."""
LEASE = timedelta(minutes=5)
"""How long a sender may take; after it the delivery is tried again under the same id."""


class State(StrEnum):
    """Where a delivery stands."""

    PENDING = "PENDING"
    """To be sent, now or at ``next_at``."""
    SENDING = "SENDING"
    SENT = "SENT"
    COLLECTED = "COLLECTED"
    """Part of a digest."""
    PARKED = "PARKED"
    """Given up; somebody may send it again, or discard it."""
    SUPPRESSED = "SUPPRESSED"
    """Its rule had told this recipient enough."""
    DISCARDED = "DISCARDED"


class NotDeliverable(Exception):
    """A delivery is not in a state for what is wanted."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What is told; its deliveries say to whom."""

    tenant_id: str
    notice_id: str
    factory_id: str
    source: str
    """The context that asked."""
    notice_type: str
    severity: Severity
    subject: str
    facts: Mapping[str, Any]
    links: Mapping[str, str]
    payload: Mapping[str, Any] | None
    wants_acknowledgement: bool
    at: datetime
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One notice to one recipient by one channel."""

    tenant_id: str
    delivery_id: str
    notice_id: str
    notice_type: str
    severity: Severity
    factory_id: str
    channel_id: str
    kind: Kind
    address: str
    """A mail address or a manifest's webhook; empty where the channel has its own."""
    user_id: str
    reads: Reads
    signed_by: str
    """The context whose secret signs a manifest's webhook; empty where the channel has its own."""
    state: State
    next_at: datetime | None
    created_at: datetime
    attempts: int = 0
    reason: str = ""
    sent_at: datetime | None = None
    digest: str = ""
    """The digest it is part of, or, of the digest itself, its own id."""
    rule_id: str = ""

    @property
    def shown(self) -> str:
        """The address as logs and answers may hold it."""
        if self.kind.is_mail:
            return f"{self.address[:1]}***@{self.address.rpartition('@')[2]}"
        if self.address:
            return self.address.split("?")[0].split("#")[0].rpartition("@")[2][:100]
        return f"{self.kind}:{self.channel_id}"

    @property
    def is_digest(self) -> bool:
        """Whether it tells of others."""
        return self.digest == self.delivery_id

    def is_due(self, now: datetime) -> bool:
        """Whether somebody should send it now; also one whose sender was lost."""
        return self.state in {State.PENDING, State.SENDING} and self.next_at is not None and self.next_at <= now

    def claimed(self, now: datetime) -> "Delivery":
        """Return it in the hands of a sender."""
        return replace(self, state=State.SENDING, next_at=now + LEASE)

    def sent(self, now: datetime) -> "Delivery":
        """Return it delivered."""
        return replace(self, state=State.SENT, next_at=None, sent_at=now, attempts=self.attempts + 1, reason="")

    def delayed(self, now: datetime, reason: str, asked: float | None = None) -> "Delivery":
        """Return it for another try, or parked after the last one; ``asked`` is what the receiver asks to wait."""
        attempts = self.attempts + 1
        if attempts >= MAX_ATTEMPTS:
            return replace(self.parked(reason), attempts=attempts)
        seconds = wait_seconds(attempts, first=FIRST_WAIT_SECONDS, most=LONGEST_WAIT_SECONDS, asked=asked)
        later = now + timedelta(seconds=seconds)
        return replace(self, state=State.PENDING, next_at=later, attempts=attempts, reason=reason)

    def postponed(self, until: datetime) -> "Delivery":
        """Return it for later without counting a try: quiet hours, or a robot that has its minute's messages."""
        return replace(self, state=State.PENDING, next_at=until)

    def parked(self, reason: str) -> "Delivery":
        """Return it given up."""
        return replace(self, state=State.PARKED, next_at=None, reason=reason)

    def redriven(self, now: datetime) -> "Delivery":
        """Return it to be sent again, with all its tries, under the same id.

        Raises:
            NotDeliverable: it is not parked.
        """
        if self.state is not State.PARKED:
            raise NotDeliverable(self.state)
        return replace(self, state=State.PENDING, next_at=now, attempts=0)

    def discarded(self, reason: str) -> "Delivery":
        """Return it put aside for good.

        Raises:
            NotDeliverable: it is not parked.
        """
        if self.state is not State.PARKED:
            raise NotDeliverable(self.state)
        return replace(self, state=State.DISCARDED, reason=reason)


def delivery_id(notice_id: str, kind: Kind, address: str) -> str:
    """Return by what a delivery is remembered, and a receiver recognises a repeat; says nothing of the address."""
    return hashlib.sha256(f"{notice_id}/{kind}/{address}".encode()).hexdigest()
