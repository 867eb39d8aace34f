"""The Python client against the hub's own handlers on a loopback port: what users of other products lost (CFG-12)."""

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from openfeature import api
from openfeature.evaluation_context import EvaluationContext
from openfeature.event import ProviderEvent
from openfeature.provider import ProviderStatus

from enghub.settings.clients import wiring
from enghub.settings.evaluations import wiring as evaluation_wiring
from enghub_client import Change, Client, Key, Refused, SecretMasked, SettingMissing
from enghub_client.__main__ import main
from enghub_client.provider import EngHubProvider
from tests.factories import flags, stored
from tests.factories.clients import EVERYBODY, changed, data, deleted
from tests.factories.clients import snapshot as snapshot_of
from tests.factories.served import Application, served
from tests.factories.settings import make_field_key
from tests.waiting import until

SECRET = "Zq7-kept-from-everybody"


@dataclass
class Line:
    """What stands between client and hub."""

    app: Application | None = None
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Method, path and status of every request."""
    says: str = ""
    """``away``, ``empty``, ``garbage``, ``refused``; empty: lets everything through."""

    def around(self, app: Application) -> Application:
        self.app = app
        return self

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        assert self.app
        path = environ["PATH_INFO"].rpartition("/")[2]
        found = {
            "away": ("503 Away", b'{"message": "try again"}'),
            "empty": ("200 OK", b""),
            "garbage": ("200 OK", b'{"data": {"revision": 3}}'),
            "refused": ("401 No", b'{"message": "token expired"}'),
        }.get(self.says)

        def answer(status: str, headers: Any) -> None:
            self.asked.append((path, status[:3]))
            start_response(status, headers)

        if found is None:
            return self.app(environ, answer)
        answer(found[0], [("Content-Type", "application/json")])
        return [found[1]]

    def of(self, path: str) -> list[str]:
        """Return the statuses of the requests of one path."""
        return [status for asked, status in self.asked if asked == path]


class Clock:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@pytest.fixture(autouse=True)
def table(account: Callable[..., str]) -> None:
    account("settings")
    for made in (wiring.snapshots, wiring.clients, evaluation_wiring.snapshots, evaluation_wiring.usage):
        made.cache_clear()


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture
def address(table: None, line: Line) -> Iterator[str]:
    with served("settings", EVERYBODY, line.around) as found:
        yield found


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def a_client(address: str, clock: Clock) -> Iterator[Callable[..., Client]]:
    """Makes clients that look only when they are told to; all are closed."""
    made: list[Client] = []

    def make(**options: Any) -> Client:
        client = Client(address, "token", **{"interval": 3_600, "now": clock, "name": "line-7", **options})
        made.append(client)
        return client

    yield make
    for one in made:
        one.close()


def receipts() -> list[tuple[str, str]]:
    found = data("GET", "/clients", caller=EVERYBODY)["items"]
    return [(one["status"], one["problem"]) for one in found]


def data_of(change: Change) -> Any:
    assert change.after
    return change.after.data


def is_stale(client: Client) -> bool:
    return client.status.is_stale


# --- reading ---


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


# --- changes ---


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


# --- the hub away ---


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


# --- time ---


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


# --- the command ---


def test_the_command_writes_typed_keys_and_lists_what_no_source_reads(
    address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENGHUB_TOKEN", "token")
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    changed("line.speed", "3", configType="NUMBER")
    changed("line.mode", "night", effectiveMode="SCHEDULED", effectiveTime=later)
    hub = ["--hub", address, "--keys", "line.*"]
    assert main(["keys", *hub]) == 0
    (tmp_path / "keys.py").write_text(capsys.readouterr().out)
    assert 'LINE_SPEED: Key[int | Decimal] = Key("line.speed")' in (tmp_path / "keys.py").read_text()
    (tmp_path / "app.py").write_text("hub.get(keys.LINE_MODE)")
    assert main(["unread", *hub, "--generated", str(tmp_path / "keys.py"), str(tmp_path)]) == 1
    assert capsys.readouterr().out == "line.speed\n"
    assert main(["show", *hub]) == 0
    assert capsys.readouterr().out == "line.speed\ttenant\t1\t3\n"
    assert main(["show", "--hub", "http://127.0.0.1:9"]) == 2


# --- flags ---


def test_flags_answer_in_process_as_the_hub_does(a_client: Callable[..., Client], line: Line) -> None:
    body = {"flagKey": "new-ui", "isEnabled": True, "targetRules": {"percentage": 37.5}}
    flags.data("POST", body=body)
    tenants = {"flagKey": "by-tenant", "isEnabled": True, "targetRules": {"tenants": ["acme"]}}
    flags.data("POST", body=tenants)
    client = a_client().start()
    asked = len(line.asked)
    for number in range(40):
        mine = client.evaluate("new-ui", {"targetingKey": f"u-{number}"})
        theirs = flags.evaluated("new-ui", targetingKey=f"u-{number}")
        assert (mine.value, mine.variant) == (theirs["value"], theirs["variant"])
    assert client.flag("by-tenant", False, {"tenantId": "globex"}), "the tenant is who signed in"
    assert client.flag("new-ui", "text") == "text", "of another type"
    assert client.flag("nobody.knows", 7) == 7
    assert len(line.asked) == asked
    client.close()
    assert flags.data("GET", "/by-tenant/statistics")["variants"] == {"on": 1}


def test_a_flag_of_a_later_engine_takes_no_other_with_it(a_client: Callable[..., Client], line: Line) -> None:
    flags.data("POST", body={"flagKey": "old", "isEnabled": True})
    flags.data("POST", body={"flagKey": "later", "isEnabled": True})
    client = a_client().start()
    document = snapshot_of(EVERYBODY)
    (later,) = (one for one in document["flags"] if one["key"] == "later")
    later["rules"] = [{"ruleId": "r", "clauses": [{"attribute": "a", "operator": "SOUNDS_LIKE"}], "serve": {}}]
    document["revision"] = "9.9.9.9.9"

    def answer(_: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "application/json"), ("ETag", '"9"')])
        return [json.dumps({"data": document}).encode()]

    line.app = answer
    client.refresh()
    assert client.evaluate("old").error is None
    assert str(client.evaluate("later").error) == "PARSE_ERROR"
    assert "later" in client.status.problem


def test_an_openfeature_client_evaluates_in_process_and_hears_of_changes(
    a_client: Callable[..., Client], line: Line
) -> None:
    flags.data("POST", body={"flagKey": "switch", "isEnabled": True, "targetRules": {"users": ["u-1"]}})
    variants = [{"name": "a", "value": {"rows": 3}}, {"name": "b", "value": {}}]
    made = {"flagKey": "rows", "isEnabled": True, "valueType": "OBJECT", "variants": variants}
    flags.data("POST", body={**made, "defaultValue": "b", "targetRules": {"variant": "a"}})
    client = a_client()
    api.set_provider(EngHubProvider(client), "enghub-test")
    sdk = api.get_client("enghub-test")
    events: list[Any] = []
    sdk.add_handler(ProviderEvent.PROVIDER_CONFIGURATION_CHANGED, lambda details: events.append(details.flags_changed))
    sdk.add_handler(ProviderEvent.PROVIDER_STALE, lambda details: events.append(details.message))
    until(lambda: sdk.get_provider_status() is ProviderStatus.READY)
    found = sdk.get_boolean_details("switch", False, EvaluationContext("u-1"))
    assert (found.value, found.variant, found.reason) == (True, "on", "TARGETING_MATCH")
    assert sdk.get_object_value("rows", {}, EvaluationContext("u-1")) == {"rows": 3}
    assert sdk.get_integer_details("switch", 7).error_code == "TYPE_MISMATCH"
    assert sdk.get_boolean_details("nope", True).error_code == "FLAG_NOT_FOUND"
    flags.data("PUT", "/switch", {"isEnabled": False})
    wiring.snapshots().forget()
    client.refresh()
    until(lambda: ["switch"] in events)
    line.says = "away"
    client.refresh()
    until(lambda: any("503" in str(one) for one in events))
    api.clear_providers()
