"""Permissions, written out: exact actions on exact resources."""

from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import Aws
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_stepfunctions as sfn

Grantee = lambda_.Function | sfn.StateMachine | iam.Role
"""What may be given a permission: a function or a state machine (its role), or a role itself."""


def role_of(grantee: Grantee) -> iam.IRole:
    """Return the role that acts for ``grantee``."""
    if isinstance(grantee, iam.Role):
        return grantee
    role = grantee.role
    if role is None:
        message = f"{grantee.node.path} has no role"
        raise ValueError(message)
    return role


def allow(
    grantee: Grantee,
    actions: Sequence[str],
    resources: Sequence[str],
    conditions: Mapping[str, Mapping[str, Any]] | None = None,
) -> None:
    """Allow ``grantee`` to do ``actions`` on ``resources``."""
    role_of(grantee).add_to_principal_policy(
        iam.PolicyStatement(actions=list(actions), resources=list(resources), conditions=conditions)
    )


def allow_key(grantee: Grantee, key_arn: str, service: str, *actions: str) -> None:
    """Allow the use of a key, but only through ``service`` (``dynamodb``, ``sqs``, ...)."""
    via = {"StringEquals": {"kms:ViaService": f"{service}.{Aws.REGION}.{Aws.URL_SUFFIX}"}}
    allow(grantee, [f"kms:{action}" for action in actions], [key_arn], via)
