"""What people do with parked messages: look, send again, give up; each decision is audited."""

from enghub.core import outbox
from enghub.core.audit import Link
from enghub.core.identity import Origin
from enghub.core.parked import dynamo
from enghub.core.parked.errors import ParkedMessageNotFound
from enghub.core.parked.model import ParkedMessage, Status


def get(tenant_id: str, parked_id: str) -> ParkedMessage:
    """Return a message.

    Raises:
        ParkedMessageNotFound
    """
    return _read(tenant_id, parked_id)[0]


def redrive(tenant_id: str, parked_id: str, origin: Origin) -> ParkedMessage:
    """Send a message again to where it failed, by the outbox; one that was sent again already stays as it is.

    Raises:
        ParkedMessageNotFound, MessageNotParked, NotRedrivable
    """
    before, link = _read(tenant_id, parked_id)
    if before.status is Status.REDRIVEN:
        return before
    after = before.redriven(origin.user_id, origin.at)
    send = outbox.to_channel(
        after.channel,
        after.body,
        message_type=after.message_type,
        source=after.source,
        tenant_id=after.tenant_id,
        subject=after.subject,
        at=origin.at,
    )
    dynamo.decide(before, after, link, origin, send)
    return after


def discard(tenant_id: str, parked_id: str, reason: str, origin: Origin) -> ParkedMessage:
    """Give a message up; one that was given up already stays as it is.

    Raises:
        ParkedMessageNotFound, MessageNotParked
    """
    before, link = _read(tenant_id, parked_id)
    if before.status is Status.DISCARDED:
        return before
    after = before.discarded(reason, origin.user_id, origin.at)
    dynamo.decide(before, after, link, origin)
    return after


def _read(tenant_id: str, parked_id: str) -> tuple[ParkedMessage, Link]:
    found = dynamo.read(tenant_id, parked_id)
    if found is None:
        raise ParkedMessageNotFound(parked_id=parked_id)
    return found
