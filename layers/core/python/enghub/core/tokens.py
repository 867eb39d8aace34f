"""Verifies bearer tokens of an OpenID Connect issuer.

RFC 8725: one pinned algorithm, issuer, audience, expiry, key id.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

import jwt

from enghub.core.errors import Unauthenticated, Unavailable
from enghub.core.identity import Principal

ALGORITHM = "RS256"
LEEWAY_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Issuer:
    """Whose tokens are accepted; the address of the keys is a setting of its own."""

    issuer: str
    audience: str
    jwks_url: str
    tenant_claim: str = "custom:tenant_id"
    factories_claim: str = "custom:factories"
    roles_claim: str = "cognito:groups"


@cache
def _keys(jwks_url: str) -> jwt.PyJWKClient:
    return jwt.PyJWKClient(jwks_url, cache_keys=True, lifespan=3600, timeout=5)


def principal(token: str, issuer: Issuer, permissions_of: Mapping[str, list[str]]) -> Principal:
    """Return the caller that ``token`` proves.

    Args:
        token: a compact JWT, without ``Bearer``.
        issuer: whose tokens count.
        permissions_of: role name to its permissions; a role that is not listed grants nothing.

    Raises:
        Unauthenticated: wrong or missing signature, algorithm, issuer, audience, expiry, key id or claim;
            ``reason`` says which, for the audit.
        Unavailable: the issuer's keys cannot be fetched.
    """
    try:
        key = _keys(issuer.jwks_url).get_signing_key_from_jwt(token)
        claims = jwt.decode(
            token,
            key.key,
            algorithms=[ALGORITHM],
            issuer=issuer.issuer,
            audience=issuer.audience,
            leeway=LEEWAY_SECONDS,
            options={"require": ["exp", "iat", "iss", "aud", "sub"]},
        )
        return _principal(claims, issuer, permissions_of)
    except jwt.PyJWKClientConnectionError as error:
        raise Unavailable(problem="the token issuer's keys cannot be fetched") from error
    except (jwt.PyJWTError, KeyError, ValueError) as error:
        raise Unauthenticated(reason=type(error).__name__) from error


def _principal(claims: Mapping[str, Any], issuer: Issuer, permissions_of: Mapping[str, list[str]]) -> Principal:
    roles = tuple(claims.get(issuer.roles_claim, ()))
    tenant_id = claims[issuer.tenant_claim]
    if not tenant_id or claims.get("token_use", "id") != "id":
        message = "the token names no tenant, or is no ID token"
        raise ValueError(message)
    return Principal(
        user_id=claims.get("cognito:username") or claims["sub"],
        tenant_id=tenant_id,
        factory_ids=tuple(claims.get(issuer.factories_claim, "").split()),
        roles=roles,
        permissions=frozenset(permission for role in roles for permission in permissions_of.get(role, ())),
        authenticated_at=datetime.fromtimestamp(int(claims.get("auth_time", claims["iat"])), UTC),
        methods=tuple(claims.get("amr", ())),
    )
