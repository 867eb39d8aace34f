"""The secrets a fresh local cloud needs; each is made once and then left alone."""

import json
import secrets as random
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

OWNER = {"tenantId": "acme", "factoryId": "sh-01"}
"""Whose connections the local cloud has."""

MADE: Mapping[str, Callable[[str], dict[str, Any]]] = {
    "plm/webhook/default": lambda _: {**OWNER, "secrets": [random.token_hex(32)]},
    "plm/api/default": lambda api_base: {
        **OWNER,
        "baseUrl": f"{api_base}/sandbox/plm",
        "apiKey": "enghub",
        "secret": random.token_hex(32),
    },
    "mes/erp/default": lambda api_base: {
        **OWNER,
        "baseUrl": f"{api_base}/sandbox/erp",
        "token": random.token_hex(32),
    },
}
"""Name below ``enghub/<stage>/`` to what is stored there, given the address of the API."""


def secrets(service: Any, stage: str, api_base: str) -> Iterator[str]:
    """Create the secrets that are missing, correct addresses that moved; yields the names of those it wrote."""
    for path, make in MADE.items():
        name = f"enghub/{stage}/{path}"
        wanted = make(api_base)
        try:
            service.create_secret(Name=name, SecretString=json.dumps(wanted))
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceExistsException":
                raise
            stored = json.loads(service.get_secret_value(SecretId=name)["SecretString"])
            if stored.get("baseUrl") == wanted.get("baseUrl"):
                continue
            changed = {**stored, "baseUrl": wanted["baseUrl"]}
            service.put_secret_value(SecretId=name, SecretString=json.dumps(changed))
        yield name
