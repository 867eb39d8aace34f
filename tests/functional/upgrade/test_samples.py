"""Every function takes its sample event; every published sample fits its schema."""

import json
from typing import Any

import boto3

from tests.factories.handlers import ROOT, sample_event
from tests.factories.http import Context
from tests.functional.upgrade.conftest import Upgrade

PUBLISHED = ROOT / "events" / "published"


def test_the_samples_tell_one_story(upgrade: Upgrade) -> None:
    def send(name: str, old: str = "", new: str = "") -> Any:
        event = json.loads(json.dumps(sample_event("upgrade", name)).replace(old or "\0", new))
        return upgrade.handler(name)(event, Context())

    upgrade.sql("CREATE TABLE orders (id INTEGER PRIMARY KEY, user_id INTEGER)")
    url = json.dumps({"url": f"sqlite:///{upgrade.database}"})
    boto3.client("secretsmanager").create_secret(Name="enghub/test/upgrade/site/acme/EU", SecretString=url)
    names = ("change_manifest", "change_site", "read_manifests", "read_sites", "plan_upgrade", "execute_upgrade")
    answers = {name: send(name) for name in names}
    assert [found["statusCode"] for found in answers.values()] == [201, 200, 200, 200, 200, 202]
    sampled = sample_event("upgrade", "finish_upgrade")["executionId"]
    execution_id = json.loads(answers["execute_upgrade"]["body"])["data"]["executionId"]
    assert send("run_slice", sampled, execution_id)["outcome"] == "done"
    assert send("finish_upgrade", sampled, execution_id) == {"status": "FAILED"}
    assert send("read_upgrades", sampled, execution_id)["statusCode"] == 200
    assert send("read_report", sampled, execution_id)["statusCode"] == 200
    assert send("notify_upgrade", sampled, execution_id) == {"batchItemFailures": []}
    assert send("control_upgrade", sampled, execution_id)["statusCode"] == 202
    assert send("answer_gate", sampled, execution_id) == {"batchItemFailures": []}
    assert send("continue_upgrade", sampled, execution_id) == {"run": 2}
