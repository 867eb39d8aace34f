"""Acknowledgement links: signed, with an end, for one purpose (OPS-12)."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enghub.notices.acknowledgements import page
from enghub.notices.acknowledgements.errors import LinkExpired, LinkInvalid
from enghub.notices.acknowledgements.tokens import LIFETIME, Link, sign, verify
from tests.factories.notices import NOW

LINK = Link("acme", "01N", "f00d", NOW + LIFETIME)
TOKEN = sign(LINK, "new")


def test_a_link_says_whose_it_is_also_after_the_key_was_changed() -> None:
    assert verify(TOKEN, ["new"], NOW) == LINK
    assert verify(TOKEN, ["newer", "new"], NOW) == LINK


@given(st.integers(0, len(TOKEN) - 1), st.characters(codec="ascii"))
def test_a_changed_link_is_none(place: int, other: str) -> None:
    changed = TOKEN[:place] + other + TOKEN[place + 1 :]
    if changed != TOKEN:
        try:
            found = verify(changed, ["new"], NOW)
        except LinkInvalid:
            return
        assert found == LINK, "the last bits of base64 may be written in several ways, its meaning not"


@given(st.text(max_size=200))
def test_any_text_is_told_to_be_no_link(text: str) -> None:
    with pytest.raises(LinkInvalid):
        verify(text, ["new"], NOW)


def test_a_link_of_another_key_or_without_keys_is_none() -> None:
    for keys in (["other"], []):
        with pytest.raises(LinkInvalid):
            verify(TOKEN, keys, NOW)


def test_a_link_ends() -> None:
    with pytest.raises(LinkExpired):
        verify(TOKEN, ["new"], NOW + LIFETIME)
    assert verify(TOKEN, ["new"], NOW + LIFETIME - timedelta(seconds=1))


def test_links_of_others_are_others() -> None:
    others = [replace(LINK, tenant_id="b"), replace(LINK, notice_id="b"), replace(LINK, delivery_id="b")]
    assert len({sign(link, "new") for link in (LINK, *others)}) == 4


def test_the_page_asks_by_a_button_and_holds_no_script() -> None:
    text = page.asking("<script>alert(1)</script>", TOKEN, "zh")
    assert '<form method="post"' in text
    assert "<script>" not in text
    assert "确认" in text
    assert "script-src" not in page.HEADERS["Content-Security-Policy"]
