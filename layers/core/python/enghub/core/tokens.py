"""Verifies bearer tokens of an OpenID Connect issuer.

RFC 8725: one pinned algorithm, issuer, audience, expiry, key id.
"""

import hashlib
import math
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
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
    demands_mfa: bool = False
    """Whether it lets nobody in by a password alone: its own users' tokens then need not say so (Cognito's do not)."""


ID = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?")
"""The form of a tenant's and a factory's id: it is part of keys, names of secrets and addresses."""
USER = re.compile(r"[\x21-\x7e]{1,128}")
"""The form of a user's name in the directory: no blank, since lists are written with blanks."""


KEPT_SECONDS = 3600
ASKED_AGAIN_SECONDS = 30
"""How often at most the issuer is asked for a key that is not known, or while it does not answer."""


@dataclass(frozen=True, slots=True)
class _Keys:
    """An issuer's keys by id; when they were fetched and when the issuer was asked, in seconds of the process."""

    by_id: Mapping[str, jwt.PyJWK]
    fetched_at: float = -math.inf
    asked_at: float = -math.inf


_NONE = _Keys({})
_sets: dict[str, _Keys] = {}


def forget() -> None:
    """Drop the issuers' keys."""
    _sets.clear()


def _key(jwks_url: str, token: str) -> jwt.PyJWK:
    """Return the issuer's key that signed ``token``; keys are parsed once, for an hour.

    Raises:
        PyJWTError: the issuer has no such key.
        PyJWKClientConnectionError: the keys cannot be fetched, and this one is not known from before.
    """
    wanted = str(jwt.get_unverified_header(token).get("kid"))
    known, now = _sets.get(jwks_url, _NONE), time.monotonic()
    is_stale = wanted not in known.by_id or now - known.fetched_at > KEPT_SECONDS
    if is_stale and now - known.asked_at > ASKED_AGAIN_SECONDS:
        known = _fetched(jwks_url, known)
    if wanted not in known.by_id:
        message = "the issuer has no such key"
        raise jwt.InvalidKeyError(message)
    return known.by_id[wanted]


def _fetched(jwks_url: str, before: _Keys) -> _Keys:
    """Ask the issuer for its keys; while it cannot answer, those from before hold, and calls do not wait for it."""
    now = time.monotonic()
    try:
        found = jwt.PyJWKClient(jwks_url, cache_jwk_set=False, timeout=5).get_signing_keys()
    except (jwt.PyJWTError, AttributeError, KeyError, TypeError, ValueError) as error:  # or it answers something else
        if not before.by_id:
            raise jwt.PyJWKClientConnectionError(str(error)) from error
        known = replace(before, asked_at=now)
    else:
        known = _Keys({str(key.key_id): key for key in found}, now, now)
    _sets[jwks_url] = known
    return known


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
        key = _key(issuer.jwks_url, token)
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
        raise Unavailable(reason=type(error).__name__) from error
    except (jwt.PyJWTError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise Unauthenticated(reason=type(error).__name__) from error


def _principal(claims: Mapping[str, Any], issuer: Issuer, permissions_of: Mapping[str, list[str]]) -> Principal:
    roles = tuple(claims.get(issuer.roles_claim, ()))
    tenant_id = claims[issuer.tenant_claim]
    user_id = claims.get("cognito:username") or claims["sub"]
    factory_ids = tuple(claims.get(issuer.factories_claim, "").split())
    if claims.get("token_use", "id") != "id":
        message = "the token is no ID token"
        raise ValueError(message)
    if not USER.fullmatch(user_id) or not all(ID.fullmatch(name) for name in (tenant_id, *factory_ids)):
        message = "the token names no tenant, or one of its ids is none"
        raise ValueError(message)
    authenticated_at = int(claims.get("auth_time", claims["iat"]))
    methods = tuple(map(str, claims.get("amr", ())))
    if issuer.demands_mfa and "identities" not in claims:  # who came by federation proved themselves elsewhere
        methods = (*methods, "mfa")
    return Principal(
        user_id=user_id,
        tenant_id=tenant_id,
        factory_ids=factory_ids,
        roles=roles,
        permissions=frozenset(permission for role in roles for permission in permissions_of.get(role, ())),
        authenticated_at=datetime.fromtimestamp(authenticated_at, UTC),
        methods=methods,
        session=_session(claims, authenticated_at),
    )


def _session(claims: Mapping[str, Any], authenticated_at: int) -> str:
    """Return what names the sign-in: Cognito's ``origin_jti``, OIDC's ``sid``, else its time; never told itself."""
    said = claims.get("origin_jti") or claims.get("sid") or f"at {authenticated_at}"
    return hashlib.sha256(f"{claims['sub']} {said}".encode()).hexdigest()[:24]
