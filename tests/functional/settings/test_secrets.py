"""Encrypted items: sealed in the store, masked wherever they are shown, told to who may know them (CFG-23, CFG-29)."""

import gzip
import json
from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from enghub.core import clock, field_keys
from enghub.settings.configs import wiring
from tests.factories.forms import a_form
from tests.factories.http import Context, a_principal
from tests.factories.settings import ADMIN, BASE, answer, handler, make_field_key, sent_to
from tests.factories.stored import items

SECRET = "Zq7-kept-from-everybody"
NEXT = "Zq8-another-of-them"
ITEM = {"configKey": "smtp.password", "configValue": SECRET, "isEncrypted": True}
COLLEAGUE = a_principal("config:read", "config:update", user="colleague")
READER = a_principal("config:read", user="reader")
MASK = "******"
BACKUPS = "/api/v1/settings/backups"


@pytest.fixture(autouse=True)
def table(account: Callable[..., str]) -> Iterator[None]:
    """A table, and the key of secrets."""
    account("settings", BUCKET_NAME="files")
    for made in (wiring.configs, wiring.approving, wiring.restoring):
        made.cache_clear()
    make_field_key()
    yield
    assert_nothing_holds(SECRET, NEXT)


def assert_nothing_holds(*secrets: str) -> None:
    """No item of the table has a secret: versions, cards, audit, outbox, requests, change sets, kept answers."""
    found = boto3.client("dynamodb").scan(TableName="enghub-test-settings")["Items"]
    assert not [item for item in found if any(secret in json.dumps(item, default=str) for secret in secrets)]


def body(found: dict[str, Any], status: int = 200) -> dict[str, Any]:
    assert found["statusCode"] == status, found["body"]
    assert SECRET not in found["body"]
    assert NEXT not in found["body"]
    shown: dict[str, Any] = json.loads(found["body"])
    return shown


def data(*args: Any, status: int = 200, **kwargs: Any) -> dict[str, Any]:
    shown: dict[str, Any] = body(answer(*args, **kwargs), status)["data"]
    return shown


def revealed(path: str = "/smtp.password", caller: Any = ADMIN, **query: Any) -> str:
    found = answer("GET", path, caller=caller, reveal="true", **query)
    assert found["statusCode"] == 200, found["body"]
    value: str = json.loads(found["body"])["data"]["configValue"]
    return value


def created(**more: Any) -> dict[str, Any]:
    return data("POST", body={**ITEM, **more}, status=201)


def changed(value: str = NEXT, **more: Any) -> dict[str, Any]:
    return data("PATCH", "/smtp.password", {"configValue": value, **more})


# --- shown as a mask ---


def test_a_secret_is_masked_wherever_it_is_read() -> None:
    assert created()["configValue"] == MASK
    assert data("GET", "/smtp.password")["configValue"] == MASK
    assert data("GET", "/smtp.password", layer="tenant")["configValue"] == MASK
    assert [one["configValue"] for one in data("GET")["items"]] == [MASK]
    assert data("GET", "/smtp.password/versions/1")["configValue"] == MASK
    explained = data("GET", "/smtp.password/explain")
    assert (explained["configValue"], explained["layers"][0]["configValue"]) == (MASK, MASK)


def test_history_and_comparison_show_that_it_changed_and_not_to_what() -> None:
    created()
    changed()
    changed(SECRET)
    history = data("GET", "/smtp.password/history")["items"]
    assert [one["configValue"] for one in history] == [MASK] * 3
    (difference,) = data("GET", "/smtp.password/compare", fromVersion="1", toVersion="2")["differences"]
    assert difference["field"] == "configValue"
    assert difference["before"] != difference["after"]
    assert difference["before"].startswith(MASK)
    assert data("GET", "/smtp.password/compare", fromVersion="1", toVersion="3")["differences"] == []


def test_a_next_value_is_masked_too() -> None:
    created()
    changed(effectiveMode="SCHEDULED", effectiveTime=clock.to_text(clock.system_clock() + timedelta(hours=1)))
    assert data("GET", "/smtp.password")["nextChange"]["configValue"] == MASK
    found = json.loads(answer("GET", "/smtp.password", reveal="true")["body"])["data"]
    assert (found["configValue"], found["nextChange"]["configValue"]) == (SECRET, NEXT)


@pytest.mark.parametrize("kind", ["json", "yaml", "csv", "xml", "properties"])
def test_an_export_is_masked_and_taken_in_again_changes_nothing(kind: str) -> None:
    created()
    file = data_of_export(kind)
    taken = taken_in(file, f"a.{kind}")
    assert (taken["updated"], taken["unchanged"]) == (0, 1)
    assert revealed() == SECRET


def data_of_export(kind: str) -> str:
    found = body(sent_to("transfer_configs", "GET", f"{BASE}/export", query={"format": kind}))["data"]
    content: str = found["content"]
    assert MASK in content
    return content


def taken_in(file: str, name: str = "a.csv", caller: Any = ADMIN, status: int = 200) -> dict[str, Any]:
    form: dict[str, Any] = {"file": (name, file.encode()), "overwriteExisting": "true"}
    found = handler("transfer_configs")(a_form(f"{BASE}/import", form, caller=caller), Context())
    shown: dict[str, Any] = body(found, status)
    told: dict[str, Any] = shown.get("data") or shown["details"]
    return told


def test_an_import_creates_and_changes_secrets_and_refuses_a_mask_of_nothing() -> None:
    head = "configKey,configValue,isEncrypted\n"
    assert taken_in(f"{head}smtp.password,{SECRET},true\n")["created"] == 1
    assert taken_in(f"{head}smtp.password,{NEXT},true\n")["updated"] == 1
    assert revealed() == NEXT
    refused = taken_in(f"{head}other.password,{MASK},true\n", status=422)
    assert (refused["errors"][0]["field"], refused["errors"][0]["place"]) == ("configValue", "B2")


# --- what is sent back ---


def test_what_was_read_can_be_sent_back_whole_and_stays_encrypted() -> None:
    read = created()
    kept = {name: read[name] for name in ("configValue", "configType", "scope", "version")}
    assert data("PUT", "/smtp.password", {**kept, "description": "of the mail server"})["isEncrypted"]
    assert revealed() == SECRET


def test_a_put_that_says_nothing_of_encryption_leaves_no_plain_text() -> None:
    created()
    assert data("PUT", "/smtp.password", {"configValue": NEXT})["isEncrypted"]
    assert revealed() == NEXT


def test_encryption_ends_only_with_a_value_of_its_own() -> None:
    created()
    for value in ({}, {"configValue": MASK}):
        refused = body(answer("PATCH", "/smtp.password", {"isEncrypted": False, **value}), 400)
        assert refused["details"]["field"] == "configValue"
    shown = data("PATCH", "/smtp.password", {"isEncrypted": False, "configValue": "public"})
    assert shown["configValue"] == "public"


def test_a_mask_of_another_version_is_refused() -> None:
    created()
    changed()
    (difference,) = data("GET", "/smtp.password/compare", fromVersion="1", toVersion="2")["differences"]
    refused = body(answer("PATCH", "/smtp.password", {"configValue": difference["before"]}), 400)
    assert "mask" in refused["message"]
    assert (
        "掩码"
        in body(
            answer("PATCH", "/smtp.password", {"configValue": difference["before"]}, headers={"Accept-Language": "zh"}),
            400,
        )["message"]
    )
    assert revealed() == NEXT


def test_a_sealed_text_of_another_item_does_not_open() -> None:
    created()
    created(configKey="other.password")
    (stolen,) = {one["config_value"] for one in items("CONFIG") if one["config_key"] == "smtp.password"}
    refused = body(answer("PATCH", "/other.password", {"configValue": stolen}), 400)
    assert refused["code"] == "40001"
    plain = body(answer("POST", body={"configKey": "plain", "configValue": stolen}), 400)
    assert plain["details"]["field"] == "configValue"


def test_two_who_change_a_secret_meet_without_seeing_it() -> None:
    created()
    data("PATCH", "/smtp.password", {"configValue": NEXT, "version": 1}, caller=COLLEAGUE)
    conflict = body(answer("PATCH", "/smtp.password", {"configValue": "third", "version": 1}), 409)
    merge = conflict["details"]["merge"]
    assert [one["path"] for one in merge["conflicts"]] == ["configValue"]
    assert "third" not in json.dumps(conflict)


# --- checked although it is hidden ---


def test_a_secret_satisfies_its_type_and_rule_and_a_refusal_does_not_repeat_it() -> None:
    rule = {"type": "length", "min": 30}
    refused = body(answer("POST", body={**ITEM, "validationRule": rule}), 400)
    assert (refused["code"], refused["details"]["actualValue"]) == ("40003", MASK)
    refused = body(answer("POST", body={**ITEM, "configType": "NUMBER"}), 400)
    assert (refused["code"], refused["details"]["actualValue"]) == ("40001", MASK)
    assert "suggestion" not in refused["details"] or refused["details"]["suggestion"] is None
    created(configType="JSON", configValue='{"user": "u", "password": "p"}')
    assert json.loads(revealed())["password"] == "p"


def test_an_override_of_a_secret_is_one() -> None:
    data("POST", body=ITEM, layer="global", status=201)
    refused = body(answer("POST", body={**ITEM, "isEncrypted": False, "configValue": "plain"}), 400)
    assert (refused["details"]["field"], refused["details"]["suggestion"]) == ("isEncrypted", True)


def test_what_a_secret_refers_to_stays() -> None:
    data("POST", body={"configKey": "smtp.user", "configValue": "hub"}, status=201)
    created(configValue="${smtp.user}:pw")
    refused = body(answer("DELETE", "/smtp.user"), 409)
    assert [one["configKey"] for one in refused["details"]["dependants"]] == ["smtp.password"]


# --- nobody learns it by trying ---


def test_the_blast_radius_tells_nothing_about_a_guess() -> None:
    created()
    guesses = [
        data("POST", "/impact", {"configs": [{"configKey": "smtp.password", "configValue": value}]}, caller=READER)
        for value in (SECRET, "wrong")
    ]
    shown = [(one["items"][0]["changes"], one["items"][0]["before"], one["items"][0]["after"]) for one in guesses]
    assert shown == [(True, MASK, MASK)] * 2


def test_a_right_guess_of_another_user_makes_a_version_as_a_wrong_one_does() -> None:
    created()
    right = data("PATCH", "/smtp.password", {"configValue": SECRET}, caller=COLLEAGUE)
    assert right["version"] == 2
    again = data("PATCH", "/smtp.password", {"configValue": SECRET}, caller=COLLEAGUE)
    assert again["version"] == 2, "who set it knows it: a repeat changes nothing"
    unsaid = data("PATCH", "/smtp.password", {"configValue": MASK}, caller=ADMIN)
    assert unsaid["version"] == 2


# --- revealed ---


def test_to_reveal_takes_a_right_of_its_own_by_the_layer_that_answers() -> None:
    data("POST", body=ITEM, layer="global", status=201)
    tenant_only = a_principal("config:read", "config:reveal", user="tenant-only")
    for caller, missing in ((READER, "config:reveal:global"), (tenant_only, "config:reveal:global")):
        refused = body(answer("GET", "/smtp.password", caller=caller, reveal="true"), 403)
        assert refused["details"]["permission"] == missing
    created()
    assert revealed(caller=tenant_only) == SECRET
    refused = body(answer("GET", "/smtp.password", caller=READER, reveal="true", layer="tenant"), 403)
    assert refused["details"]["permission"] == "config:reveal"


def test_each_time_is_audited_before_it_is_told() -> None:
    created()
    found = answer("GET", "/smtp.password", reveal="true")
    assert found["multiValueHeaders"]["Cache-Control"] == ["no-store"]
    assert "ETag" not in found["multiValueHeaders"]
    assert revealed(layer="tenant") == SECRET
    told = [one for one in items("AUDIT") if one["action"] == "config_secret.revealed"]
    assert [
        (one["user_id"], json.loads(one["after"])["configKey"], json.loads(one["after"])["version"]) for one in told
    ] == [("admin", "smtp.password", 1)] * 2
    data("POST", body={"configKey": "plain", "configValue": "1"}, status=201)
    assert revealed("/plain", caller=READER) == "1"
    assert len([one for one in items("AUDIT") if one["action"] == "config_secret.revealed"]) == 2


# --- approvals, batches, going back, backups ---


def test_who_approves_a_secret_sees_that_it_changes() -> None:
    created()
    rule = {"stages": [{"name": "second", "roles": ["CONFIG_APPROVER"]}], "withinHours": 24}
    admin = a_principal("approval_rule:change", user="boss")
    ruled = answer("PUT", "/api/v1/settings/approval-rules/all", rule, caller=admin)
    assert ruled["statusCode"] in {200, 201}, ruled["body"]
    waiting = data("PATCH", "/smtp.password", {"configValue": NEXT}, status=202)
    (preview,) = waiting["preview"]
    assert preview["before"]["configValue"] != preview["after"]["configValue"]
    assert preview["after"]["configValue"].startswith(MASK)
    approver = replace(a_principal("change_request:decide", user="second"), roles=("CONFIG_APPROVER",))
    path = f"/api/v1/settings/change-requests/{waiting['requestId']}/approve"
    body(answer("POST", path, {"seen": waiting["seen"], "comment": "looked at"}, caller=approver))
    assert revealed() == NEXT


def test_a_batch_of_any_size_and_going_back_keep_secrets_sealed() -> None:
    for number in range(30):
        created(configKey=f"s.{number}")
    batch = [{"configKey": f"s.{number}", "configValue": NEXT, "version": 1} for number in range(30)]
    data("POST", "/batch", {"configs": batch})
    assert revealed("/s.7") == NEXT
    back = data("POST", "/s.7/rollback", {"toVersion": 1})
    assert (back["verified"], back["configValue"]) == (True, MASK)
    assert revealed("/s.7") == SECRET


def test_a_backup_is_sealed_and_brings_the_secret_back() -> None:
    boto3.client("s3").create_bucket(Bucket="files", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    created()
    keeper = a_principal("config_backup:keep", user="keeper")

    def kept(method: str, path: str = "", sent: Any = None, status: int = 200) -> dict[str, Any]:
        shown: dict[str, Any] = body(sent_to("keep_backups", method, BACKUPS + path, sent, caller=keeper), status)
        found: dict[str, Any] = shown["data"]
        return found

    name = kept("POST", status=201)["backupId"]
    file = gzip.decompress(b64decode(kept("GET", f"/{name}/file")["content"])).decode()
    assert SECRET not in file
    changed()
    assert kept("POST", f"/{name}/verify", {})["changed"] == 1
    kept("POST", f"/{name}/restore", {})
    assert revealed() == SECRET
    assert kept("POST", f"/{name}/verify", {})["equal"]


# --- keys ---


def test_a_repeated_write_stores_the_same_text_and_every_tenant_has_a_key_of_its_own() -> None:
    headers = {"Idempotency-Key": "k-1"}
    first = data("POST", body=ITEM, status=201, headers=headers)
    field_keys.forget()
    assert data("POST", body=ITEM, status=201, headers=headers) == first
    assert data("POST", body=ITEM, status=201)["version"] == 1, "the same creation again, without its key"
    other = a_principal(*ADMIN.permissions, tenant="globex", user="admin")
    data("POST", body=ITEM, status=201, caller=other)
    stored = {one["owner_tenant_id"]: one["config_value"] for one in items("CONFIG")}
    assert stored["acme"] != stored["globex"]
    assert len(items("FIELD_KEY")) == 2


def test_a_newer_key_seals_and_the_older_ones_still_open() -> None:
    created()
    field_keys.rotate("acme")
    field_keys.forget()
    changed()
    (stored,) = [one["config_value"] for one in items("CONFIG")]
    assert stored.startswith("sealed:1:2:")
    data("POST", "/smtp.password/rollback", {"toVersion": 1})
    assert revealed() == SECRET


@pytest.mark.parametrize(
    ("code", "status"), [("ThrottlingException", 503), ("AccessDeniedException", 500), ("DisabledException", 500)]
)
def test_without_the_key_store_nothing_is_written_and_everything_else_goes_on(
    monkeypatch: pytest.MonkeyPatch, code: str, status: int
) -> None:
    created()
    field_keys.forget()

    class Away:
        def __getattr__(self, name: str) -> Any:
            def refuse(**_: Any) -> None:
                raise ClientError({"Error": {"Code": code}}, name)

            return refuse

    monkeypatch.setattr(field_keys, "aws", SimpleNamespace(client=lambda _: Away()))
    body(answer("PATCH", "/smtp.password", {"configValue": NEXT}), status)
    body(answer("GET", "/smtp.password", reveal="true"), status)
    assert data("GET", "/smtp.password")["version"] == 1
    data("POST", body={"configKey": "plain", "configValue": "1"}, status=201)
