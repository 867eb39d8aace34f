"""AWS clients with time-outs that fit inside a Lambda, made on first use and kept."""

from functools import cache
from typing import Any

import boto3
from botocore.config import Config

from enghub.core.sdk import USER_AGENT

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
