"""The secrets a fresh local cloud needs; each is made once and then left alone."""

import json
import secrets as random
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

MADE: Mapping[str, Callable[[], dict[str, Any]]] = {
    "plm/webhook/acme": lambda: {"secret": random.token_hex(32)},
}
"""Name below ``enghub/<stage>/`` to what is stored there."""


def secrets(service: Any, stage: str) -> Iterator[str]:
    """Create the secrets that are missing; yields the names of those it made."""
    for path, make in MADE.items():
        name = f"enghub/{stage}/{path}"
        try:
            service.create_secret(Name=name, SecretString=json.dumps(make()))
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceExistsException":
                raise
            continue
        yield name
