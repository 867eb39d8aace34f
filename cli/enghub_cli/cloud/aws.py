"""Clients for the local cloud."""

from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from enghub_cli.cloud.process import REGION, ROOT_KEY

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

_CONFIG = Config(retries={"total_max_attempts": 2, "mode": "standard"}, connect_timeout=5, read_timeout=60)


@cache
def session() -> boto3.Session:
    """Return a session with the emulator's root credentials; the caller's AWS profile plays no part."""
    key, secret = ROOT_KEY
    return boto3.Session(aws_access_key_id=key, aws_secret_access_key=secret, region_name=REGION)


@cache
def client(service: str, endpoint: str) -> Any:
    """Return a client of ``service`` at ``endpoint``."""
    return session().client(service, endpoint_url=endpoint, config=_CONFIG)  # type: ignore[call-overload]


def cloudformation(endpoint: str) -> "CloudFormationClient":
    """Return the CloudFormation client."""
    made: CloudFormationClient = client("cloudformation", endpoint)
    return made
