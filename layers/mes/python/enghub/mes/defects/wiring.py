"""Puts the defects together."""

from enghub.mes.defects.dynamo import KINDS
from enghub.mes.defects.service import Defects
from enghub.mes.keeping.dynamo import DynamoStore


def defects() -> Defects:
    """Return the use cases."""
    return Defects(DynamoStore(*KINDS))
