"""Lambda authorizer of the REST API: a bearer token in, the caller's tenant, factories, roles and permissions out.

Trigger: API Gateway REQUEST authorizer; where the stage caches its answer per token, the policy covers the whole
stage. A refusal is stored in the audit under tenant ``-``; nobody is known yet.
Decision: docs/decisions/0009-where-refusals-are-kept.md.
Runbook: docs/runbooks/authorizer-errors.md.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from enghub.core import config, refusals, tokens
from enghub.core.clock import system_clock
from enghub.core.errors import Unauthenticated
from enghub.core.observability import logger


@dataclass(frozen=True, slots=True)
class Config:
    """Whose tokens are accepted."""

    token_issuer: str
    token_audience: str
    jwks_url: str
    issuer_demands_mfa: bool = False
    """Whether the issuer is a pool that lets nobody in by a password alone."""


@cache
def _permissions() -> dict[str, list[str]]:
    loaded: dict[str, list[str]] = json.loads(Path(__file__).with_name("roles.json").read_text("utf-8"))
    return loaded


def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Return an Allow policy with the caller's context.

    Raises:
        Exception: ``Unauthorized``, the text that API Gateway turns into 401.
    """
    settings = config.load(Config)
    issuer = tokens.Issuer(
        settings.token_issuer, settings.token_audience, settings.jwks_url, demands_mfa=settings.issuer_demands_mfa
    )
    scheme, _, token = _header(event, "authorization").partition(" ")
    try:
        caller = tokens.principal(token.strip() if scheme.lower() == "bearer" else "", issuer, _permissions())
    except Unauthenticated as error:
        _refused(event, error, context.aws_request_id)
        raise Exception("Unauthorized") from None  # noqa: TRY002 - the literal API Gateway asks for
    return {
        "principalId": caller.user_id,
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": _stage(event["methodArn"])}],
        },
        "context": caller.to_context(),
    }


def _header(event: dict[str, Any], wanted: str) -> str:
    headers: dict[str, str] = event.get("headers") or {}
    return next((value for name, value in headers.items() if name.lower() == wanted), "")


def _stage(method_arn: str) -> str:
    api, stage, *_ = method_arn.split("/")
    return f"{api}/{stage}/*"


def _refused(event: dict[str, Any], error: Unauthenticated, invocation_id: str) -> None:
    reason = error.details["reason"]
    logger.warning("token refused", reason=reason, resource=event.get("methodArn"))
    seen = event.get("requestContext") or {}
    try:
        refusals.keep(
            tenant_id="-",
            user_id="-",
            error=error.name,
            method=event.get("httpMethod", "-"),
            path=event.get("path", "-")[:500],
            detail=reason,
            request_id=seen.get("requestId", invocation_id),
            source_ip=(seen.get("identity") or {}).get("sourceIp", ""),
            at=system_clock(),
        )
    except Exception:
        logger.exception("refusal not stored", reason=reason)
