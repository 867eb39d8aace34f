"""Builds what keeps and changes the security policy, once per process."""

from functools import cache

from enghub.settings.configs.dynamo import DynamoConfigs
from enghub.settings.security.edge import DynamoEdge, DynamoSessions
from enghub.settings.security.reading import SecurityPolicies
from enghub.settings.security.service import PolicyChanges
from enghub.settings.security.sessions import SessionService


@cache
def policies() -> SecurityPolicies:
    """Return what keeps the enforced policy in step."""
    return SecurityPolicies(DynamoConfigs(), DynamoEdge())


@cache
def changes() -> PolicyChanges:
    """Return the use cases that change it."""
    from enghub.settings.configs.wiring import configs  # noqa: PLC0415 - most requests only read

    return PolicyChanges(policies(), configs())


@cache
def sessions() -> SessionService:
    """Return the use cases of sessions."""
    return SessionService(DynamoSessions())
