"""Texts that only who holds the key can read: sealed field by field, so that whatever copies them copies no secret.

A sealed text is ``sealed:1:<key number>:<data>``: AES-256-SIV (RFC 5297), whose result depends on key, text and what it
is about alone. So a write that is repeated stores the same text, and two versions with the same secret are equal. What
it is about (the tenant, the item) is authenticated with it: moved elsewhere it does not open. Decision 0140.
"""

import base64
import hashlib
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from enghub.core.errors import EngHubError, Invalid
from enghub.core.i18n import Text
from enghub.core.lazy import lazy

if TYPE_CHECKING:
    from cryptography import exceptions as crypto
    from cryptography.hazmat.primitives.ciphers import aead
else:
    crypto = lazy("cryptography.exceptions")
    aead = lazy("cryptography.hazmat.primitives.ciphers.aead")

KEY_BYTES = 64
"""AES-SIV takes two keys of 256 bits."""
MASK = "******"
"""What is shown instead of a secret; sent back it means: as it is."""
_PREFIX = "sealed:1:"
_SEALED = re.compile(r"sealed:1:(?P<number>[1-9][0-9]{0,5}):(?P<data>[A-Za-z0-9_-]+)")
_MASKED = re.compile(r"\*{6}( #[0-9a-f]{8})?")


class SealBroken(Invalid):
    """A sealed text is not as it was written, or was sealed for something else (40001); nothing of it is told."""

    text = Text(
        "{field} begins as a sealed text and is none of this item: write the value itself",
        "{field} 以密文前缀开头，但不是该项的密文：请填写明文值",
    )


def is_sealed(text: str) -> bool:
    """Tell whether a text is, or claims to be, a sealed one."""
    return text.startswith(_PREFIX)


def is_mask(text: str) -> bool:
    """Tell whether a text is what is shown instead of a secret."""
    return _MASKED.fullmatch(text) is not None


def marked(sealed: str) -> str:
    """Return the mask with a mark: equal for the same stored text, so that a change is seen and no secret."""
    return f"{MASK} #{hashlib.sha256(sealed.encode()).hexdigest()[:8]}"


def key_number(sealed: str) -> int:
    """Return the number of the key that sealed a text.

    Raises:
        SealBroken
    """
    return int(_parts(sealed)["number"])


def seal(text: str, key: bytes, number: int, about: Sequence[str]) -> str:
    """Return the sealed text.

    Args:
        text: any, the empty one too.
        key: ``KEY_BYTES`` of random bytes.
        number: the key's, from 1.
        about: whose and what it is; the same are needed to open it.
    """
    data = aead.AESSIV(key).encrypt(text.encode("utf-8"), _about(about))
    return f"{_PREFIX}{number}:{base64.urlsafe_b64encode(data).rstrip(b'=').decode()}"


def unseal(sealed: str, key: bytes, about: Sequence[str]) -> str:
    """Return what was sealed.

    Raises:
        SealBroken
    """
    data = _parts(sealed)["data"]
    try:
        raw = base64.urlsafe_b64decode(data + "=" * (-len(data) % 4))
        return aead.AESSIV(key).decrypt(raw, _about(about)).decode("utf-8")
    except (ValueError, crypto.InvalidTag) as error:
        raise broken() from error


def broken(field: str = "configValue") -> EngHubError:
    """Return the refusal of a text that does not open."""
    return SealBroken(field=field)


def _about(about: Sequence[str]) -> list[bytes]:
    return [part.encode("utf-8") for part in about]


def _parts(sealed: str) -> "re.Match[str]":
    found = _SEALED.fullmatch(sealed)
    if found is None:
        raise broken()
    return found
