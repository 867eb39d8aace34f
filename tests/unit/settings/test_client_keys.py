"""Typed keys are written from what the hub has, and keys that no source reads are found (CFG-11, CFG-12)."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enghub_client import Key
from enghub_client.errors import Unreadable
from enghub_client.keys import name_of, source_of, unread
from enghub_client.snapshot import read

KINDS = {"line.maxSpeed": "NUMBER", "line.name": "STRING", "a-b_c": "BOOLEAN", "menu": "JSON", "class": "XML"}


def test_typed_keys_are_a_module() -> None:
    names: dict[str, Any] = {}
    exec(compile(source_of(KINDS), "keys.py", "exec"), names)
    assert names["LINE_MAX_SPEED"] == Key("line.maxSpeed")
    assert names["A_B_C"] == Key("a-b_c")
    assert {one.name for one in names.values() if isinstance(one, Key)} == set(KINDS)


def test_two_keys_of_one_name_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"a-b and a\.b are both A_B"):
        source_of({"a.b": "STRING", "a-b": "STRING"})


@given(st.from_regex(r"\A[A-Za-z][A-Za-z0-9._-]{0,40}\Z"))
def test_every_key_has_a_name(config_key: str) -> None:
    assert name_of(config_key).isidentifier()


def test_keys_that_no_source_reads_are_listed(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "one.py").write_text('speed = hub.get("line.speed")\nhub.get(keys.LINE_NAME)\n')
    (tmp_path / "src" / "two.yaml").write_text("uses: office.floor.\n")
    (tmp_path / "src" / "keys.py").write_text('DEAD = Key("dead")\n')
    (tmp_path / "src" / "picture.png").write_bytes(b"line.mode")
    known = ["line.speed", "line.name", "line.speed.max", "line", "office.floor", "dead", "line.mode"]
    found = unread(known, [tmp_path / "src"], [tmp_path / "src" / "keys.py"])
    assert found == ["dead", "line", "line.mode", "line.speed.max"]


def a_document(**fields: Any) -> dict[str, Any]:
    return {"revision": "1.1.1.1.1", "tenantId": "acme", "settings": [], "flags": [], "segments": [], **fields}


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {},
        "text",
        a_document(settings=[{}]),
        a_document(settings=None),
        a_document(flags=[3]),
        a_document(segments=[{"key": 1, "rules": [[{"operator": "?"}]]}]),
        a_document(settings=[{"configKey": "a", "configType": "NUMBER", "now": {"at": "x"}, "changes": []}]),
    ],
)
def test_an_answer_that_is_none_is_refused_whole(document: Any) -> None:
    with pytest.raises(Unreadable):
        read(document)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), st.lists, max_leaves=5))
def test_whatever_comes_is_read_or_refused(value: Any) -> None:
    for name in a_document():
        try:
            read(a_document(**{name: value})).values(datetime.now(UTC))
        except Unreadable:
            continue
