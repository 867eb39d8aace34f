"""Batches that no single transaction holds: all or nothing for every reader, at any crash (CFG-03, decision 0115)."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from enghub.core import audit
from enghub.core.clock import system_clock
from enghub.core.timers import dynamo as timers
from enghub.core.timers.model import DueTimer, Wake
from enghub.settings.configs import dynamo, wiring
from enghub.settings.configs.model import Address, Content, Layer, Owner
from enghub.settings.configs.service import Edited
from tests.factories.faults import Crash
from tests.factories.http import a_principal, an_origin
from tests.factories.settings import ADMIN, EVERYTHING, answer
from tests.factories.stored import events, items
from tests.faults.harness import forget_process
from tests.faults.wire import Fault, Wire, wired

KEYS = [f"k{number}" for number in range(6)]
COLLEAGUE = a_principal("config:read", *EVERYTHING, user="emp-002")
TENANT = Owner.of(Layer.TENANT, "acme", "admin")


@pytest.fixture(autouse=True)
def table(account: Any) -> None:
    account("settings")


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a transaction hold 16 writes, so that six changes are a set of several steps."""
    monkeypatch.setattr(dynamo, "ROOM", 16)


def send(*args: Any, **kwargs: Any) -> tuple[int, dict[str, Any]]:
    found = answer(*args, **kwargs)
    return found["statusCode"], json.loads(found["body"])


def data(*args: Any, **kwargs: Any) -> Any:
    status, body = send(*args, **kwargs)
    assert status < 300, body
    return body["data"]


def text(config_key: str, value: str, **fields: Any) -> dict[str, Any]:
    return {"configKey": config_key, "configValue": value, **fields}


def there(*keys: str) -> None:
    for name in keys or KEYS:
        data("POST", body=text(name, "old"))


def batch(*keys: str, **options: Any) -> tuple[int, dict[str, Any]]:
    configs = [text(name, "new", version=1) for name in keys or KEYS]
    return send("POST", "/batch", {"configs": configs, "changeReason": "all"}, **options)


def created(contents: dict[str, str]) -> None:
    wanted = [Edited(Address(TENANT, name), None, lambda c: c, creates=Content(v)) for name, v in contents.items()]
    wiring.configs().change_all(wanted, an_origin(user="admin"), "", None)


def values(*keys: str) -> set[str]:
    return {data("GET", f"/{name}")["configValue"] for name in keys or KEYS}


def listed() -> set[tuple[str, int]]:
    return {(item["configValue"], item["version"]) for item in data("GET")["items"]}


def held() -> list[str]:
    return [one["sk"] for kind in ("CONFIG", "CONFIG_CARD") for one in items(kind) if "held_set" in one]


def ring() -> None:
    """Let the timers of all sets come."""
    for one in items("CHANGE_SET"):
        found = timers.read(Wake(one["tenant_id"], f"change_set/{one['set_id']}", "change_set"))
        if found is not None and found.state != "FIRED":
            due = DueTimer(found.tenant_id, found.subject, found.purpose, found.due, found.version, found.payload)
            wiring.timer_handlers()["change_set"](due)


@contextmanager
def gone_at(number: int, fault: Fault = Fault.GONE_BEFORE) -> Iterator[Wire]:
    """Let the process die at one of its calls."""
    wire = Wire({number: fault})
    with wired(wire):
        yield wire
    forget_process()


def test_a_batch_of_any_size_changes_everything_at_once() -> None:
    keys = [f"k{number}" for number in range(21)]
    created(dict.fromkeys(keys, "old"))
    status, body = batch(*keys, headers={"Idempotency-Key": "k"})
    assert (status, len(body["data"]["changed"])) == (200, 21)
    assert values(*keys) == {"new"}
    assert {version for _, version in listed()} == {2}
    assert held() == []
    assert len([one for one in events("ConfigurationChanged") if one["data"]["version"] == 2]) == 21
    entries = audit.history("acme", "config/-/tenant/-/k20")
    assert [(one.action, one.reason) for one in entries] == [("config.created", ""), ("config.updated", "all")]
    assert audit.broken_at(entries) is None
    assert batch(*keys, headers={"Idempotency-Key": "k"})[1]["data"] == body["data"]
    assert data("GET", "/k3/history")["items"][0]["version"] == 2


@dataclass
class Watching(Wire):
    """Looks at the settings before every call that somebody else makes."""

    look: Callable[[], Any] = lambda: None
    seen: list[Any] = field(default_factory=list)
    _busy: bool = False

    def send(self, moto: Any, operation: str, request: Any) -> Any:
        if not self._busy:
            self._busy = True
            self.seen.append(self.look())
            self._busy = False
        return super().send(moto, operation, request)


@pytest.mark.usefixtures("small")
def test_readers_and_lists_see_all_or_nothing_between_any_two_calls() -> None:
    there()
    watching = Watching(look=lambda: (values(), {value for value, _ in listed()}))
    with wired(watching):
        assert batch()[0] == 200
    watching.seen.append(watching.look())
    old, new = ({"old"}, {"old"}), ({"new"}, {"new"})
    first_new = watching.seen.index(new)
    assert watching.seen == [old] * first_new + [new] * (len(watching.seen) - first_new)
    assert 3 < first_new < len(watching.seen) - 3


def test_a_set_whose_process_dies_is_finished_or_given_up_by_its_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dynamo, "ROOM", 7)
    keys = KEYS[:3]
    there(*keys)
    with wired(Wire()) as undisturbed:
        batch(*keys)
    for number in range(1, len(undisturbed.calls) + 1):
        version = data("GET", "/k0")["version"]
        wanted = [text(name, f"at {number}", version=version) for name in keys]
        with pytest.raises(Crash), gone_at(number):
            send("POST", "/batch", {"configs": wanted})
        forget_process()
        now = values(*keys)
        assert len(now) == 1, number
        ring()
        assert (values(*keys), held()) == (now, []), number
        made = now == {f"at {number}"}
        assert listed() == {(next(iter(now)), version + made)}, number
        entries = audit.history("acme", "config/-/tenant/-/k2")
        assert (len(entries), audit.broken_at(entries)) == (version + made, None)


@pytest.mark.usefixtures("small")
def test_an_item_of_a_set_that_is_being_saved_is_changed_by_nobody_else() -> None:
    there()
    with pytest.raises(Crash), gone_at(6):
        batch()
    forget_process()
    assert held()
    status, body = send("PATCH", "/k0", {"configValue": "mine", "version": 1}, caller=COLLEAGUE)
    assert (status, body["code"], body["details"]["error"]) == (409, "40901", "CONFIG_HELD")
    status, body = batch(caller=COLLEAGUE)
    assert (status, body["details"]["error"]) == (409, "CONFIG_HELD")
    assert values() == {"old"}
    assert batch()[0] == 200
    assert (values(), held()) == ({"new"}, [])


@pytest.mark.usefixtures("small")
def test_a_set_of_which_one_change_is_refused_leaves_nothing() -> None:
    there()
    data("POST", body=text("user", "${k5}"))

    class Racing(Wire):
        def send(self, moto: Any, operation: str, request: Any) -> Any:
            if len(self.calls) == 4 and not self.seen:
                self.seen.append(True)
                data("PATCH", "/k5", {"configValue": "quicker"}, caller=COLLEAGUE)
            return super().send(moto, operation, request)

        seen: list[Any] = []  # noqa: RUF012 - one test

    with wired(Racing()):
        status, body = batch()
    assert (status, body["code"]) == (422, "42201")
    assert [(one["configKey"], one["code"]) for one in body["details"]["errors"]] == [("k5", "40902")]
    assert (values(*KEYS[:5]), held()) == ({"old"}, [])


@pytest.mark.usefixtures("small")
def test_what_a_set_creates_may_refer_to_each_other_and_is_not_there_before() -> None:
    contents = dict.fromkeys(KEYS, "plain") | {"k5": "${k0} and ${k1}", "k4": "${k5}"}
    with pytest.raises(Crash), gone_at(6):
        created(contents)
    forget_process()
    assert [send("GET", f"/{name}")[0] for name in KEYS] == [404] * 6
    assert [send("GET", f"/{name}/explain")[0] for name in KEYS] == [404] * 6
    assert (data("GET")["total"], bool(held())) == (0, True)
    ring()
    assert items("CONFIG") == items("CONFIG_CARD") == items("CONFIG_REFERENCE") == []
    assert {one["number"] for one in items("CONFIG_COUNT")} == {"0"}
    created(contents)
    assert data("GET", "/k5")["configValue"] == "${k0} and ${k1}"
    assert data("GET")["total"] == 6
    assert send("DELETE", "/k0", version="1")[1]["details"]["error"] == "CONFIG_REFERENCED"


@pytest.mark.usefixtures("small")
def test_a_set_that_people_agree_to_is_made_with_their_last_voice() -> None:
    there()
    rule = {"stages": [{"name": "security", "roles": ["TESTER"]}], "names": ["k*"]}
    decider = replace(
        a_principal(*EVERYTHING, "approval_rule:change", "change_request:decide", user="bob"), roles=("TESTER",)
    )
    answer("PUT", "/api/v1/settings/approval-rules/security", rule, caller=decider)
    status, body = batch()
    assert (status, values()) == (202, {"old"})
    path = f"/api/v1/settings/change-requests/{body['data']['requestId']}/approve"
    with pytest.raises(Crash), gone_at(8):
        answer("POST", path, {"seen": body["data"]["seen"]}, caller=decider)
    forget_process()
    assert (values(), bool(held())) == ({"old"}, True)
    decided = data("POST", path, {"seen": body["data"]["seen"]}, caller=decider)
    assert (decided["status"], values(), held()) == ("APPLIED", {"new"}, [])


@pytest.mark.usefixtures("small")
def test_changes_of_one_batch_never_refer_in_a_circle() -> None:
    there()
    circle = [text("k0", "${k1}", version=1), text("k1", "${k0}", version=1)]
    status, body = send("POST", "/batch", {"configs": circle})
    assert (status, body["code"]) == (422, "42201")


@pytest.mark.usefixtures("small")
def test_a_read_costs_one_call_and_one_more_only_while_its_item_is_held() -> None:
    there()
    data("POST", body=text("other", "old"))
    with pytest.raises(Crash), gone_at(6):
        batch()
    forget_process()
    for name, calls in (("other", 1), ("k0", 2)):
        with wired(Wire()) as wire:
            data("GET", f"/{name}")
        assert wire.calls == ["dynamodb.BatchGetItem"] * calls
    ring()
    with wired(Wire()) as wire:
        data("GET", "/k0")
    assert wire.calls == ["dynamodb.BatchGetItem"]


@pytest.mark.usefixtures("small")
def test_explanations_tell_the_moment_of_the_switch() -> None:
    there()
    before = system_clock()
    batch()
    now = data("GET", "/k0/explain")
    assert now["layers"][0]["version"] == 2
    then = data("GET", "/k0/explain", at=before.isoformat().replace("+00:00", "Z"))
    assert then["layers"][0]["version"] == 1
    assert ADMIN.user_id == data("GET", "/k0", layer="tenant")["updatedBy"]
