"""AWS clients with time-outs that fit inside a Lambda, made on first use and kept."""

from functools import cache
from typing import TYPE_CHECKING, Any

from botocore.config import Config

from enghub.core.lazy import lazy
from enghub.core.sdk import USER_AGENT

if TYPE_CHECKING:
    import boto3
else:  # tables are reached without it
    boto3 = lazy("boto3")

_CONFIG = Config(
    user_agent=USER_AGENT,
    connect_timeout=2,
    read_timeout=8,
    retries={"total_max_attempts": 3, "mode": "standard"},
)


_QUICK = Config(
    user_agent=USER_AGENT, connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 1, "mode": "standard"}
)


@cache
def client(service: str) -> Any:
    """Return the shared client of ``service``; region, endpoint and credentials come from the environment."""
    return boto3.client(service, config=_CONFIG)  # type: ignore[call-overload]


@cache
def quick(service: str) -> Any:
    """Return a client of ``service`` that answers within three seconds or raises, for looking whether it is there."""
    return boto3.client(service, config=_QUICK)  # type: ignore[call-overload]


@cache
def client_at(service: str, endpoint: str) -> Any:
    """Return the shared client of ``service`` at an address of its own, as that of an API's connections."""
    return boto3.client(service, endpoint_url=endpoint, config=_CONFIG)  # type: ignore[call-overload]


def client_as(service: str, role_arn: str, external_id: str) -> Any:
    """Return a client of ``service`` that acts by another account's role, which trusts ``external_id``.

    Raises:
        ClientError, BotoCoreError: the role cannot be taken.
    """
    given = client("sts").assume_role(RoleArn=role_arn, RoleSessionName="enghub", ExternalId=external_id)["Credentials"]
    return boto3.client(  # type: ignore[call-overload]
        service,
        config=_CONFIG,
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    )
