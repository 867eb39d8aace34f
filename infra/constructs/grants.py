"""Permissions, written out: exact actions on exact resources. A wildcard needs a reason where it is written."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import Acknowledgment, Aws, Stack, Validations
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_stepfunctions as sfn
from constructs import IConstruct

Grantee = lambda_.Function | sfn.StateMachine | iam.Role
"""What may be given a permission: a function or a state machine (its role), or a role itself."""


def acknowledge(scope: IConstruct, rule: str, reason: str) -> None:
    """Say why ``scope`` may break the cdk-nag ``rule`` (``AwsSolutions-...``)."""
    Validations.of(scope).acknowledge(Acknowledgment(id=f"AwsSolutions::{rule}", reason=reason))


def role_of(grantee: Grantee) -> iam.IRole:
    """Return the role that acts for ``grantee``."""
    role = grantee if isinstance(grantee, iam.Role) else grantee.role
    if role is None:
        message = f"{grantee.node.path} has no role"
        raise ValueError(message)
    return role


def allow(
    grantee: Grantee,
    actions: Sequence[str],
    resources: Sequence[str],
    *,
    conditions: Mapping[str, Mapping[str, Any]] | None = None,
    wildcard: str = "",
) -> None:
    """Allow ``grantee`` to do ``actions`` on ``resources``; ``wildcard`` is the reason for any ``*`` in them.

    Raises:
        ValueError: an action has a wildcard, or a resource has one without a reason.
    """
    role = role_of(grantee)
    patterns = [text for text in (_readable(role, resource) for resource in resources) if "*" in text]
    if any("*" in action for action in actions) or (patterns and not wildcard):
        message = f"{role.node.path}: {', '.join(actions)} on {', '.join(patterns)} is too wide, or needs a reason"
        raise ValueError(message)
    for pattern in patterns:
        acknowledge(role, f"AwsSolutions-IAM5[Resource::{pattern}]", wildcard)
    role.add_to_principal_policy(
        iam.PolicyStatement(actions=list(actions), resources=list(resources), conditions=conditions)
    )


def allow_key(grantee: Grantee, key_arn: str, service: str, *actions: str) -> None:
    """Allow the use of a key, but only through ``service`` (``dynamodb``, ``sqs``, ...)."""
    via = {"StringEquals": {"kms:ViaService": f"{service}.{Aws.REGION}.{Aws.URL_SUFFIX}"}}
    allow(grantee, [f"kms:{action}" for action in actions], [key_arn], conditions=via)


def inline_policies(stack: Stack) -> None:
    """Write what the roles of ``stack`` may do into the roles themselves: one resource less for each.

    To be called when all permissions are given; roles of the CDK put them into a policy of their own.
    """
    for policy in [child for child in stack.node.find_all() if isinstance(child, iam.Policy)]:
        role = policy.node.scope
        if isinstance(role, iam.Role) and isinstance(resource := role.node.default_child, iam.CfnRole):
            resource.policies = [iam.CfnRole.PolicyProperty(policy_name="Allowed", policy_document=policy.document)]
            role.node.try_remove_child(policy.node.id)


def _readable(scope: IConstruct, arn: str) -> str:
    """Return ``arn`` the way cdk-nag names it: ``arn:<AWS::Partition>:sqs:...``."""
    resolved = Stack.of(scope).resolve(arn)
    if isinstance(resolved, str):
        return resolved
    if "Fn::If" in resolved:
        return json.dumps(resolved, separators=(",", ":"))
    if "Fn::Join" in resolved:
        separator, parts = resolved["Fn::Join"]
        return str(separator).join(part if isinstance(part, str) else _reference(part) for part in parts)
    return _reference(resolved)


def _reference(part: Mapping[str, Any]) -> str:
    value = next(iter(part.values()))
    return f"<{value if isinstance(value, str) else '.'.join(map(str, value))}>"
