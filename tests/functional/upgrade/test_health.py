"""The health endpoint tells the state of every dependency (UPG-20)."""

import json
import threading
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from enghub.upgrade.gateways import dependencies
from enghub.upgrade.health.service import look
from tests.conftest import REGION
from tests.factories.handlers import sample_event
from tests.factories.http import Context, a_principal
from tests.factories.upgrade import baseline
from tests.functional.upgrade.conftest import Upgrade

BUCKET = "enghub-test"
NAMES = ["table", "stateMachine", "secretStore", "bucket", "manifests", "disk"]
ROLE = "arn:aws:iam::123456789012:role/upgrade"
DEFINITION = json.dumps({"StartAt": "End", "States": {"End": {"Type": "Succeed"}}})
PATH = "/api/v1/upgrade/health"


@pytest.fixture
def hub(upgrade: Upgrade, monkeypatch: pytest.MonkeyPatch) -> Upgrade:
    """The context with everything it depends on."""
    monkeypatch.setenv("BUCKET_NAME", BUCKET)
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(total=1000, used=900))
    boto3.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    boto3.client("stepfunctions").create_state_machine(name="upgrade", definition=DEFINITION, roleArn=ROLE)
    return upgrade


def states(answer: Any) -> dict[str, bool]:
    found = answer["data"] if answer["success"] else answer["details"]
    return {one["name"]: one["healthy"] for one in found["dependencies"]}


def test_all_is_well(hub: Upgrade) -> None:
    hub.upload(baseline())
    answer = hub.handler("read_health")(sample_event("upgrade", "read_health"), Context())
    assert answer["statusCode"] == 200
    found = json.loads(answer["body"])["data"]["dependencies"]
    assert [one["name"] for one in found] == NAMES
    assert all(one["healthy"] for one in found)
    assert found[4]["detail"] == "1 in force"
    assert found[5]["detail"] == "90% taken"


def test_a_new_tenant_has_no_manifest_and_no_secret_and_is_well(hub: Upgrade) -> None:
    status, answer = hub.send("read_health", "GET", PATH)
    details = [one["detail"] for one in answer["data"]["dependencies"]]
    assert (status, details[2], details[4]) == (200, "answers; no secret for webhooks is stored", "0 in force")


def test_a_disk_over_ninety_percent_is_down(hub: Upgrade, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(total=1000, used=901))
    status, answer = hub.send("read_health", "GET", PATH)
    assert status == 503
    assert states(answer) == dict.fromkeys(NAMES[:-1], True) | {"disk": False}
    assert answer["details"]["dependencies"][-1]["detail"] == "DiskFull"


def break_table(_: Upgrade) -> None:
    boto3.client("dynamodb").delete_table(TableName="enghub-test-upgrade")


def break_state_machine(_: Upgrade) -> None:
    service = boto3.client("stepfunctions")
    service.delete_state_machine(stateMachineArn=service.list_state_machines()["stateMachines"][0]["stateMachineArn"])


def break_bucket(_: Upgrade) -> None:
    boto3.client("s3").delete_bucket(Bucket=BUCKET)


def break_manifest(hub: Upgrade) -> None:
    hub.upload(baseline())
    table: Any = boto3.resource("dynamodb").Table("enghub-test-upgrade")
    (item,) = [item for item in table.scan()["Items"] if item.get("entity") == "MANIFEST_REVISION"]
    table.put_item(Item={**item, "checksum": "0" * 64})


BREAKS = {
    "stateMachine": (break_state_machine, "StateMachineDoesNotExist"),
    "bucket": (break_bucket, "NoSuchBucket"),
    "manifests": (break_manifest, "ManifestDamaged"),
}


@pytest.mark.parametrize("name", BREAKS)
def test_what_is_down_is_named_with_the_kind_of_error_and_the_rest_is_told_as_it_is(hub: Upgrade, name: str) -> None:
    break_it, kind = BREAKS[name]
    break_it(hub)
    status, answer = hub.send("read_health", "GET", PATH)
    assert status == 503
    assert states(answer) == {other: other != name for other in NAMES}
    assert answer["details"]["error"] == "DEPENDENCY_DOWN"
    assert f"{name} ({kind})" in answer["message"]


def test_without_its_table_the_manifests_are_out_of_reach_too(hub: Upgrade) -> None:
    break_table(hub)
    status, answer = hub.send("read_health", "GET", PATH)
    assert (status, [name for name, well in states(answer).items() if not well]) == (503, ["table", "manifests"])


def test_no_value_of_a_secret_is_read_or_told(hub: Upgrade, monkeypatch: pytest.MonkeyPatch) -> None:
    name, value = "enghub/test/upgrade/notices/acme", "s3cr3t"
    boto3.client("secretsmanager").create_secret(Name=name, SecretString=value)
    hub.sql()
    _, answer = hub.send("read_health", "GET", PATH)
    assert states(answer)["secretStore"]
    assert value not in json.dumps(answer)

    def leaks(_: str) -> str:
        raise RuntimeError(value)

    monkeypatch.setattr(dependencies, "bucket", leaks)
    status, answer = hub.send("read_health", "GET", PATH)
    assert status == 503
    assert "bucket (RuntimeError)" in answer["message"]
    assert value not in json.dumps(answer)


def test_who_hangs_is_down_and_keeps_nobody_waiting() -> None:
    never = threading.Event()
    hangs, well = look({"hangs": lambda _: str(never.wait(5)), "well": lambda _: "fine"}, "acme", seconds=0.2)
    never.set()
    assert (hangs.healthy, hangs.detail, hangs.milliseconds) == (False, "no answer within 0.2 s", 200)
    assert (well.healthy, well.detail) == (True, "fine")


def test_reading_it_needs_the_right_to_read_upgrades(hub: Upgrade) -> None:
    assert hub.send("read_health", "GET", PATH, caller=a_principal("work_order:read"))[0] == 403
