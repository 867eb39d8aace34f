"""Data keys of sealed fields, one per tenant: made by KMS, kept wrapped in the context's table (CFG-23, PLM-19).

Key   pk T#<tenant>#FIELD_KEYS   sk KEY#<number>   never removed: what it sealed is in histories and backups

KMS wraps each with the key of fields, and with the context and the tenant as encryption context; so a wrapped key that
is copied to another tenant's place does not unwrap. Unwrapped they are in this process's memory only. Decision 0140.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from enghub.core import aws, config, fields
from enghub.core.aggregates import Items
from enghub.core.clock import Clock, system_clock
from enghub.core.config import CoreConfig
from enghub.core.dynamo import key
from enghub.core.errors import Failed, Unavailable
from enghub.core.transactions import absent, transact

KEPT_SECONDS = 300
"""How long a process seals with the newest key that it knows before it looks for a newer one."""
MAX_KEPT = 1_000
"""Keys that a process keeps unwrapped."""
_REFUSED = frozenset({"AccessDeniedException", "InvalidCiphertextException", "NotFoundException", "DisabledException"})


@dataclass(frozen=True, slots=True)
class FieldKeysConfig:
    """The key of KMS that wraps data keys."""

    field_key_arn: str


@dataclass(frozen=True, slots=True)
class FieldKey:
    """One data key as it is stored: readable by who may ask KMS to unwrap it."""

    number: int
    wrapped: bytes
    created_at: datetime


class _MadeAlready(Exception):
    """Another process made the tenant's key at the same moment."""


KEYS = Items(FieldKey, "FIELD_KEY")
_unwrapped: dict[tuple[str, str, int], bytes] = {}
_newest: dict[tuple[str, str], tuple[float, int]] = {}


def seal(tenant_id: str, about: Sequence[str], text: str) -> str:
    """Return a text sealed for a tenant and for what it is about.

    The first one of a process: one Query, one call of KMS; a tenant's very first: one write more.

    Raises:
        Unavailable: KMS or the table does not answer.
        Failed: this role may not use the key, or the key is disabled.
    """
    number = _newest_of(tenant_id)
    return fields.seal(text, _key(tenant_id, number), number, (tenant_id, *about))


def unseal(tenant_id: str, about: Sequence[str], sealed: str) -> str:
    """Return what was sealed; the first one under a key costs one GetItem and one call of KMS.

    Raises:
        SealBroken: it was not sealed for this tenant and this, here.
        Unavailable, Failed: as ``seal``.
    """
    number = fields.key_number(sealed)
    return fields.unseal(sealed, _key(tenant_id, number), (tenant_id, *about))


def rotate(tenant_id: str, clock: Clock = system_clock) -> int:
    """Make a new data key for what a tenant seals from now on; return its number. What is sealed stays readable."""
    found = KEYS.page(_partition(tenant_id), prefix="KEY#", limit=1, newest_first=True)
    return _made(tenant_id, found.items[0].number + 1 if found.items else 1, clock)


def forget() -> None:
    """Drop what the process keeps."""
    _unwrapped.clear()
    _newest.clear()


def _partition(tenant_id: str) -> str:
    return key("T", tenant_id, "FIELD_KEYS")


def _place(tenant_id: str, number: int) -> tuple[str, str]:
    return _partition(tenant_id), key("KEY", f"{number:06d}")


def _context() -> str:
    name: str = config.load(CoreConfig).context
    return name


def _newest_of(tenant_id: str) -> int:
    name = (_context(), tenant_id)
    until, number = _newest.get(name, (0.0, 0))
    if until > time.monotonic():
        return number
    found = KEYS.page(_partition(tenant_id), prefix="KEY#", limit=1, newest_first=True)
    number = found.items[0].number if found.items else _made(tenant_id, 1, system_clock)
    _keep(_newest, name, (time.monotonic() + KEPT_SECONDS, number))
    return number


def _made(tenant_id: str, number: int, clock: Clock) -> int:
    answer = _asked("generate_data_key", tenant_id, NumberOfBytes=fields.KEY_BYTES)
    made = FieldKey(number, answer["CiphertextBlob"], clock())
    try:
        transact(KEYS.put(made, absent(), _MadeAlready, at=_place(tenant_id, number)))
    except _MadeAlready:
        return number
    _keep(_unwrapped, (_context(), tenant_id, number), answer["Plaintext"])
    return number


def _key(tenant_id: str, number: int) -> bytes:
    name = (_context(), tenant_id, number)
    if name not in _unwrapped:
        found = KEYS.get(_place(tenant_id, number))
        if found is None:
            raise fields.broken()
        _keep(_unwrapped, name, _asked("decrypt", tenant_id, CiphertextBlob=found.wrapped)["Plaintext"])
    return _unwrapped[name]


def _asked(what: str, tenant_id: str, **how: Any) -> dict[str, Any]:
    bound = {"context": _context(), "tenant": tenant_id}
    arn = config.load(FieldKeysConfig).field_key_arn
    try:
        found: dict[str, Any] = getattr(aws.client("kms"), what)(KeyId=arn, EncryptionContext=bound, **how)
    except ClientError as error:
        if error.response["Error"]["Code"] in _REFUSED:
            raise Failed from error
        raise Unavailable(reason="the key store does not answer") from error
    except BotoCoreError as error:  # no answer in time, no connection
        raise Unavailable(reason="the key store does not answer") from error
    return found


def _keep(kept: dict[Any, Any], name: Any, value: Any) -> None:
    if len(kept) >= MAX_KEPT:
        kept.clear()
    kept[name] = value
