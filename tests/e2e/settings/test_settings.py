"""Configuration as its users meet it: through the deployed API, with tokens, roles and the bus."""

import base64
import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from typing import Any
from uuid import uuid4

import httpx
import pytest
from rich.console import Console

from enghub.kit.sheets import files
from enghub.kit.sheets.model import Format
from enghub_cli.context import Cloud
from enghub_cli.story import administrators, secrets
from enghub_cli.story.teller import Teller
from tests.factories import rules
from tests.waiting import until

pytestmark = pytest.mark.e2e
PATH = "/api/v1/system-config"


@pytest.fixture
def name() -> str:
    """A key of this test alone."""
    return f"e2e.{uuid4().hex[:8]}"


def client(cloud: Cloud, user: str, *roles: str, tenant: str = "acme") -> httpx.Client:
    return cloud.http(cloud.token(tenant=tenant, factories=("sh-01",), user=user, roles=roles))


@pytest.fixture
def system_admin(cloud: Cloud) -> Iterator[httpx.Client]:
    with client(cloud, "root", "SYSTEM_ADMIN") as http:
        yield http


@pytest.fixture
def tenant_admin(cloud: Cloud) -> Iterator[httpx.Client]:
    with client(cloud, "tina", "TENANT_ADMIN") as http:
        yield http


def done(response: httpx.Response, status: int = 200) -> dict[str, Any]:
    assert response.status_code == status, response.text
    found: dict[str, Any] = response.json()["data"]
    return found


def test_the_nearest_of_three_layers_answers_each_user(
    cloud: Cloud, system_admin: httpx.Client, tenant_admin: httpx.Client, name: str
) -> None:
    item = {"configKey": name, "configType": "NUMBER", "validationRule": {"type": "range", "min": 300, "max": 86400}}
    done(system_admin.post(PATH, json={**item, "configValue": "3600"}, params={"layer": "global"}), 201)
    done(tenant_admin.post(PATH, json={**item, "configValue": "1800"}), 201)
    done(tenant_admin.post(PATH, json={**item, "configValue": "900"}, params={"layer": "user"}), 201)
    with client(cloud, "vera", "CONFIG_VIEWER") as viewer, client(cloud, "olga", "AUDITOR", tenant="globex") as other:
        found = [done(http.get(f"{PATH}/{name}")) for http in (tenant_admin, viewer, other)]
    assert [(one["configValue"], one["layer"]) for one in found] == [
        ("900", "user"),
        ("1800", "tenant"),
        ("3600", "global"),
    ]


def test_two_editors_meet_and_merge(cloud: Cloud, tenant_admin: httpx.Client, name: str) -> None:
    value = '{"retries":3,"timeout":10}'
    done(tenant_admin.post(PATH, json={"configKey": name, "configValue": value, "configType": "JSON"}), 201)
    read = tenant_admin.get(f"{PATH}/{name}", params={"layer": "tenant"})
    seen = {"If-Match": read.headers["etag"]}
    with client(cloud, "theo", "TENANT_ADMIN") as colleague:
        changed = '{"retries":5,"timeout":10}'
        done(colleague.patch(f"{PATH}/{name}", json={"configValue": changed}, headers=seen))
    conflict = tenant_admin.patch(
        f"{PATH}/{name}", json={"configValue": '{"retries":3,"timeout":20}'}, headers={**seen, "Accept-Language": "zh"}
    )
    assert conflict.status_code == 409
    answer = conflict.json()
    assert (answer["code"], answer["details"]["theirs"]["configValue"]) == ("40902", changed)
    assert "版本" in answer["message"]
    merge = answer["details"]["merge"]
    merged = done(tenant_admin.put(f"{PATH}/{name}", json={**merge["proposal"], "version": merge["version"]}))
    assert json.loads(merged["configValue"]) == {"retries": 5, "timeout": 20}


def test_of_many_writers_of_one_version_exactly_one_wins(cloud: Cloud, tenant_admin: httpx.Client, name: str) -> None:
    done(tenant_admin.post(PATH, json={"configKey": name, "configValue": "0"}), 201)
    token = cloud.token(tenant="acme", factories=("sh-01",), user="tina", roles=("TENANT_ADMIN",))

    def write(number: int) -> int:
        with cloud.http(token) as http:
            return http.patch(f"{PATH}/{name}", json={"configValue": str(number), "version": 1}).status_code

    with ThreadPoolExecutor(6) as writers:
        statuses = Counter(writers.map(write, range(1, 13)))
    assert statuses == {200: 1, 409: 11}
    assert done(tenant_admin.get(f"{PATH}/{name}"))["version"] == 2


def test_a_batch_is_all_or_nothing_and_a_referenced_item_stays(tenant_admin: httpx.Client, name: str) -> None:
    for key, value in ((f"{name}.host", "plm"), (f"{name}.port", "80"), (f"{name}.url", f"${{{name}.host}}")):
        done(tenant_admin.post(PATH, json={"configKey": key, "configValue": value, "tags": [name]}), 201)
    items = [
        {"configKey": f"{name}.host", "configValue": "plm2", "version": 1},
        {"configKey": f"{name}.port", "configValue": "81", "version": 9},
    ]
    refused = tenant_admin.post(f"{PATH}/batch", json={"configs": items})
    assert [(e["index"], e["code"]) for e in refused.json()["details"]["errors"]] == [(1, "40902")]
    assert done(tenant_admin.get(f"{PATH}/{name}.host"))["configValue"] == "plm"
    items[1]["version"] = 1
    assert len(done(tenant_admin.post(f"{PATH}/batch", json={"configs": items}))["changed"]) == 2
    kept = tenant_admin.delete(f"{PATH}/{name}.host", params={"version": 2})
    assert [d["configKey"] for d in kept.json()["details"]["dependants"]] == [f"{name}.url"]
    done(tenant_admin.delete(f"{PATH}/{name}.url", params={"version": 1}))
    done(tenant_admin.delete(f"{PATH}/{name}.host", params={"version": 2}))
    assert done(tenant_admin.get(PATH, params={"tags": name}))["total"] == 1


def test_a_secret_is_sealed_by_the_key_store_and_told_to_who_may_know_it(
    cloud: Cloud, tenant_admin: httpx.Client, name: str
) -> None:
    item = {"configKey": name, "configValue": "first", "isEncrypted": True, "tags": [name]}
    assert done(tenant_admin.post(PATH, json=item), 201)["configValue"] == "******"
    done(tenant_admin.patch(f"{PATH}/{name}", json={"configValue": "second", "version": 1}))
    told = {"reveal": "true"}
    assert done(tenant_admin.get(f"{PATH}/{name}", params=told))["configValue"] == "second"
    with client(cloud, "vera", "CONFIG_VIEWER") as viewer:
        assert done(viewer.get(f"{PATH}/{name}"))["configValue"] == "******"
        assert viewer.get(f"{PATH}/{name}", params=told).json()["details"]["permission"] == "config:reveal"
    done(tenant_admin.post(f"{PATH}/{name}/rollback", json={"toVersion": 1}))
    assert done(tenant_admin.get(f"{PATH}/{name}", params=told))["configValue"] == "first"
    exported = done(tenant_admin.get(f"{PATH}/export", params={"format": "json"}))["content"]
    sent = {"file": ("config.json", exported.encode(), "application/json")}
    taken = done(tenant_admin.post(f"{PATH}/import", data={"overwriteExisting": "true"}, files=sent))
    assert (taken["created"], taken["updated"]) == (0, 0)
    table = cloud.client("dynamodb").scan(
        TableName="enghub-local-settings",
        FilterExpression="entity = :c",
        ExpressionAttributeValues={":c": {"S": "CONFIG"}},
    )
    (stored,) = [one["config_value"]["S"] for one in table["Items"] if one["config_key"]["S"] == name]
    assert stored.startswith("sealed:1:1:")


def test_an_unchanged_value_is_not_sent_again(tenant_admin: httpx.Client, name: str) -> None:
    done(tenant_admin.post(PATH, json={"configKey": name, "configValue": "1"}), 201)
    etag = tenant_admin.get(f"{PATH}/{name}").headers["etag"]
    again = tenant_admin.get(f"{PATH}/{name}", headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")


def test_who_may_not_is_refused(cloud: Cloud, tenant_admin: httpx.Client, name: str) -> None:
    item = {"configKey": name, "configValue": "1"}
    assert tenant_admin.post(PATH, json=item, params={"layer": "global"}).status_code == 403
    assert tenant_admin.get(PATH, params={"tenantId": "globex"}).status_code == 403
    with client(cloud, "vera", "CONFIG_VIEWER") as viewer, client(cloud, "otto", "OPERATOR") as operator:
        assert viewer.post(PATH, json=item).json()["details"]["permission"] == "config:create"
        assert operator.get(f"{PATH}/{name}").status_code == 403
        assert viewer.post(PATH, json=item, params={"layer": "user"}).status_code == 201
    with cloud.http() as nobody:
        assert nobody.get(f"{PATH}/{name}").status_code == 401


def test_a_change_reaches_the_bus(cloud: Cloud, tenant_admin: httpx.Client, name: str) -> None:
    sqs, events = cloud.client("sqs"), cloud.client("events")
    url = sqs.create_queue(QueueName=name.replace(".", "-"))["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    rule = name.replace(".", "-")
    pattern = {
        "source": ["enghub.settings"],
        "detail-type": ["ConfigurationChanged"],
        "detail": {"data": {"config_key": [name]}},
    }
    events.put_rule(Name=rule, EventBusName="enghub-local", EventPattern=json.dumps(pattern))
    events.put_targets(Rule=rule, EventBusName="enghub-local", Targets=[{"Id": "test", "Arn": arn}])
    try:
        created = tenant_admin.post(
            PATH, json={"configKey": name, "configValue": "1"}, headers={"Idempotency-Key": uuid4().hex}
        )
        done(created, 201)
        (message,) = until(lambda: sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages"))
    finally:
        events.remove_targets(Rule=rule, EventBusName="enghub-local", Ids=["test"])
        events.delete_rule(Name=rule, EventBusName="enghub-local")
        sqs.delete_queue(QueueUrl=url)
    envelope = json.loads(message["Body"])["detail"]
    assert (envelope["tenant_id"], envelope["data"]["operation"], envelope["data"]["version"]) == ("acme", "CREATE", 1)


def test_a_workbook_is_taken_in_at_one_moment_and_its_export_changes_nothing(
    tenant_admin: httpx.Client, name: str
) -> None:
    rows = [[f"{name}.{number}", f"{number:04}"] for number in range(25)]
    workbook = files.write(Format.EXCEL, ["configKey", "configValue"], rows)

    def taken_in(content: bytes) -> dict[str, Any]:
        form = {"overwriteExisting": "true", "changeReason": "from the plant"}
        sent = {"file": ("config.xlsx", content, "application/octet-stream")}
        return done(tenant_admin.post(f"{PATH}/import", data=form, files=sent))

    assert taken_in(workbook)["created"] == 25
    found = done(tenant_admin.get(f"{PATH}/{name}.7"))
    assert (found["configValue"], found["version"]) == ("0007", 1)
    exported = done(tenant_admin.get(f"{PATH}/export", params={"format": "excel"}))
    again = taken_in(base64.b64decode(exported["content"]))
    assert (again["created"], again["updated"]) == (0, 0)
    batch = [{"configKey": row[0], "configValue": "new", "version": 1} for row in rows]
    assert len(done(tenant_admin.post(f"{PATH}/batch", json={"configs": batch}))["changed"]) == 25
    listed = done(tenant_admin.get(PATH, params={"keyword": f"{name}.", "size": "100"}))
    assert {(item["configValue"], item["version"]) for item in listed["items"]} == {("new", 2)}


def test_a_backup_brings_back_what_was_deleted(tenant_admin: httpx.Client, name: str) -> None:
    backups = "/api/v1/settings/backups"
    done(tenant_admin.post(PATH, json={"configKey": name, "configValue": "kept"}), 201)
    taken = done(tenant_admin.post(backups), 201)
    done(tenant_admin.delete(f"{PATH}/{name}"))
    only = {"keys": [name]}
    assert done(tenant_admin.post(f"{backups}/{taken['backupId']}/verify", json=only))["missing"] == 1
    done(tenant_admin.post(f"{backups}/{taken['backupId']}/restore", json=only))
    assert done(tenant_admin.post(f"{backups}/{taken['backupId']}/verify", json=only))["equal"]
    assert done(tenant_admin.get(f"{PATH}/{name}"))["configValue"] == "kept"


def test_a_rule_is_refused_because_a_row_has_no_test_then_approved_and_told(
    cloud: Cloud, tenant_admin: httpx.Client, name: str
) -> None:
    path = f"/api/v1/settings/business-rules/{name}"
    first, second = rules.MANY, rules.NIGHT
    done(tenant_admin.put(path, json=rules.a_rule(tests=[first])))
    assert name in [one["ruleKey"] for one in done(tenant_admin.get("/api/v1/settings/business-rules"))["items"]]
    refused = tenant_admin.post(f"{path}/activate", json={"version": 1})
    assert (refused.status_code, refused.json()["details"]["neverReached"]) == (422, [2])
    done(tenant_admin.put(path, json=rules.a_rule(tests=[first, second], version=1)))
    rule = {"stages": [{"name": "second", "roles": ["CONFIG_APPROVER"]}], "kinds": ["rule"], "names": [name]}
    ruled = f"/api/v1/settings/approval-rules/{name.replace('.', '-')}"
    done(tenant_admin.put(ruled, json=rule))
    request = done(tenant_admin.post(f"{path}/activate", json={"version": 2}), 202)
    with client(cloud, "bob", "CONFIG_APPROVER") as approver:
        decision = f"/api/v1/settings/change-requests/{request['requestId']}/approve"
        assert done(approver.post(decision, json={"seen": request["seen"]}))["status"] == "APPLIED"
    done(tenant_admin.delete(ruled))
    assert done(tenant_admin.get(path))["activeVersion"] == 2
    (outcome,) = done(tenant_admin.post(f"{path}/simulate", json={"cases": [first["inputs"]]}))["outcomes"]
    assert (outcome["rows"], outcome["results"]) == ([1], first["expect"])
    assert done(tenant_admin.post(f"{path}/deactivate", json={}))["activeVersion"] == 0


def test_a_template_makes_configuration_and_its_upgrade_keeps_what_the_tenant_changed(
    tenant_admin: httpx.Client, name: str
) -> None:
    path, key = f"/api/v1/settings/templates/{name}", f"{name}.speed"
    schema = {name: {"speed": {"type": "number"}, "beep": {"type": "boolean"}}}
    first = {"templateName": name, "templateSchema": schema, "defaultValues": {key: 10, f"{name}.beep": True}}
    done(tenant_admin.put(path, json=first))
    assert done(tenant_admin.get(f"{path}/completeness"))["completeness"] == 0
    made = done(tenant_admin.post(f"{path}/apply", json={"changeReason": "new tenant"}))
    assert {one["outcome"] for one in made["items"]} == {"CREATED"}
    done(tenant_admin.patch(f"{PATH}/{key}", json={"configValue": "33"}))
    second = {**first, "version": "1.1.0", "defaultValues": {key: 20, f"{name}.beep": False}}
    done(tenant_admin.put(path, json=second))
    found = done(tenant_admin.post(f"{path}/upgrade", json={}))
    assert [(one["outcome"], one["kept"]) for one in found["items"]] == [("MERGED", ["configValue"]), ("UPGRADED", [])]
    assert done(tenant_admin.get(f"{PATH}/{key}"))["configValue"] == "33"
    assert done(tenant_admin.get(f"{path}/completeness"))["following"] == ["1.1.0"]


def test_the_theme_is_a_style_sheet_that_is_not_sent_twice(tenant_admin: httpx.Client) -> None:
    sheet = tenant_admin.get("/api/v1/settings/interface/css")
    assert (sheet.status_code, sheet.headers["content-type"]) == (200, "text/css; charset=utf-8")
    assert "  --theme-primary-color: #" in sheet.text
    again = tenant_admin.get("/api/v1/settings/interface/css", headers={"If-None-Match": sheet.headers["etag"]})
    assert again.status_code == 304


def test_the_chapters_of_the_demo_are_told(cloud: Cloud) -> None:
    said = StringIO()
    tell = Teller(cloud, Console(file=said, width=200), run=uuid4().hex[:8].upper())
    secrets.secret_stays_one(tell)
    secrets.rule_is_proved(tell)
    administrators.value_is_explained(tell)
    administrators.two_agree(tell)
    administrators.release_goes_back(tell)
    assert "Now 0 of them have it." in said.getvalue()
    for shown in ("******", "Zq7-mail", "is not proved", "no row fits"):
        assert shown in said.getvalue()
