"""Builds a tenant's setup from its ports, once per process."""

from functools import cache

from enghub.plm.setup.dynamo import DynamoSetup
from enghub.plm.setup.service import Setup


@cache
def setup() -> Setup:
    """Return units and connection rules."""
    return Setup(DynamoSetup())
