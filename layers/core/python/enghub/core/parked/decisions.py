"""What people do with parked messages: look, send again, give up; each decision is audited."""

from dataclasses import replace

from enghub.core import outbox
from enghub.core.commits import Kept
from enghub.core.identity import Origin
from enghub.core.parked import dynamo
from enghub.core.parked.errors import ParkedMessageNotFound
from enghub.core.parked.model import ParkedMessage, Status


def get(tenant_id: str, parked_id: str) -> ParkedMessage:
    """Return a message.

    Raises:
        ParkedMessageNotFound
    """
    return _read(tenant_id, parked_id).value


def redrive(tenant_id: str, parked_id: str, origin: Origin) -> ParkedMessage:
    """Send a message again to where it failed, by the outbox; one that was sent again already stays as it is.

    Raises:
        ParkedMessageNotFound, MessageNotParked, NotRedrivable
    """
    before = _read(tenant_id, parked_id)
    if before.value.status is Status.REDRIVEN:
        return before.value
    origin = _of_tenant(origin, tenant_id)
    after = before.value.redriven(origin.user_id, origin.at)
    send = outbox.to_channel(
        after.channel,
        after.body,
        message_type=after.message_type,
        source=after.source,
        tenant_id=after.tenant_id,
        subject=after.subject,
        at=origin.at,
    )
    dynamo.decide(before, after, origin, send)
    return after


def discard(tenant_id: str, parked_id: str, reason: str, origin: Origin) -> ParkedMessage:
    """Give a message up; one that was given up already stays as it is.

    Raises:
        ParkedMessageNotFound, MessageNotParked
    """
    before = _read(tenant_id, parked_id)
    if before.value.status is Status.DISCARDED:
        return before.value
    origin = _of_tenant(origin, tenant_id)
    after = before.value.discarded(reason, origin.user_id, origin.at)
    dynamo.decide(before, after, origin)
    return after


def _of_tenant(origin: Origin, tenant_id: str) -> Origin:
    """Return ``origin`` for the audit of the message's tenant; who comes from another is named with theirs."""
    if origin.tenant_id == tenant_id:
        return origin
    return replace(origin, tenant_id=tenant_id, user_id=f"{origin.tenant_id}/{origin.user_id}")


def _read(tenant_id: str, parked_id: str) -> Kept[ParkedMessage]:
    found = dynamo.read(tenant_id, parked_id)
    if found is None:
        raise ParkedMessageNotFound(parked_id=parked_id)
    return found
