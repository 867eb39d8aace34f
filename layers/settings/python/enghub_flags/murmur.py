"""MurmurHash3, x86, 32 bits, for where the package mmh3 is not installed: clients on small machines."""

_MASK = 0xFFFFFFFF
_C1, _C2 = 0xCC9E2D51, 0x1B873593


def _rotated(word: int, by: int) -> int:
    return (word << by | word >> 32 - by) & _MASK


def _mixed(word: int) -> int:
    return _rotated(word * _C1 & _MASK, 15) * _C2 & _MASK


def hash32(key: str | bytes, seed: int = 0, signed: bool = True) -> int:
    """Return the hash as ``mmh3.hash`` does."""
    data = key.encode() if isinstance(key, str) else key
    found, whole = seed & _MASK, len(data) & ~3
    for start in range(0, whole, 4):
        found ^= _mixed(int.from_bytes(data[start : start + 4], "little"))
        found = (_rotated(found, 13) * 5 + 0xE6546B64) & _MASK
    if len(data) > whole:
        found ^= _mixed(int.from_bytes(data[whole:], "little"))
    found ^= len(data)
    found = (found ^ found >> 16) * 0x85EBCA6B & _MASK
    found = (found ^ found >> 13) * 0xC2B2AE35 & _MASK
    found ^= found >> 16
    return found - (1 << 32) if signed and found >> 31 else found
