"""The hash of clients without mmh3 is mmh3's (CFG-12)."""

import mmh3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enghub_flags.murmur import hash32


@pytest.mark.parametrize("signed", [True, False])
@given(key=st.binary(max_size=70) | st.text(max_size=40), seed=st.integers(0, 2**32 - 1))
def test_it_hashes_as_mmh3_does(signed: bool, key: str | bytes, seed: int) -> None:
    assert hash32(key, seed, signed) == mmh3.hash(key, seed, signed)
