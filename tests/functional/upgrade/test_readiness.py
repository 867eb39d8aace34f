"""What people hear before the stop, and of what a step leaves to them (source document, 1.2 and 1.5)."""

import json
import os
from pathlib import Path
from typing import Any

import boto3
import pytest

from enghub.core.events import Envelope
from enghub.kit.files.folder import LocalFiles
from enghub.notices.catalogue.model import notice_types
from enghub.notices.languages import Reads
from enghub.notices.templates.texts import rendered
from enghub.upgrade.manifests.document import Notifications
from enghub.upgrade.notices.model import addresses, requested
from enghub.upgrade.phases import Stage
from tests.factories.upgrade import baseline, step
from tests.functional.upgrade.conftest import Upgrade
from tests.functional.upgrade.steps.doubles import FULL

CHECKS = [
    {"id": "names", "rule": "not_null", "table": "items", "column": "name"},
    {"id": "ids", "rule": "range", "table": "items", "column": "id", "minimum": 5, "severity": "warn"},
]
PREPARE = step(
    "com.ft.upgrade.steps.PreUpgradeProcessStep",
    "prepare",
    checks=CHECKS,
    backup={"tables": ["items"]},
    config_files=["app.properties"],
)
CHANGE = step("enghub.SqlScripts", "change", sql_scripts=["a.sql"])
CLEAN = step("enghub.LogCleanup", "clean", log_cleanup=[{"folder": "logs", "keep_days": 7}])
SCRIPTS = {"a.sql": "CREATE TABLE more (id INTEGER);", "app.properties": "site=${site_id}\n"}


def told(kind: str) -> list[dict[str, Any]]:
    table: Any = boto3.resource("dynamodb").Table("enghub-test-upgrade")
    return [json.loads(item["body"]) for item in table.scan()["Items"] if item.get("message_type") == kind]


def prepared(upgrade: Upgrade, folder: Path, *after: dict[str, Any]) -> str:
    upgrade.sql("CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT)", "INSERT INTO items VALUES (1, 'a'), (2, 'b')")
    steps = {"pre_upgrade_process": [PREPARE], "startup_pre_process": [CHANGE], "post_upgrade": list(after)}
    upgrade.upload(baseline(upgrade_steps=steps), SCRIPTS)
    upgrade.site()
    for name in ("site", "artifacts"):
        (folder / name).mkdir()
    secret = {
        "url": f"sqlite:///{upgrade.database}",
        "files": {"folder": str(folder / "site")},
        "artifacts": {"folder": str(folder / "artifacts")},
    }
    boto3.client("secretsmanager").put_secret_value(
        SecretId="enghub/test/upgrade/site/acme/EU", SecretString=json.dumps(secret)
    )
    return upgrade.started("2.16.5")


def test_people_hear_how_ready_the_site_is_once_before_it_is_stopped(upgrade: Upgrade, tmp_path: Path) -> None:
    execution_id = prepared(upgrade, tmp_path)
    for stage in (Stage.PRE_BUSINESS_CHECK, Stage.PRE_UPGRADE_PROCESS):
        upgrade.task("run_slice", executionId=execution_id, run=1, stage=stage.value)
    assert told("UpgradeReadyToStop") == []
    assert upgrade.work(execution_id) == "SUCCEEDED"
    (event,) = told("UpgradeReadyToStop")
    assert event["data"]["note"]["en"] == (
        "1 data checks passed, 1 with warnings; 1 tables backed up (2 rows); 1 configuration files prepared; "
        "0 of 0 services well"
    )
    assert "已备份 1 张表（2 行）" in event["data"]["note"]["zh"]
    assert event["data"]["step"] == "2.16.5/stop_service"
    asked = requested(Envelope.from_dict(event), [], None)
    kind = notice_types()[asked.notice_type]
    body = rendered(kind.texts, kind.given(asked.facts), Reads.BOTH).body
    assert "Note: 1 data checks passed" in body
    assert "说明: 数据检查通过 1 项" in body


def test_everybody_hears_of_the_stop_and_the_administrators_of_what_is_left_to_them() -> None:
    parts = [Notifications(on_success=("boss@x.com",), on_failure=("ada@x.com",))]
    assert [t.address for t in addresses("UpgradeReadyToStop", parts)] == ["boss@x.com", "ada@x.com"]
    assert [t.address for t in addresses("UpgradeNeedsAttention", parts)] == ["ada@x.com"]


def test_a_log_that_cannot_be_removed_is_told_to_the_administrators(
    upgrade: Upgrade, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    execution_id = prepared(upgrade, tmp_path, CLEAN)
    log = tmp_path / "site" / "logs" / "old.log"
    log.parent.mkdir()
    log.write_text("line")
    os.utime(log, (0, 0))

    whole = LocalFiles.delete

    def refuse(self: LocalFiles, path: str) -> None:
        if path.startswith("logs/"):
            raise FULL
        whole(self, path)

    monkeypatch.setattr(LocalFiles, "delete", refuse)
    assert upgrade.work(execution_id) == "SUCCEEDED", upgrade.status(execution_id)["summary"]
    (event,) = told("UpgradeNeedsAttention")
    assert event["data"]["note"]["en"] == "1 log files could not be removed, see to them by hand: logs/old.log"
    assert event["data"]["step"] == "2.16.5/clean"
