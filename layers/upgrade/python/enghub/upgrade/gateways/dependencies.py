"""Looks at the services that upgrades stand on: one cheap read each, with short time-outs (UPG-20)."""

import shutil
import tempfile
from dataclasses import dataclass

from botocore.exceptions import ClientError

from enghub.core import aws, config
from enghub.core.dynamo import key


class NotActive(Exception):
    """The state machine is being deleted."""


@dataclass(frozen=True, slots=True)
class DependencyConfig:
    """Where they are."""

    state_machine_arn_upgrade_site: str
    bucket_name: str


class DiskFull(Exception):
    """Over 90 % of the place for files is taken (source document, chapter 11.4)."""


def disk() -> str:
    """Look at where packages are unpacked.

    Raises:
        DiskFull: over 90 % of it is taken.
    """
    usage = shutil.disk_usage(tempfile.gettempdir())
    if usage.used > usage.total * 0.9:
        raise DiskFull
    return f"{usage.used / usage.total:.0%} taken"


def connect() -> None:
    """Make the clients, before threads use them: boto3 makes clients in one thread only."""
    for service in ("dynamodb", "stepfunctions", "secretsmanager", "s3"):
        aws.quick(service)


def table(name: str, tenant_id: str) -> str:
    """Read an item that need not exist."""
    place = {"pk": {"S": key("T", tenant_id, "HEALTH")}, "sk": {"S": "-"}}
    aws.quick("dynamodb").get_item(TableName=name, Key=place)
    return "reads"


def state_machine() -> str:
    """Ask whether executions can be started.

    Raises:
        NotActive: it is being deleted.
    """
    arn = config.load(DependencyConfig).state_machine_arn_upgrade_site
    status: str = aws.quick("stepfunctions").describe_state_machine(stateMachineArn=arn)["status"]
    if status != "ACTIVE":
        raise NotActive
    return "active"


def secret_store(name: str) -> str:
    """Ask about a secret, not for it; there need not be one."""
    try:
        aws.quick("secretsmanager").describe_secret(SecretId=name)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        return "answers; no secret for webhooks is stored"
    return "answers"


def bucket(tenant_id: str) -> str:
    """List at most one artifact of the tenant."""
    name = config.load(DependencyConfig).bucket_name
    aws.quick("s3").list_objects_v2(Bucket=name, Prefix=f"upgrade/artifacts/{tenant_id}/", MaxKeys=1)
    return "lists"
