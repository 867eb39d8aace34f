"""Puts the inspections together."""

from enghub.core.claims import Claim
from enghub.mes.inspections.dynamo import KINDS
from enghub.mes.inspections.service import Inspections
from enghub.mes.keeping.dynamo import DynamoStore


def inspections(claim: Claim | None = None) -> Inspections:
    """Return the use cases; ``claim`` is the request's claim on its Idempotency-Key."""
    return Inspections(DynamoStore(*KINDS), claim)
