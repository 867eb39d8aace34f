"""Where a user lies in a draw: our own formula, and those of the engines whose flags are imported.

Ours, ``hashVersion`` 1: ``(murmur3_x86_32(netstrings of salt, purpose, unit) * total) >> 32``, seed 0, UTF-8.
Netstrings (``2:ab,``) keep parts apart: "ab" + "c" is not "a" + "bc". Two purposes draw independently, so "who is in"
says nothing of "which variant". A version is stored with every flag and never changed, or everybody would move.
"""

import hashlib
from collections.abc import Callable
from enum import StrEnum

try:
    from mmh3 import hash as murmur
except ImportError:  # a client without it
    from enghub_flags.murmur import hash32 as murmur

Position = float
"""A place in a draw: an integer of the scale, or a float where the original engine has floats."""
Draw = Callable[[str], Position]
MAX_INT32 = 2_147_483_647
UNLEASH_VARIANT_SEED = 86_028_157


class HashVersion(StrEnum):
    """The formula that a flag was made with."""

    OURS = "1"
    FLAGD_1 = "flagd-1"
    FLAGD_2 = "flagd-2"
    FLAGD_3 = "flagd-3"
    FLAGD_3_TEXT = "flagd-3-text"
    """Of one text that the definition makes itself, instead of flag key and targeting key."""
    UNLEASH = "unleash"
    UNLEASH_VARIANT = "unleash-variant"
    GROWTHBOOK_1 = "growthbook-1"
    GROWTHBOOK_2 = "growthbook-2"
    GROWTHBOOK_1_UTF16 = "growthbook-1-utf16"
    GROWTHBOOK_2_UTF16 = "growthbook-2-utf16"
    """Of UTF-16 code units, as the SDKs for JavaScript and Python hash; the others hash UTF-8."""
    FLAGSMITH = "flagsmith"


def netstring(text: str) -> bytes:
    """Return ``text`` so that what follows cannot run into it."""
    data = text.encode()
    return b"%d:%s," % (len(data), data)


def draw(version: HashVersion, seed: tuple[str, ...], scale: int) -> Draw:
    """Return the draw of one formula; positions are from 0 up to, not including, ``scale`` (Flagsmith: including).

    ``seed`` are salt and purpose of ours, else what the engine hashes beside the user: flag key, group, segment.
    """
    if version is HashVersion.OURS:
        return _ours(seed, scale)
    return _FOREIGN[version](",".join(seed) if version is HashVersion.FLAGSMITH else "".join(seed), scale)


def _ours(seed: tuple[str, ...], scale: int) -> Draw:
    prefix = b"".join(map(netstring, seed))

    def position(unit: str) -> int:
        data = unit.encode()
        return (murmur(b"%s%d:%s," % (prefix, len(data), data), 0, False) * scale) >> 32

    return position


def _flagd_1(seed: str, scale: int) -> Draw:
    return lambda unit: abs(murmur(seed + unit, 0, signed=True)) / MAX_INT32 * scale


def _flagd_2(seed: str, scale: int) -> Draw:
    return lambda unit: (murmur(seed + unit, 0, signed=False) * scale) >> 32


def _flagd_3(seed: str, scale: int) -> Draw:
    prefix = b"\x82" + cbor_text(seed)
    return lambda unit: (murmur(prefix + cbor_text(unit), 0, signed=False) * scale) >> 32


def _flagd_3_text(seed: str, scale: int) -> Draw:
    return lambda unit: (murmur(cbor_text(seed + unit), 0, signed=False) * scale) >> 32


def cbor_text(text: str) -> bytes:
    """Return a text in canonical CBOR (RFC 8949 4.2.1)."""
    data = text.encode()
    size = len(data)
    if size < 24:
        return bytes([0x60 + size]) + data
    width = 1 if size < 1 << 8 else 2 if size < 1 << 16 else 4
    return bytes([{1: 0x78, 2: 0x79, 4: 0x7A}[width]]) + size.to_bytes(width, "big") + data


def _unleash(seed: str, scale: int) -> Draw:
    return lambda unit: murmur(f"{seed}:{unit}", 0, signed=False) % scale


def _unleash_variant(seed: str, scale: int) -> Draw:
    return lambda unit: murmur(f"{seed}:{unit}", UNLEASH_VARIANT_SEED, signed=False) % scale


def fnv1a32(text: str, *, utf16: bool = False) -> int:
    """Return the FNV-1a hash of 32 bits, of UTF-8 bytes or of UTF-16 code units."""
    data = text.encode("utf-16-le", "surrogatepass") if utf16 else b""
    units = [data[i] | data[i + 1] << 8 for i in range(0, len(data), 2)] if utf16 else text.encode()
    found = 0x811C9DC5
    for unit in units:
        found = ((found ^ unit) * 0x01000193) & 0xFFFFFFFF
    return found


def _growthbook_1(seed: str, _: int) -> Draw:
    return lambda unit: fnv1a32(unit + seed) % 1000 / 1000


def _growthbook_2(seed: str, _: int) -> Draw:
    return lambda unit: fnv1a32(str(fnv1a32(seed + unit))) % 10000 / 10000


def _growthbook_1_utf16(seed: str, _: int) -> Draw:
    return lambda unit: fnv1a32(unit + seed, utf16=True) % 1000 / 1000


def _growthbook_2_utf16(seed: str, _: int) -> Draw:
    return lambda unit: fnv1a32(str(fnv1a32(seed + unit, utf16=True))) % 10000 / 10000


def _flagsmith(seed: str, scale: int) -> Draw:
    def position(unit: str, times: int = 1) -> float:
        text = ",".join([f"{seed},{unit}"] * times)
        found = int(hashlib.md5(text.encode(), usedforsecurity=False).hexdigest(), 16) % 9999 / 9998 * scale
        return position(unit, times + 1) if found == scale else found

    return position


_FOREIGN: dict[HashVersion, Callable[[str, int], Draw]] = {
    HashVersion.FLAGD_1: _flagd_1,
    HashVersion.FLAGD_2: _flagd_2,
    HashVersion.FLAGD_3: _flagd_3,
    HashVersion.FLAGD_3_TEXT: _flagd_3_text,
    HashVersion.UNLEASH: _unleash,
    HashVersion.UNLEASH_VARIANT: _unleash_variant,
    HashVersion.GROWTHBOOK_1: _growthbook_1,
    HashVersion.GROWTHBOOK_2: _growthbook_2,
    HashVersion.GROWTHBOOK_1_UTF16: _growthbook_1_utf16,
    HashVersion.GROWTHBOOK_2_UTF16: _growthbook_2_utf16,
    HashVersion.FLAGSMITH: _flagsmith,
}
