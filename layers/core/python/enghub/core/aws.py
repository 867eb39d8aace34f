"""AWS clients with time-outs that fit inside a Lambda, made on first use and kept."""

from functools import cache
from typing import Any

import boto3
from botocore.config import Config

_CONFIG = Config(
    connect_timeout=2,
    read_timeout=8,
    retries={"total_max_attempts": 3, "mode": "standard"},
)


@cache
def client(service: str) -> Any:
    """Return the shared client of ``service``; region, endpoint and credentials come from the environment."""
    return boto3.client(service, config=_CONFIG)  # type: ignore[call-overload]
