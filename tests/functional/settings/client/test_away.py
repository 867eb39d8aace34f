"""A client while the hub is away, its cache is damaged, its clock goes on (CFG-12)."""

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from enghub_client import Client, SettingMissing
from tests.factories import flags
from tests.factories.clients import changed
from tests.functional.settings.client.conftest import Clock, Line, data_of, is_stale
from tests.waiting import until


def test_last_known_values_answer_while_the_hub_is_away(
    a_client: Callable[..., Client], line: Line, tmp_path: Path
) -> None:
    changed("a.b", "1")
    flags.data("POST", body={"flagKey": "new-ui", "isEnabled": True, "targetRules": {"users": ["u-1"]}})
    lost: list[bool] = []
    client = a_client(cache=tmp_path / "cache").start()
    client.on_stale(lost.append)
    contact = client.status.contact_at
    for says in ("away", "empty", "garbage", "refused"):
        line.says = says
        assert not client.refresh()
        assert is_stale(client)
        assert client.status.contact_at == contact
        assert (client.get("a.b"), client.flag("new-ui", False, {"targetingKey": "u-1"})) == ("1", True)
    client.close()
    again = a_client(cache=tmp_path / "cache").start()
    assert is_stale(again)
    assert (again.get("a.b"), again.flag("new-ui", False, {"targetingKey": "u-1"})) == ("1", True)
    line.says = ""
    assert again.refresh()
    assert not is_stale(again)
    assert again.status.problem == ""
    assert lost == [True]
    assert line.of("snapshot")[-1] == "304", "the cache was current"


def test_nothing_known_is_a_default_or_an_error(a_client: Callable[..., Client], line: Line) -> None:
    line.says = "away"
    client = a_client().start()
    assert client.status.revision is None
    assert client.get("a.b", "d") == "d"
    assert client.flag("new-ui", True) is True
    with pytest.raises(SettingMissing):
        client.get("a.b")
    line.says = ""
    changed("a.b", "1")
    client.refresh()
    assert client.get("a.b") == "1"


@pytest.mark.parametrize(
    "damage",
    [
        lambda raw: raw[: len(raw) // 2],
        lambda raw: raw.replace(b'"text-1"', b'"text-2"'),
        lambda raw: b"",
        lambda raw: b"\x00" * 40,
        lambda raw: raw.partition(b"\n")[0],
    ],
    ids=["cut", "changed", "emptied", "zeroed", "headed"],
)
def test_a_damaged_cache_is_told_and_fetched_anew(
    a_client: Callable[..., Client], line: Line, tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    changed("a.b", "text-1")
    path = tmp_path / "cache"
    problems: list[str] = []
    a_client(cache=path).start().close()
    path.write_bytes(damage(path.read_bytes()))
    client = a_client(cache=path, on_problem=problems.append).start()
    assert "damaged" in problems[0]
    assert client.get("a.b") == "text-1"
    assert line.of("snapshot") == ["200", "200"]
    line.says = "away"
    assert a_client(cache=path).start().get("a.b") == "text-1"


def test_a_cache_of_another_question_or_that_cannot_be_written_is_no_obstacle(
    a_client: Callable[..., Client], line: Line, tmp_path: Path
) -> None:
    changed("a.b", "1")
    a_client(cache=tmp_path / "cache", keys=["a.*"]).start()
    line.says = "away"
    assert a_client(cache=tmp_path / "cache", keys=["b.*"]).start().status.revision is None
    line.says = ""
    (tmp_path / "file").write_text("")
    client = a_client(cache=tmp_path / "file" / "below").start()
    assert client.get("a.b") == "1"
    assert {one.name for one in tmp_path.iterdir()} == {"cache", "file"}


def test_an_offline_client_switches_on_the_second_and_back(
    a_client: Callable[..., Client], line: Line, clock: Clock, tmp_path: Path
) -> None:
    start, end = clock() + timedelta(hours=1), clock() + timedelta(hours=2)
    changed("mode", "day")
    times = {"effectiveTime": start.isoformat(), "expireTime": end.isoformat()}
    changed("mode", "night", effectiveMode="SCHEDULED", **times)
    client = a_client(cache=tmp_path / "cache").start()
    seen: list[str] = []
    client.on_change(lambda changes: seen.append(data_of(changes[0])))
    line.says = "away"
    client.switch()
    assert client.get("mode") == "day"
    clock.ahead += start - clock() - timedelta(milliseconds=200)
    assert client.get("mode") == "day"
    clock.ahead += timedelta(milliseconds=200)
    assert client.get("mode") == "night"
    client.switch()
    client.switch()
    clock.ahead += end - clock()
    assert client.get("mode") == "day"
    client.switch()
    assert seen == ["night", "day"]
    again = a_client(cache=tmp_path / "cache", name="line-8").start()
    assert again.get("mode") == "day"
    assert is_stale(again)


def test_the_background_follows_switches_counts_and_lost_clocks(
    a_client: Callable[..., Client], line: Line, clock: Clock
) -> None:
    changed("mode", "day")
    soon = (clock() + timedelta(minutes=10)).isoformat()
    changed("mode", "night", effectiveMode="SCHEDULED", effectiveTime=soon)
    seen: list[str] = []
    client = a_client(interval=0.05)
    client.on_change(lambda changes: seen.append(data_of(changes[0])), "mode")
    with client:
        until(lambda: line.of("snapshot").count("304") >= 2)
        clock.ahead = timedelta(minutes=11)
        until(lambda: seen == ["night"])
        changed("mode", "noon")
        until(lambda: seen == ["night", "noon"])
        line.says = "away"
        until(lambda: is_stale(client))
        line.says = ""
        until(lambda: not is_stale(client))
    assert threading.active_count() < 20
    before = len(line.asked)
    client.wake()
    assert len(line.asked) == before
