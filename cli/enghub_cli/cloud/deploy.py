"""Deploys the assembly to the local cloud through CloudFormation, the way it goes to AWS."""

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from enghub_cli.cloud.assembly import Stack, stacks
from enghub_cli.cloud.aws import client, cloudformation
from enghub_cli.errors import Stop

CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
SECONDS_PER_STACK = 180
TEMPLATES = "enghub-templates"


def deploy(endpoint: str, out: Path, say: Callable[[str, str], None]) -> dict[str, str]:
    """Deploy every stack of ``out``; ``say(stack, what)`` hears of progress. Returns all outputs, merged.

    Raises:
        Stop: a stack fails; the text gives its name and the reason.
    """
    outputs: dict[str, str] = {}
    for stack in stacks(out):
        _upload(endpoint, stack)
        parameters = {"Target": "local"}
        if "UserPoolId" in outputs:
            parameters["JwksUrl"] = f"{endpoint}/{outputs['UserPoolId']}/.well-known/jwks.json"
        say(stack.name, _apply(endpoint, stack, parameters))
        outputs |= outputs_of(endpoint, stack.name)
    return outputs


def outputs_of(endpoint: str, stack: str) -> dict[str, str]:
    """Return the outputs of a deployed stack; none if there is no such stack."""
    described = _describe(endpoint, stack)
    return {} if described is None else {out["OutputKey"]: out["OutputValue"] for out in described.get("Outputs", ())}


def _upload(endpoint: str, stack: Stack) -> None:
    storage = client("s3", endpoint)
    for bucket in {asset.bucket for asset in stack.assets} | {TEMPLATES}:
        try:
            storage.head_bucket(Bucket=bucket)
        except ClientError:
            storage.create_bucket(Bucket=bucket)
    for asset in stack.assets:
        try:
            storage.head_object(Bucket=asset.bucket, Key=asset.key)
        except ClientError:
            storage.put_object(Bucket=asset.bucket, Key=asset.key, Body=asset.content())


def _apply(endpoint: str, stack: Stack, parameters: Mapping[str, str]) -> str:
    service = cloudformation(endpoint)
    key = f"{hashlib.sha256(stack.template.encode()).hexdigest()}.json"
    client("s3", endpoint).put_object(Bucket=TEMPLATES, Key=key, Body=stack.template.encode())
    declared = json.loads(stack.template).get("Parameters", {})
    request: dict[str, Any] = {
        "StackName": stack.name,
        "TemplateURL": f"{endpoint}/{TEMPLATES}/{key}",
        "Capabilities": CAPABILITIES,
        "Parameters": [
            {"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items() if name in declared
        ],
    }
    existing = _describe(endpoint, stack.name)
    if existing and existing["StackStatus"] in {"ROLLBACK_COMPLETE", "CREATE_FAILED", "DELETE_FAILED"}:
        service.delete_stack(StackName=stack.name)
        _wait(endpoint, stack.name)
        existing = None
    try:
        if existing is None:
            service.create_stack(**request)
        else:
            service.update_stack(**request)
    except ClientError as error:
        if "No updates are to be performed" in str(error):
            return "unchanged"
        message = f"{stack.name} is refused: {error.response['Error']['Message']}"
        raise Stop(message) from error
    _wait(endpoint, stack.name)
    return "created" if existing is None else "updated"


def _wait(endpoint: str, stack: str) -> None:
    deadline = time.monotonic() + SECONDS_PER_STACK
    while True:
        described = _describe(endpoint, stack)
        status = described["StackStatus"] if described else "DELETE_COMPLETE"
        if status in {"CREATE_COMPLETE", "UPDATE_COMPLETE", "DELETE_COMPLETE"}:
            return
        if not status.endswith("_IN_PROGRESS") or time.monotonic() > deadline:
            message = f"{stack} ends as {status}: {_reason(endpoint, stack)}"
            raise Stop(message)
        time.sleep(0.1)


def _reason(endpoint: str, stack: str) -> str:
    events = cloudformation(endpoint).describe_stack_events(StackName=stack)["StackEvents"]
    failures = [event for event in events if event.get("ResourceStatus", "").endswith("_FAILED")]
    if not failures:
        return "no reason given"
    first = min(failures, key=lambda event: event["Timestamp"])
    return f"{first.get('LogicalResourceId')}: {first.get('ResourceStatusReason')}"


def _describe(endpoint: str, stack: str) -> dict[str, Any] | None:
    try:
        found = cloudformation(endpoint).describe_stacks(StackName=stack)["Stacks"]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    alive = [one for one in found if one["StackStatus"] != "DELETE_COMPLETE"]
    return dict(alive[0]) if alive else None
