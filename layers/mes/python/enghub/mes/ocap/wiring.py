"""Puts the action plans together."""

from enghub.core.claims import Claim
from enghub.mes.keeping.dynamo import DynamoStore
from enghub.mes.ocap.dynamo import KINDS
from enghub.mes.ocap.service import Ocap


def ocap(claim: Claim | None = None) -> Ocap:
    """Return the use cases; ``claim`` is the request's claim on its Idempotency-Key."""
    return Ocap(DynamoStore(*KINDS), claim)
