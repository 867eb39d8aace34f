"""Backups of configuration: taken, compared, restored (CFG-21)."""

import base64
import gzip
import hashlib
import json
from typing import Any

import pytest

from enghub.core import audit
from enghub.core.identity import Principal
from enghub.settings.backups.errors import BackupDamaged
from enghub.settings.backups.model import Backup, Saved, packed, unpacked
from enghub.settings.configs.model import Layer
from tests.factories import flags, rules
from tests.factories.forms import a_form
from tests.factories.handlers import load_handler
from tests.factories.http import NOW, Context, a_principal
from tests.factories.settings import ADMIN, EVERYTHING, SESSION_TIMEOUT, data, handler, sent_to
from tests.factories.stored import items

BACKUPS = "/api/v1/settings/backups"
RIGHTS = ("config:read", *EVERYTHING, "config_backup:keep", "config_backup:keep:global")
KEEPER = a_principal(*RIGHTS, user="keeper")
ELSEWHERE = a_principal(*RIGHTS, user="keeper", tenant="globex")


@pytest.fixture(autouse=True)
def table(account: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    account("settings")
    bucket(monkeypatch)


def bucket(monkeypatch: pytest.MonkeyPatch) -> None:
    import boto3  # noqa: PLC0415

    boto3.client("s3", "us-east-1").create_bucket(Bucket="enghub-test-files")
    monkeypatch.setenv("BUCKET_NAME", "enghub-test-files")


def sent(method: str, path: str = "", body: Any = None, caller: Principal = KEEPER, **query: str) -> tuple[int, Any]:
    found = sent_to("keep_backups", method, BACKUPS + path, body, caller=caller, query=query)
    told = json.loads(found["body"])
    return found["statusCode"], told.get("data") or told


def done(method: str, path: str = "", body: Any = None, caller: Principal = KEEPER, **query: str) -> Any:
    status, told = sent(method, path, body, caller, **query)
    assert status < 300, told
    return told


def some_items() -> None:
    data("POST", body=SESSION_TIMEOUT)
    data("POST", body={"configKey": "host", "configValue": "a", "tags": ["x"]})
    data("POST", body={"configKey": "url", "configValue": "https://${host}/", "description": "0012"})
    data("POST", body={"configKey": "theme", "configValue": "dark"}, layer="user")


def destroy() -> None:
    for key in ("url", "host", "session.timeout"):
        data("DELETE", f"/{key}")
    data("DELETE", "/theme", layer="user")


def verified(backup_id: str, caller: Principal = KEEPER, **selection: Any) -> Any:
    return done("POST", f"/{backup_id}/verify", selection, caller)


def restored(backup_id: str, caller: Principal = KEEPER, **wanted: Any) -> Any:
    return done("POST", f"/{backup_id}/restore", wanted, caller)


def test_what_was_destroyed_is_restored_and_verified_equal() -> None:
    some_items()
    taken = done("POST")
    assert taken["items"] == 4
    assert verified(taken["backupId"])["equal"]
    destroy()
    lost = verified(taken["backupId"])
    assert (lost["equal"], lost["missing"]) == (False, 4)
    assert restored(taken["backupId"], changeReason="after the fire")["missing"] == 4
    assert verified(taken["backupId"])["equal"]
    assert data("GET", "/url")["configValue"] == "https://${host}/"
    assert data("GET", "/theme")["layer"] == "user"
    entries = audit.history("acme", "config/-/tenant/-/host")
    told = f"after the fire [backup {taken['backupId']}]"
    assert (entries[-1].action, entries[-1].reason) == ("config.created", told)
    assert audit.broken_at(entries) is None
    again = restored(taken["backupId"])
    assert (again["equal"], data("GET", "/host", layer="tenant")["version"]) == (True, 3)


def test_a_selection_is_restored_and_the_rest_is_left() -> None:
    some_items()
    backup_id = done("POST")["backupId"]
    data("PATCH", "/session.timeout", {"configValue": "900"})
    data("PATCH", "/host", {"configValue": "b", "tags": []})
    data("POST", body={"configKey": "later", "configValue": "1"})
    found = verified(backup_id)
    assert (found["missing"], found["changed"], found["added"]) == (0, 2, 1)
    told = {one["configKey"]: (one["difference"], one["fields"]) for one in found["differences"]}
    assert told["host"] == ("CHANGED", ["configValue", "tags"])
    tried = restored(backup_id, keys=["session.*"], dryRun=True)
    assert (tried["changed"], data("GET", "/session.timeout")["configValue"]) == (1, "900")
    restored(backup_id, keys=["session.*"])
    assert data("GET", "/session.timeout")["configValue"] == "3600"
    assert data("GET", "/host")["configValue"] == "b"
    restored(backup_id, layers=["tenant"])
    assert data("GET", "/host")["configValue"] == "a"
    assert data("GET", "/later")["configValue"] == "1"


def test_a_backup_is_carried_to_another_environment() -> None:
    some_items()
    backup_id = done("POST")["backupId"]
    file = base64.b64decode(done("GET", f"/{backup_id}/file")["content"])
    assert sent("POST", f"/{backup_id}/verify", {}, ELSEWHERE)[0] == 404
    event = a_form(f"{BACKUPS}/upload", {"file": ("backup.json.gz", file)}, caller=ELSEWHERE)
    found = handler("keep_backups")(event, Context())
    assert found["statusCode"] == 201, found["body"]
    there = json.loads(found["body"])["data"]["backupId"]
    assert restored(there, ELSEWHERE)["missing"] == 4
    assert verified(there, ELSEWHERE)["equal"]
    assert data("GET", "/url", caller=ELSEWHERE)["configValue"] == "https://${host}/"
    assert [one["backupId"] for one in done("GET", caller=ELSEWHERE)["items"]] == [there]


def test_the_global_layer_has_backups_of_its_own() -> None:
    data("POST", body=SESSION_TIMEOUT, layer="global")
    backup_id = done("POST", layer="global")["backupId"]
    data("DELETE", "/session.timeout", layer="global")
    assert sent("POST", f"/{backup_id}/restore", {})[0] == 404
    assert done("POST", f"/{backup_id}/restore", {}, layer="global")["missing"] == 1
    assert data("GET", "/session.timeout")["layer"] == "global"
    mine = a_principal("config_backup:keep", user="emp-002")
    status, told = sent("POST", "", caller=mine, layer="global")
    assert (status, told["details"]["permission"]) == (403, "config_backup:keep:global")


def test_every_night_everybody_has_a_backup() -> None:
    some_items()
    data("POST", body=SESSION_TIMEOUT, caller=ELSEWHERE)
    assert load_handler("settings", "back_up_daily")({}, Context()) == {"taken": 3}
    assert len(done("GET")["items"]) == len(done("GET", caller=ELSEWHERE)["items"]) == 1
    assert len(done("GET", layer="global")["items"]) == 1
    assert len([one for one in items("AUDIT") if one["action"] == "config_backup.made"]) == 3


def test_a_restore_that_is_refused_changes_nothing() -> None:
    data("POST", body={"configKey": "limit", "configValue": "5", "configType": "NUMBER"})
    data("POST", body={"configKey": "other", "configValue": "5"})
    backup_id = done("POST")["backupId"]
    data("PATCH", "/other", {"configValue": "6"})
    data("DELETE", "/limit")
    rule = {"type": "range", "min": 10}
    above = {"configKey": "limit", "configValue": "10", "configType": "NUMBER", "validationRule": rule}
    data("POST", body=above, layer="global")
    status, told = sent("POST", f"/{backup_id}/restore", {})
    assert (status, told["details"]["error"], told["details"]["errors"][0]["code"]) == (422, "RESTORE_REFUSED", "40003")
    assert data("GET", "/other")["configValue"] == "6"


BACKUP = Backup(NOW, "ada", (Saved(Layer.TENANT, "", {"configKey": "a", "configValue": "ä", "expireTime": None}),))


def test_a_file_holds_its_backup_and_shows_any_change() -> None:
    data = packed(BACKUP)
    assert unpacked(data) == BACKUP
    assert packed(BACKUP) == data
    for place in range(0, len(data), 7):
        changed = bytearray(data)
        changed[place] ^= 1
        try:
            assert unpacked(bytes(changed)) == BACKUP
        except BackupDamaged:
            continue


@pytest.mark.parametrize("data", [b"", b"x", packed(BACKUP)[:-20]])
def test_what_is_no_backup_is_refused(data: bytes) -> None:
    with pytest.raises(BackupDamaged):
        unpacked(data)
    event = a_form(f"{BACKUPS}/upload", {"file": ("backup.json.gz", data)}, caller=KEEPER)
    assert handler("keep_backups")(event, Context())["statusCode"] == 422
    assert ADMIN.tenant_id == KEEPER.tenant_id


# --- flags, segments, rules ---


def some_things() -> None:
    flags.data("POST", body={"flagKey": "base", "isEnabled": True})
    needs = [{"flag": "base", "variants": ["on"]}]
    flags.data("POST", body={"flagKey": "new-ui", "targetRules": {"percentage": 12.5}, "prerequisites": needs})
    flags.data("PUT", "/segments/pilots", {"included": ["u-1"]})
    rules.data("PUT", "/dispatch.night", rules.a_rule())
    rules.data("POST", "/dispatch.night/activate", {"version": 1})


def lose_things() -> None:
    flags.data("DELETE", "/new-ui")
    flags.data("PUT", "/base", {"isEnabled": False})
    flags.data("DELETE", "/segments/pilots")
    rules.data("POST", "/dispatch.night/deactivate", {})


def test_flags_segments_and_rules_are_kept_and_restored_equal() -> None:
    some_items()
    some_things()
    taken = done("POST")
    assert taken["items"] == 8
    assert verified(taken["backupId"])["equal"]
    destroy()
    lose_things()
    lost = verified(taken["backupId"])
    assert (lost["missing"], lost["changed"]) == (6, 2)
    shown = {(one["kind"], one["configKey"]): one["difference"] for one in lost["differences"]}
    assert shown["flag", "new-ui"] == "MISSING"
    assert shown["rule", "dispatch.night"] == "CHANGED"
    restored(taken["backupId"], changeReason="after the fire")
    assert verified(taken["backupId"])["equal"]
    assert flags.data("GET", "/new-ui")["targetRules"]["percentage"] == 12.5
    assert rules.data("GET", "/dispatch.night")["activeVersion"] == 1
    entry = audit.history("acme", "feature_flag/-/PROD/new-ui")[-1]
    assert entry.reason == f"after the fire [backup {taken['backupId']}]"


def test_a_selection_of_one_kind_is_restored_alone_and_elsewhere_too() -> None:
    some_items()
    some_things()
    taken = done("POST")["backupId"]
    lose_things()
    destroy()
    assert restored(taken, kinds=["flag"], keys=["base"])["changed"] == 1
    assert flags.data("GET", "/base")["isEnabled"] is True
    assert verified(taken)["missing"] == 6
    content = base64.b64decode(done("GET", f"/{taken}/file")["content"])
    event = a_form(f"{BACKUPS}/upload", {"file": ("b.json.gz", content)}, caller=ELSEWHERE)
    there = json.loads(handler("keep_backups")(event, Context())["body"])["data"]["backupId"]
    restored(there, ELSEWHERE)
    assert verified(there, ELSEWHERE)["equal"]


def test_a_backup_of_the_first_form_is_read() -> None:
    old = Backup(NOW, "admin", (Saved(Layer.TENANT, "", {"configKey": "a", "configValue": "1"}),))
    whole = json.loads(gzip.decompress(packed(old)))
    whole["format"] = "enghub-settings-backup/1"
    body = json.loads(whole["backup"])
    del body["things"]
    whole["backup"] = json.dumps(body)
    whole["sha256"] = hashlib.sha256(whole["backup"].encode()).hexdigest()
    assert unpacked(gzip.compress(json.dumps(whole).encode())) == old
