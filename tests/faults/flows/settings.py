"""Configuration: single writes and a batch."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import boto3
import pytest

from enghub.core.timers import dynamo as timers
from enghub.core.timers.model import DueTimer, Wake
from enghub.settings.configs import dynamo, wiring
from tests.factories import rules
from tests.factories.forms import a_form
from tests.factories.http import Context, a_principal
from tests.factories.settings import (
    ADMIN,
    BASE,
    EVERYTHING,
    SESSION_TIMEOUT,
    answer,
    handler,
    make_field_key,
    sent_to,
)
from tests.factories.stored import items
from tests.faults.harness import Flow, register

BACKUPS = "/api/v1/settings/backups"
KEEPER = a_principal("config_backup:keep", user="keeper")
KEYED = {"Idempotency-Key": "key-1"}
CHANGE = {"configValue": "7200", "version": 1}


def sent(method: str, path: str = "", body: Any = None, **options: Any) -> tuple[int, str]:
    found = answer(method, path, body, **options)
    return found["statusCode"], found["body"]


def there() -> None:
    assert sent("POST", body=SESSION_TIMEOUT)[0] == 201
    assert sent("POST", body={"configKey": "host", "configValue": "a"})[0] == 201


def batch(headers: dict[str, str] | None = None) -> tuple[int, str]:
    values = {"session.timeout": "301", "host": "${session.timeout}"}
    configs = [{"configKey": name, "configValue": value, "version": 1} for name, value in values.items()]
    return sent("POST", "/batch", {"configs": configs}, headers=headers)


register(
    Flow("create a setting", "settings", lambda: None, lambda _: sent("POST", body=SESSION_TIMEOUT, headers=KEYED))
)
register(Flow("create a setting without a key", "settings", lambda: None, lambda _: sent("POST", body=SESSION_TIMEOUT)))
register(Flow("change a setting", "settings", there, lambda _: sent("PUT", "/session.timeout", CHANGE, headers=KEYED)))
register(Flow("change a setting without a key", "settings", there, lambda _: sent("PUT", "/session.timeout", CHANGE)))
register(Flow("delete a setting", "settings", there, lambda _: sent("DELETE", "/session.timeout", version="1")))
register(Flow("write a batch with a reference", "settings", there, lambda _: batch(KEYED)))
register(Flow("write a batch without a key", "settings", there, lambda _: batch()))


@contextmanager
def in_small_steps() -> Iterator[None]:
    """Let a transaction hold 16 writes, so that four changes are a change set."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dynamo, "ROOM", 16)
        yield


NAMES = ("a", "b", "c", "d")


def several() -> None:
    for name in NAMES:
        assert sent("POST", body={"configKey": name, "configValue": "old"})[0] == 201


def as_a_set(headers: dict[str, str] | None, _: None) -> tuple[int, str]:
    configs = [{"configKey": name, "configValue": "new", "version": 1} for name in NAMES]
    return sent("POST", "/batch", {"configs": configs}, headers=headers)


def finish(_: Any) -> None:
    """Let the set's timer come, where the set needs it."""
    for one in items("CHANGE_SET"):
        found = timers.read(Wake(one["tenant_id"], f"change_set/{one['set_id']}", "change_set"))
        if found is not None:
            due = DueTimer(found.tenant_id, found.subject, found.purpose, found.due, found.version, found.payload)
            wiring.timer_handlers()["change_set"](due)


OF_A_SETS_TIMER = r": TIMER |OUTBOX .*arm_timers"
"""A set that its timer has finished leaves the timer; one that the request finished cancels it."""
for key in (KEYED, None):
    register(
        Flow(
            f"switch a change set {'with' if key else 'without'} a key",
            "settings",
            several,
            partial(as_a_set, key),
            settle=finish,
            around=in_small_steps,
            known=OF_A_SETS_TIMER,
        )
    )


def taken_in(_: None) -> tuple[int, str]:
    file = "configKey,configValue\n" + "".join(f"{name},new\n" for name in NAMES)
    event = a_form(f"{BASE}/import", {"file": ("a.csv", file.encode()), "overwriteExisting": "true"}, caller=ADMIN)
    found = handler("transfer_configs")(event, Context())
    return found["statusCode"], found["body"]


register(
    Flow(
        "take a file in",
        "settings",
        several,
        taken_in,
        settle=finish,
        around=in_small_steps,
        known=OF_A_SETS_TIMER,
        also=200,
    )
)


def lost_after_a_backup() -> str:
    boto3.client("s3", "us-east-1").create_bucket(Bucket="enghub-test-files")
    several()
    found = sent_to("keep_backups", "POST", BACKUPS, caller=KEEPER)
    assert found["statusCode"] == 201, found["body"]
    for name in NAMES:
        assert sent("DELETE", f"/{name}")[0] == 200
    backup_id: str = json.loads(found["body"])["data"]["backupId"]
    return backup_id


def restored(backup_id: str) -> tuple[int, str]:
    found = sent_to("keep_backups", "POST", f"{BACKUPS}/{backup_id}/restore", {}, caller=KEEPER)
    return found["statusCode"], found["body"]


register(
    Flow(
        "restore a backup",
        "settings",
        lost_after_a_backup,
        restored,
        settle=finish,
        around=in_small_steps,
        environment={"BUCKET_NAME": "enghub-test-files"},
        volatile=(r"sizeBytes[^,}]*",),
        known=OF_A_SETS_TIMER,
        also=200,
    )
)


def planned() -> None:
    there()
    later = {
        "effectiveMode": "SCHEDULED",
        "effectiveTime": "2090-01-01T00:00:00Z",
        "expireTime": "2090-01-02T00:00:00Z",
    }
    assert sent("PATCH", "/session.timeout", {"configValue": "7200", "version": 1, **later})[0] == 200
    assert sent("PATCH", "/host", {"configValue": "b", "version": 1, "effectiveMode": "MANUAL"})[0] == 200


def confirmed(headers: dict[str, str] | None = None) -> tuple[int, str]:
    return sent("POST", "/confirm", {"configs": [{"configKey": "host", "version": 2}]}, headers=headers)


LATER = {"configValue": "9000", "effectiveMode": "SCHEDULED", "effectiveTime": "2090-02-01T00:00:00Z"}
register(Flow("plan a setting", "settings", there, lambda _: sent("PUT", "/session.timeout", {**LATER, "version": 1})))
register(
    Flow(
        "change a setting whatever its version",
        "settings",
        there,
        lambda _: sent("PATCH", "/host", {"configValue": "c"}),
    )
)
register(
    Flow("delete a planned setting", "settings", planned, lambda _: sent("DELETE", "/session.timeout", version="2"))
)
register(Flow("confirm a staged setting", "settings", planned, lambda _: confirmed()))
register(
    Flow(
        "roll a setting back",
        "settings",
        planned,
        lambda _: sent("POST", "/session.timeout/rollback", {"toVersion": 1, "version": 2}),
    )
)


def asked() -> tuple[str, str]:
    """A request for change that waits, with its id and hash."""
    rule = {"stages": [{"name": "security", "roles": ["TESTER"]}], "names": ["session.*"]}
    found = sent_to("decide_change", "PUT", "/api/v1/settings/approval-rules/security", rule, caller=DECIDER)
    assert found["statusCode"] == 200, found["body"]
    assert sent("POST", body={"configKey": "host", "configValue": "a"})[0] == 201
    status, body = sent("POST", body=SESSION_TIMEOUT)
    assert status == 202, body
    request = json.loads(body)["data"]
    return request["requestId"], request["seen"]


def approved(request: tuple[str, str]) -> tuple[int, str]:
    path = f"/api/v1/settings/change-requests/{request[0]}/approve"
    found = sent_to("decide_change", "POST", path, {"seen": request[1]}, caller=DECIDER)
    return found["statusCode"], found["body"]


OF_A_TIMER = (r"\b[0-9a-f]{32}\b", r"WAITING#\d")
"""Its name and its shard follow from the id of what it wakes."""
DECIDER = replace(
    a_principal(*EVERYTHING, "approval_rule:change", "change_request:decide", user="bob"), roles=("TESTER",)
)
register(Flow("approve a change", "settings", asked, approved, volatile=OF_A_TIMER))
register(
    Flow(
        "submit a change for approval",
        "settings",
        lambda: asked() and None,
        lambda _: sent("POST", body={**SESSION_TIMEOUT, "configKey": "session.other"}, headers=KEYED),
        also=200,
        volatile=OF_A_TIMER,
    )
)


SEALED = (r"sealed:1:1:[\w-]+", r"\*{6} #[0-9a-f]{8}", r"\bwrapped.*")
"""The key is another one each time."""
SECRET = {"configKey": "smtp.password", "configValue": "kept from everybody", "isEncrypted": True}


def a_secret() -> None:
    make_field_key()
    assert sent("POST", body=SECRET)[0] == 201


for name, how in {"with a key": KEYED, "without a key": None}.items():
    register(
        Flow(
            f"create the first secret {name}",
            "settings",
            make_field_key,
            partial(lambda headers, _: sent("POST", body=SECRET, headers=headers), how),
            volatile=SEALED,
        )
    )
register(
    Flow(
        "change a secret",
        "settings",
        a_secret,
        lambda _: sent("PATCH", "/smtp.password", {"configValue": "another", "version": 1}),
        volatile=SEALED,
    )
)


def a_rule_there() -> None:
    assert rules.sent("PUT", "/dispatch.night", rules.a_rule())[0] == 200


def of_rules(method: str, path: str, body: Any, headers: dict[str, str] | None = None) -> tuple[int, str]:
    status, found = rules.sent(method, f"/dispatch.night{path}", body, headers=headers)
    return status, json.dumps(found)


register(Flow("store a business rule", "settings", lambda: None, lambda _: of_rules("PUT", "", rules.a_rule())))
register(
    Flow(
        "let a business rule decide",
        "settings",
        a_rule_there,
        lambda _: of_rules("POST", "/activate", {"version": 1}),
    )
)
register(
    Flow(
        "let a business rule decide with a key",
        "settings",
        a_rule_there,
        lambda _: of_rules("POST", "/activate", {"version": 1}, KEYED),
    )
)
