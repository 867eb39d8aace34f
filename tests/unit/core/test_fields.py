"""Sealed texts: what is sealed opens with the same key for the same thing alone, whatever the text (CFG-23)."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enghub.core import fields
from enghub.core.fields import KEY_BYTES, MASK, SealBroken

KEYS = st.binary(min_size=KEY_BYTES, max_size=KEY_BYTES).filter(lambda key: key[:32] != key[32:])
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
ABOUT = st.lists(TEXTS, min_size=1, max_size=5)
NUMBERS = st.integers(1, 999_999)
KEY, OTHER = bytes(range(64)), bytes(range(1, 65))


@given(TEXTS, KEYS, NUMBERS, ABOUT)
def test_what_is_sealed_opens_again(text: str, key: bytes, number: int, about: list[str]) -> None:
    sealed = fields.seal(text, key, number, about)
    assert fields.is_sealed(sealed)
    assert fields.key_number(sealed) == number
    assert fields.unseal(sealed, key, about) == text


@given(TEXTS, KEYS, ABOUT)
def test_the_same_gives_the_same_so_that_a_repeated_write_is_one(text: str, key: bytes, about: list[str]) -> None:
    assert fields.seal(text, key, 1, about) == fields.seal(text, key, 1, about)


@given(TEXTS, ABOUT, ABOUT)
def test_what_was_sealed_for_something_else_does_not_open(text: str, about: list[str], other: list[str]) -> None:
    sealed = fields.seal(text, KEY, 1, about)
    if other != about:
        assert sealed != fields.seal(text, KEY, 1, other)
        with pytest.raises(SealBroken):
            fields.unseal(sealed, KEY, other)


@given(TEXTS, st.data())
def test_no_character_of_a_sealed_text_can_be_changed(text: str, data: st.DataObject) -> None:
    sealed = fields.seal(text, KEY, 1, ["a"])
    place = data.draw(st.integers(len("sealed:1:1:"), len(sealed) - 1))
    letter = data.draw(st.sampled_from(string.ascii_letters).filter(lambda one: one != sealed[place]))
    changed = sealed[:place] + letter + sealed[place + 1 :]
    # The last character of base64 may hold bits that mean nothing.
    if place < len(sealed) - 1:
        with pytest.raises(SealBroken):
            fields.unseal(changed, KEY, ["a"])


@pytest.mark.parametrize(
    "text", ["sealed:1:1:", "sealed:1:0:AAAA", "sealed:2:1:AAAA", "sealed:1:1:AA AA", "sealed:1:1:AA==", "sealed:1:1:A"]
)
def test_what_only_claims_to_be_sealed_is_refused(text: str) -> None:
    with pytest.raises(SealBroken):
        fields.unseal(text, KEY, ["a"])


def test_another_key_does_not_open() -> None:
    with pytest.raises(SealBroken):
        fields.unseal(fields.seal("text", KEY, 1, ["a"]), OTHER, ["a"])


def test_a_refusal_tells_nothing_of_the_text() -> None:
    with pytest.raises(SealBroken) as refused:
        fields.unseal("sealed:1:1:c2VjcmV0LXRoYXQtd2FzLXNlbnQ", KEY, ["a"])
    assert refused.value.details == {"field": "configValue"}


def test_a_mask_has_a_mark_by_which_another_secret_is_seen() -> None:
    one, two = (fields.marked(fields.seal(text, KEY, 1, ["a"])) for text in ("one", "two"))
    assert one != two
    assert all(fields.is_mask(shown) for shown in (one, two, MASK))
    assert not any(fields.is_mask(text) for text in ("*****", "*******", "****** #xyz", "****** 12345678", ""))
