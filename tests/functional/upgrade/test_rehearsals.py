"""Rehearsals through the handlers: accepted, worked on in slices, shown, and kept beside the plan (UPG-09)."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from enghub.core import secrets
from enghub.kit.runs import history
from enghub.kit.runs.sweep import Swept
from enghub.upgrade.rehearsal.dynamo import DynamoRehearsals
from enghub.upgrade.rehearsal.model import MOST_LOSSES
from enghub.upgrade.rehearsal.recovery import LOST, recover
from enghub.upgrade.rehearsal.runs import RehearsedExecutions
from tests.factories.handlers import sample_event
from tests.factories.http import Context
from tests.factories.upgrade import baseline, step
from tests.functional.upgrade.conftest import Upgrade

BASE = "/api/v1/upgrade/rehearsals"
WANTED = {"upgradeBeforeVersion": "2.16.4", "upgradeAfterVersion": "2.16.5", "siteId": "EU", "environment": "test"}
SCRIPTS = {
    "up.sql": "CREATE TABLE items_v2 (id INTEGER PRIMARY KEY, name TEXT);",
    "down.sql": "DROP TABLE items_v2;",
    "application.properties": "port = 8080",
}
MAIN = step("enghub.SqlScripts", "main", sql_scripts=["up.sql"], rollback_scripts=["down.sql"])
MIXED = step(
    "com.ft.upgrade.steps.StartupPreProcessStep",
    "mixed",
    backup={"tables": ["items"], "config_files": ["application.properties"]},
    config_files=["application.properties"],
)


class KilledError(BaseException):
    """No handler catches it."""


class Rehearsal:
    """A rehearsal as its operator sees it, and the task of its state machine."""

    def __init__(self, hub: Upgrade) -> None:
        self.hub = hub
        self.scratch = hub.database.with_name("scratch.db")
        self.rehearsal_id = ""

    def prepare(self, *steps: dict[str, Any], scratch: Path | None = None) -> None:
        self.hub.sql("CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT)", "INSERT INTO items VALUES (1, 'n')")
        self.hub.site()
        self.secret({"url": f"sqlite:///{scratch or self.scratch}"})
        self.upload(*steps or (MAIN,))

    def secret(self, scratch: Any) -> None:
        artifacts = {"folder": str(self.hub.database.parent / "artifacts")}
        secret = {"url": f"sqlite:///{self.hub.database}", "artifacts": artifacts}
        text = json.dumps({**secret, **({"scratch": scratch} if scratch else {})})
        boto3.client("secretsmanager").put_secret_value(SecretId="enghub/test/upgrade/site/acme/EU", SecretString=text)
        secrets.forget()

    def upload(self, *steps: dict[str, Any], **changes: Any) -> None:
        self.hub.upload(baseline(upgrade_steps={"startup_pre_process": list(steps)}, **changes), SCRIPTS)

    def start(self, expect: int = 202, **options: Any) -> Any:
        body = {**WANTED, **options.pop("body", {})}
        status, answer = self.hub.send("start_rehearsal", "POST", BASE, body, **options)
        assert status == expect, answer
        if expect == 202:
            self.rehearsal_id = answer["data"]["rehearsalId"]
        return answer

    def advance(self, **changes: Any) -> str:
        task = {"rehearsalId": self.rehearsal_id, "run": 1, "events": 0, **changes}
        return str(self.hub.task("advance_rehearsal", **task)["outcome"])

    @property
    def seen(self) -> dict[str, Any]:
        data: dict[str, Any] = self.hub.send("read_rehearsals", "GET", f"{BASE}/{self.rehearsal_id}")[1]["data"]
        return data

    def drive(self) -> dict[str, Any]:
        for _ in range(60):
            if self.advance() == "rest":
                return self.seen
        pytest.fail(f"no end: {self.seen}")

    def plan(self) -> dict[str, Any]:
        data: dict[str, Any] = self.hub.send("plan_upgrade", "POST", "/api/v1/upgrade/plan", WANTED)[1]["data"]
        return data


@pytest.fixture
def rehearsal(upgrade: Upgrade) -> Rehearsal:
    return Rehearsal(upgrade)


def test_its_times_are_shown_and_kept_beside_the_plan(rehearsal: Rehearsal) -> None:
    rehearsal.prepare()
    assert rehearsal.plan()["rehearsal"] is None
    begun = rehearsal.start(body={"rowLimit": 7})["data"]
    assert (begun["status"], begun["part"], begun["rowLimit"]) == ("RUNNING", "claim", 7)
    found = rehearsal.drive()
    assert (found["status"], found["error"], found["rows"], found["differences"]) == ("SUCCEEDED", None, 1, [])
    assert found["leftOut"] == ["2.16.5/stop_service", "2.16.5/start_service"]
    (main,) = found["steps"]
    assert (main["step"], main["restored"], main["noInverse"]) == ("2.16.5/main", True, None)
    assert None not in (main["upSeconds"], main["downSeconds"], main["againSeconds"])
    plan = rehearsal.plan()
    assert (plan["rehearsal"]["rehearsalId"], plan["rehearsal"]["succeeded"]) == (rehearsal.rehearsal_id, True)
    assert (plan["rehearsal"]["outdated"], plan["rehearsal"]["endedAt"]) == (False, found["endedAt"])
    shown = {one["step"]: (one["rehearsedUpSeconds"], one["rehearsedDownSeconds"]) for one in plan["steps"]}
    assert shown["2.16.5/main"] == (main["upSeconds"], main["downSeconds"])
    assert shown["2.16.5/stop_service"] == (None, None)
    rehearsal.upload(MAIN, description="changed")
    assert rehearsal.plan()["rehearsal"]["outdated"] is True


def test_while_it_runs_it_shows_what_is_done(rehearsal: Rehearsal) -> None:
    rehearsal.prepare()
    rehearsal.start()
    while rehearsal.seen["part"] != "down":
        assert rehearsal.advance() == "more"
    (main,) = rehearsal.seen["steps"]
    assert main["upSeconds"] is not None
    assert (main["downSeconds"], main["againSeconds"], main["restored"]) == (None, None, None)


def test_nobody_takes_it_for_an_upgrade(rehearsal: Rehearsal) -> None:
    hub = rehearsal.hub
    rehearsal.prepare()
    rehearsal.start()
    rehearsal.drive()
    for execution_id in (rehearsal.rehearsal_id, f"{rehearsal.rehearsal_id}-1", f"{rehearsal.rehearsal_id}-2"):
        assert hub.send("read_upgrades", "GET", f"/api/v1/upgrade/status/{execution_id}")[0] == 404
        assert hub.roll_back(execution_id)[0] == 404
    assert hub.send("read_upgrades", "GET", "/api/v1/upgrade/executions")[1]["data"]["items"] == []
    assert hub.sql("SELECT name FROM sqlite_master WHERE name LIKE 'items_v2' OR name LIKE 'enghub%'") == []
    assert hub.send("read_sites", "GET", "/api/v1/upgrade/sites/EU")[1]["data"]["version"] == "2.16.4"
    assert hub.work(hub.started("2.16.5")) == "SUCCEEDED", "the site is free"


@pytest.mark.parametrize(
    ("scratch", "why"),
    [
        (None, 'add "scratch": {"url": "..."} of an empty one to its secret enghub/test/upgrade/site/acme/EU'),
        ("own", "The scratch database is the site's own: name another one"),
        ({"url": "mysql://root@127.0.0.1/x"}, "The site's database secret is for mysql"),
    ],
)
def test_a_site_without_a_scratch_database_of_its_own_is_refused(rehearsal: Rehearsal, scratch: Any, why: str) -> None:
    rehearsal.prepare()
    own = {"url": f"sqlite:///{rehearsal.hub.database.parent}/./{rehearsal.hub.database.name}"}
    rehearsal.secret(own if scratch == "own" else scratch)
    answer = rehearsal.start(422)
    assert why in answer["message"]
    assert answer["details"]["field"] == "siteId"
    chinese = rehearsal.start(422, headers={"Accept-Language": "zh"})["message"]
    assert any("\u4e00" <= letter <= "\u9fff" for letter in chinese)


def test_an_upgrade_without_work_on_the_database_is_refused(rehearsal: Rehearsal) -> None:
    rehearsal.prepare(step("enghub.ConfigFiles", "files", config_files=["application.properties"]))
    assert "nothing to rehearse" in rehearsal.start(422)["message"]
    rehearsal.start(400, body={"rowLimit": 0})


def test_what_could_not_be_executed_is_not_rehearsed(rehearsal: Rehearsal) -> None:
    rehearsal.prepare()
    assert "which runs 2.16.4" in rehearsal.start(422, body={"upgradeBeforeVersion": "2.16.3"})["message"]
    assert rehearsal.start(404, body={"siteId": "NOWHERE"})


def test_a_rehearsal_that_never_began_leaves_the_last_one_beside_the_plan(rehearsal: Rehearsal) -> None:
    rehearsal.prepare()
    rehearsal.start()
    whole = rehearsal.drive()["rehearsalId"]
    rehearsal.start()
    rehearsal.hub.sql("CREATE TABLE enghub_rehearsal (id INTEGER)")
    found = rehearsal.drive()
    assert (found["status"], found["part"]) == ("FAILED", "claim")
    assert "is the site's own" in found["error"], "a database with the mark of a rehearsal is nobody's site"
    assert rehearsal.plan()["rehearsal"]["rehearsalId"] == whole


def test_of_a_step_of_many_parts_those_on_the_database_are_rehearsed(rehearsal: Rehearsal) -> None:
    rehearsal.prepare(MIXED)
    rehearsal.start()
    found = rehearsal.drive()
    assert (found["status"], found["error"]) == ("SUCCEEDED", None)
    assert {"2.16.5/mixed: config_files", "2.16.5/mixed: backup.config_files"} < set(found["leftOut"])
    stored = (path for path in rehearsal.hub.database.parent.glob("artifacts/**/*") if path.is_file())
    assert list(stored) == [], "its backups are gone, and the site's own were not touched"
    assert [one["step"] for one in found["steps"]] == ["2.16.5/mixed"]


def test_the_same_key_starts_one(rehearsal: Rehearsal) -> None:
    rehearsal.prepare()
    headers = {"Idempotency-Key": "ci-1"}
    first = rehearsal.start(headers=headers)["data"]
    assert rehearsal.start(headers=headers)["data"] == first
    rehearsal.start(409, body={"rowLimit": 5}, headers=headers)


@pytest.mark.parametrize("stored", [False, True], ids=["before it is stored", "after it is stored"])
def test_workers_that_die_again_and_again_lose_nothing(
    rehearsal: Rehearsal, monkeypatch: pytest.MonkeyPatch, stored: bool
) -> None:
    rehearsal.prepare()
    rehearsal.start()
    calls = 0

    def dying(kind: type) -> None:
        save = kind.save  # type: ignore[attr-defined]

        def dies(self: Any, change: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls not in {n * (n + 1) // 2 for n in range(calls + 1)}:  # ever rarer, so that it comes to an end
                return save(self, change)
            if stored:
                save(self, change)
            raise KilledError

        monkeypatch.setattr(kind, "save", dies)

    dying(DynamoRehearsals)
    dying(RehearsedExecutions)
    deaths = 0
    while rehearsal.seen["status"] == "RUNNING":
        try:
            rehearsal.advance()
        except KilledError:
            deaths += 1
        assert deaths < 60, rehearsal.seen
    assert deaths > 4
    found = rehearsal.seen
    assert (found["status"], found["error"], found["differences"]) == ("SUCCEEDED", None, [])
    assert found["steps"][0]["againSeconds"] is not None


def test_a_workflow_that_broke_ends_it_with_the_reason(rehearsal: Rehearsal) -> None:
    rehearsal.prepare()
    rehearsal.start()
    rehearsal.advance()
    assert rehearsal.advance(fault="States.Timeout: 930 s") == "rest"
    found = rehearsal.seen
    assert (found["status"], found["error"]) == ("FAILED", "The workflow broke: States.Timeout: 930 s")
    assert rehearsal.advance() == "superseded"
    assert rehearsal.plan()["rehearsal"] is None, "it tells no times"


def test_a_long_one_goes_on_in_a_fresh_history(rehearsal: Rehearsal) -> None:
    rehearsal.prepare()
    rehearsal.start()
    assert rehearsal.advance(events=history.FULL) == "superseded"
    assert rehearsal.advance() == "superseded", "the old workflow does nothing any more"
    assert rehearsal.advance(run=2) == "more"


def test_a_lost_workflow_is_replaced_and_the_rehearsal_goes_on_to_its_end(rehearsal: Rehearsal) -> None:
    rehearsal.prepare()
    rehearsal.start()
    rehearsal.advance()
    now = datetime.now(UTC)
    assert recover(DynamoRehearsals(), now + timedelta(minutes=19)) == Swept()
    assert recover(DynamoRehearsals(), now + timedelta(minutes=21)) == Swept(taken_up=1)
    assert rehearsal.advance() == "superseded", "the lost workflow comes back: it does nothing"
    for _ in range(60):
        if rehearsal.advance(run=2) == "rest":
            break
    assert rehearsal.seen["status"] == "SUCCEEDED"
    assert recover(DynamoRehearsals(), now + timedelta(days=1)) == Swept()
    handled = rehearsal.hub.handler("sweep_rehearsals")(sample_event("upgrade", "sweep_rehearsals"), Context())
    assert handled == {"taken_up": 0, "given_up": 0, "failed": 0}


def test_a_rehearsal_that_loses_every_workflow_ends_with_the_reason(rehearsal: Rehearsal) -> None:
    rehearsal.prepare()
    rehearsal.start()
    now = datetime.now(UTC)
    found = [recover(DynamoRehearsals(), now + timedelta(hours=1)) for _ in range(MOST_LOSSES + 1)]
    assert found == [*[Swept(taken_up=1)] * MOST_LOSSES, Swept(given_up=1)]
    seen = rehearsal.seen
    assert (seen["status"], seen["error"]) == ("FAILED", LOST.en)


def test_the_samples_start_read_and_launch(rehearsal: Rehearsal, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = rehearsal.hub
    rehearsal.prepare()
    begun = hub.handler("start_rehearsal")(sample_event("upgrade", "start_rehearsal"), Context())
    assert begun["statusCode"] == 202, begun
    sampled = sample_event("upgrade", "advance_rehearsal")["rehearsalId"]
    rehearsal_id = json.loads(begun["body"])["data"]["rehearsalId"]

    def own(name: str) -> Any:
        return json.loads(json.dumps(sample_event("upgrade", name)).replace(sampled, rehearsal_id))

    assert hub.handler("advance_rehearsal")(own("advance_rehearsal"), Context())["outcome"] == "more"
    assert hub.handler("read_rehearsals")(own("read_rehearsals"), Context())["statusCode"] == 200
    machine = boto3.client("stepfunctions").create_state_machine(
        name="rehearse",
        definition='{"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}',
        roleArn="arn:aws:iam::123456789012:role/x",
    )["stateMachineArn"]
    monkeypatch.setenv("STATE_MACHINE_ARN_REHEARSE_UPGRADE", machine)
    for _ in range(2):
        taken = hub.handler("launch_rehearsal")(own("launch_rehearsal"), Context())
        assert taken == {"batchItemFailures": []}
    assert len(boto3.client("stepfunctions").list_executions(stateMachineArn=machine)["executions"]) == 1
