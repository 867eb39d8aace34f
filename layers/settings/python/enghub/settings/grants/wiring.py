"""Builds what changes grants, once per process."""

from functools import cache

from enghub.settings.grants.dynamo import DynamoGrants
from enghub.settings.grants.service import GrantService


@cache
def grants() -> GrantService:
    """Return the use cases of grants."""
    return GrantService(DynamoGrants())
