"""Keeps claims: the first answer of a request with an Idempotency-Key, stored in the transaction of its effect."""

from typing import Any

from enghub.core import dynamo
from enghub.core.claims import KEPT, Claim
from enghub.core.codec import Key, RawItem
from enghub.core.dynamo import key
from enghub.core.transactions import PutItem, absent

ENTITY = "ONCE"


def look(claim: Claim) -> None:
    """Raise Replayed when the request was answered before; one read.

    Raises:
        IdempotencyKeyReused: the key stands for another request.
    """
    stored = dynamo.get(*_key(claim))
    if stored is not None:
        raise _replay(claim, stored)


def puts(claim: Claim | None, answered: Any) -> tuple[PutItem, ...]:
    """Return the writes that store the answer: none without a key.

    Their transaction raises Replayed when another call was first.
    """
    if claim is None:
        return ()
    pk, sk = _key(claim)
    item: RawItem = {
        "pk": {"S": pk},
        "sk": {"S": sk},
        "entity": {"S": ENTITY},
        "fingerprint": {"S": claim.fingerprint},
        "answer": {"S": claim.render(answered)},
        "expires_at": {"N": str(int((claim.now + KEPT).timestamp()))},
    }
    if claim.status is not None:
        item["status"] = {"N": str(claim.status)}
    return (PutItem(item, absent(), lambda stored: _replay(claim, stored or {})),)


def _key(claim: Claim) -> Key:
    return key("T", claim.tenant_id, "ONCE", *claim.owner), "ONCE"


def _replay(claim: Claim, stored: RawItem) -> Exception:
    status = int(stored["status"]["N"]) if "status" in stored else None
    return claim.replay(stored["fingerprint"]["S"], stored["answer"]["S"], status)
