"""``enghub settings``: a folder of configuration, planned, applied, compared (CFG-32); backups by command (CFG-21)."""

import json
from pathlib import Path
from typing import Any

import boto3
import pytest

from enghub_cli.commands import settings
from enghub_cli.errors import Stop
from enghub_cli.hub import Api
from tests.factories.folders import ADMIN, serve
from tests.factories.settings import answer, sent_to

HUB = Api("https://hub.example", "token", "/api/v1")


@pytest.fixture(autouse=True)
def table(account: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hub in this process, behind the very client of the command."""
    account("settings")
    boto3.client("s3", "us-east-1").create_bucket(Bucket="enghub-test-files")
    monkeypatch.setenv("BUCKET_NAME", "enghub-test-files")
    serve(monkeypatch, lambda: ADMIN)


def data(*args: Any, **kwargs: Any) -> Any:
    found = answer(*args, caller=ADMIN, **kwargs)
    assert found["statusCode"] < 300, found["body"]
    return json.loads(found["body"])["data"]


def text(config_key: str, value: str, **fields: Any) -> dict[str, Any]:
    return {"configKey": config_key, "configValue": value, **fields}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "tenant").mkdir()
    (tmp_path / "tenant" / "a.yaml").write_text("host: plm.example\nflag: NO\n")
    (tmp_path / "tenant" / "b.csv").write_text("configKey,configValue,category\nurl,https://${host}/,net\n")
    (tmp_path / "global.json").write_text('{"configs": [{"configKey": "theme", "configValue": "grey"}]}')
    return tmp_path


def planned(folder: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    capsys.readouterr()
    settings.plan(HUB, folder, as_json=True)
    return {one["layer"]: one for one in json.loads(capsys.readouterr().out)}


def test_a_folder_is_planned_applied_and_then_as_the_hub(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data("POST", body=text("host", "old", description="stays"))
    data("POST", body=text("own", "1"))
    found = planned(folder, capsys)
    outcomes = {one["name"]: one["outcome"] for one in found["tenant"]["items"]}
    assert outcomes == {"host": "UPDATED", "flag": "CREATED", "url": "CREATED"}
    assert ([one["name"] for one in found["tenant"]["onlyInHub"]], found["global"]["created"]) == (["own"], 1)
    assert found["global"]["hits"] == {"config theme": "1 of 1"}
    assert data("GET", "/host")["configValue"] == "old"
    settings.apply(HUB, folder, reason="release 4")
    assert [data("GET", f"/{key}")["configValue"] for key in ("host", "flag", "url", "theme")] == [
        *("plm.example", "NO", "https://${host}/", "grey"),
    ]
    assert data("GET", "/host")["description"] == "stays"
    assert data("GET", "/url/history")["items"][0]["changeReason"] == "release 4"
    again = planned(folder, capsys)
    assert {one["outcome"] for layer in again.values() for one in layer["items"]} == {"UNCHANGED"}


def test_drift_is_shown_with_an_exit_code(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings.apply(HUB, folder)
    settings.drift(HUB, folder)
    data("PATCH", "/host", {"configValue": "by hand"})
    with pytest.raises(Stop) as stopped:
        settings.drift(HUB, folder)
    assert stopped.value.exit_code == 3
    assert "host" in capsys.readouterr().out


def test_an_export_is_a_folder_that_changes_nothing(folder: Path, tmp_path: Path) -> None:
    settings.apply(HUB, folder)
    settings.export(HUB, tmp_path / "out")
    settings.drift(HUB, tmp_path / "out")
    first = (tmp_path / "out" / "tenant.yaml").read_bytes()
    data("PATCH", "/host", {"configValue": "x"})
    settings.apply(HUB, tmp_path / "out")
    settings.export(HUB, tmp_path / "out")
    assert (tmp_path / "out" / "tenant.yaml").read_bytes() == first


def test_a_plan_says_that_people_have_to_agree_and_apply_asks_them(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rule = {"stages": [{"name": "security", "roles": ["TESTER"]}], "names": ["host"]}
    sent_to("decide_change", "PUT", "/api/v1/settings/approval-rules/security", rule, caller=ADMIN)
    assert planned(folder, capsys)["tenant"]["needsApproval"]
    settings.apply(HUB, folder)
    assert "waits for approval" in capsys.readouterr().out
    assert answer("GET", "/host", caller=ADMIN)["statusCode"] == 404


def test_what_is_wrong_is_said_with_its_place(folder: Path) -> None:
    (folder / "tenant" / "b.csv").write_text("configKey,configValue,configType\nport,ten,NUMBER\n")
    with pytest.raises(Stop, match="port") as stopped:
        settings.apply(HUB, folder)
    assert stopped.value.exit_code == 2
    (folder / "tenant" / "b.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Stop):
        settings.plan(HUB, folder)
    with pytest.raises(Stop, match="holds no configuration"):
        settings.plan(HUB, folder / "tenant")


def test_a_backup_is_taken_verified_and_restored_by_command(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings.apply(HUB, folder)
    capsys.readouterr()
    settings.backup(HUB)
    backup_id = capsys.readouterr().out.partition(":")[0]
    settings.verify(HUB, backup_id)
    data("DELETE", "/url")
    with pytest.raises(Stop, match="1 missing") as stopped:
        settings.verify(HUB, backup_id)
    assert stopped.value.exit_code == 3
    settings.restore(HUB, backup_id, reason="by mistake")
    settings.verify(HUB, backup_id)
    assert data("GET", "/url")["configValue"] == "https://${host}/"
