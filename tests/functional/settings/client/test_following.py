"""What a client reads, hears of, and takes back (CFG-12)."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from enghub_client import Change, Client, Key, Refused, SecretMasked, SettingMissing
from tests.factories import stored
from tests.factories.clients import EVERYBODY, changed, deleted
from tests.factories.clients import snapshot as snapshot_of
from tests.factories.settings import make_field_key
from tests.functional.settings.client.conftest import Clock, Line, receipts

SECRET = "Zq7-kept-from-everybody"


def test_values_have_their_declared_types_and_the_nearest_layer(a_client: Callable[..., Client]) -> None:
    changed("a.text", "007", layer="global")
    changed("a.text", "", layer="tenant")
    changed("a.whole", "9007199254740993", configType="NUMBER")
    changed("a.exact", "0.10", configType="NUMBER")
    changed("a.on", "true", configType="BOOLEAN")
    changed("a.list", '{"rows": [1, null]}', configType="JSON")
    client = a_client(keys=["a.*"]).start()
    assert client.get("a.text") == ""
    assert client.get("a.whole") == 9007199254740993
    assert client.get("a.exact") == Decimal("0.10")
    assert client.get("a.on") is True
    assert client.get("a.list") == {"rows": [1, None]}
    found = client.value("a.text")
    assert found is not None
    assert (found.layer, found.version) == ("tenant", 1)
    assert client.get(Key[str]("a.text")) == ""
    assert client.get(Key[int]("b.none"), 3) == 3
    with pytest.raises(SettingMissing, match=r"b\.none"):
        client.get("b.none")


def test_a_secret_is_told_by_the_hub_alone_and_reaches_no_file(a_client: Callable[..., Client], tmp_path: Path) -> None:
    make_field_key()
    changed("smtp.password", SECRET, isEncrypted=True)
    client = a_client(cache=tmp_path / "cache").start()
    with pytest.raises(SecretMasked):
        client.get("smtp.password")
    assert client.secret("smtp.password") == SECRET
    assert SECRET not in (tmp_path / "cache").read_text()
    assert (tmp_path / "cache").stat().st_mode & 0o077 == 0
    with pytest.raises(Refused, match="404"):
        client.secret("no/../such")


def test_an_unchanged_hub_is_asked_once_and_downloaded_once(a_client: Callable[..., Client], line: Line) -> None:
    changed("a.b", "1")
    client = a_client().start()
    for _ in range(3):
        client.refresh()
    assert line.of("snapshot") == ["200", "304", "304", "304"]
    assert line.of("receipts") == ["200"]


def test_a_client_sees_each_change_once_and_a_deletion_as_one(a_client: Callable[..., Client]) -> None:
    changed("banner", "g", layer="global")
    changed("banner", "v1")
    client = a_client()
    seen: list[Any] = []

    def note(changes: Any) -> None:
        seen.extend((one.before and one.before.data, one.after and one.after.data) for one in changes)

    client.on_change(note, "banner")
    client.start()
    changed("banner", "")
    client.refresh()
    deleted("banner")
    for _ in range(3):
        client.refresh()
    assert seen == [("v1", ""), ("", "g")]


def test_a_thousand_items_of_one_batch_are_one_call(a_client: Callable[..., Client]) -> None:
    client = a_client(keys=["n.*"]).start()
    calls: list[Any] = []
    client.on_change(calls.append)
    for number in range(30):
        changed(f"n.{number}", "1")
    client.refresh()
    client.refresh()
    assert [len(one) for one in calls] == [30]


def test_a_callback_that_raises_is_told_and_stops_nobody(a_client: Callable[..., Client], line: Line) -> None:
    problems: list[str] = []
    client = a_client(on_problem=problems.append).start()
    calls: list[str] = []

    def c1(_: Any) -> None:
        calls.append("c1")

    def c2(changes: Any) -> None:
        calls.append("c2")
        if changes[0].after.data == "5":
            raise ValueError("no five")

    def c3(_: Any) -> None:
        calls.append("c3")

    for each in (c1, c2, c3):
        client.on_change(each)
    changed("v", "5")
    client.refresh()
    client.refresh()
    assert calls == ["c1", "c2", "c3"]
    ((status, problem),) = receipts()
    assert status == "FAILED"
    assert "failed in " in problem
    assert "c2: ValueError no five" in problem
    assert any("no five" in one for one in problems)
    changed("v", "6")
    client.refresh()
    assert calls == ["c1", "c2", "c3"] * 2
    assert receipts() == [("ACTIVE", "")]
    assert line.of("snapshot") == ["200", "200", "304", "200"]
    assert client.status.problem == ""


def test_a_check_takes_a_revision_back_until_a_better_one(
    a_client: Callable[..., Client], line: Line, tmp_path: Path
) -> None:
    changed("speed", "3", configType="NUMBER")
    changed("other", "a")
    client, checked = a_client(cache=tmp_path / "cache"), []

    def not_too_fast(changes: Sequence[Change]) -> None:
        checked.append(len(changes))
        if any(one.after and one.after.data > 9 for one in changes):
            raise ValueError("too fast")

    client.check(not_too_fast, "speed")
    client.start()
    good = client.status.revision
    changed("speed", "10", configType="NUMBER")
    changed("other", "b")
    client.refresh()
    client.refresh()
    assert (client.get("speed"), client.get("other"), client.status.revision) == (3, "a", good)
    assert client.status.refused == snapshot_of(EVERYBODY)["revision"]
    ((status, problem),) = receipts()
    assert (status, "too fast" in problem) == ("TAKEN_BACK", True)
    assert [one["data"]["notice_type"] for one in stored.events("NoticeRequested")] == ["settings.activation_failed"]
    assert line.of("snapshot")[1:] == ["200", "304"], "one fetch of what was refused"
    assert len(checked) == 2
    client.close()
    again = a_client(cache=tmp_path / "cache")
    line.says = "away"
    assert again.start().get("speed") == 3, "what was refused is not on disk"
    line.says = ""
    changed("speed", "9", configType="NUMBER")
    again.check(not_too_fast, "speed")
    again.refresh()
    assert (again.get("speed"), again.status.refused) == (9, None)


def test_a_check_sees_what_is_planned(a_client: Callable[..., Client], clock: Clock) -> None:
    changed("speed", "3", configType="NUMBER")
    client = a_client().start()

    def not_too_fast(changes: Sequence[Change]) -> None:
        assert all(one.after is None or one.after.data < 9 for one in changes)

    client.check(not_too_fast)
    later = (clock() + timedelta(hours=1)).isoformat()
    changed("speed", "10", configType="NUMBER", effectiveMode="SCHEDULED", effectiveTime=later)
    client.refresh()
    assert client.status.refused
    clock.ahead = timedelta(hours=2)
    assert client.get("speed") == 3
