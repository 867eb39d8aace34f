"""Secrets from Secrets Manager, kept for five minutes."""

import json
import time
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from enghub.core import aws
from enghub.core.errors import Failed, NotFound, Unavailable

KEPT_SECONDS = 300
_kept: dict[str, tuple[float, dict[str, Any]]] = {}


class NotAnObject(ValueError):
    """A secret's text is no JSON object."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the secret {name} is no JSON object")


def secret(name: str) -> dict[str, Any]:
    """Return the JSON object stored under ``name``, at most five minutes old.

    Raises:
        NotFound: there is no such secret.
        NotAnObject: its text is no JSON object; nothing of it is told.
        Failed: this role may not read it.
        Unavailable: the secret store cannot answer.
    """
    kept = _kept.get(name)
    if kept is not None and kept[0] > time.monotonic():
        return kept[1]
    try:
        text = aws.client("secretsmanager").get_secret_value(SecretId=name)["SecretString"]
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code == "ResourceNotFoundException":
            raise NotFound(resource=f"secret {name}") from error
        if code == "AccessDeniedException":
            raise Failed from error
        raise Unavailable from error
    except BotoCoreError as error:  # no answer in time, no connection
        raise Unavailable from error
    value = _object(name, text)
    _kept[name] = (time.monotonic() + KEPT_SECONDS, value)
    return value


def _object(name: str, text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise NotAnObject(name)
    return value


def forget() -> None:
    """Drop what was kept, so that the next call reads the store."""
    _kept.clear()
