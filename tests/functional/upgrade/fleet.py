"""A fleet for tests: its operator's calls and the task of its state machine, in an account in memory."""

from typing import TYPE_CHECKING, Any

import pytest

from enghub.upgrade.rollouts.dynamo import DynamoRollouts
from tests.factories.upgrade import baseline, step

if TYPE_CHECKING:
    from tests.functional.upgrade.conftest import Upgrade

BASE = "/api/v1/upgrade/rollouts"
WORKS = step("enghub.SqlScripts", "s", sql_scripts=["s.sql"])
FAILS = "INSERT INTO missing VALUES (1)"


class KilledError(BaseException):
    """No handler catches it."""


class Fleet:
    """A fleet as its operator sees it, and the task of its state machine."""

    def __init__(self, hub: "Upgrade") -> None:
        self.hub = hub
        self.rollout_id = ""

    def sites(self, count: int, **changes: Any) -> list[str]:
        names = [f"S{n:02}" for n in range(1, count + 1)]
        for name in names:
            self.hub.database = self.hub.database.with_name(f"{name}.db")  # a site's database is its own
            self.hub.site(name, **changes)
        return names

    def sql(self, *statements: str) -> None:
        for row in self.seen["siteProgress"]:
            self.hub.database = self.hub.database.with_name(f"{row['siteId']}.db")
            self.hub.sql(*statements)

    def start(self, expect: int = 202, **changes: Any) -> Any:
        body = {"name": "to 2.16.5", "upgradeAfterVersion": "2.16.5", **changes}
        status, answer = self.hub.send("change_rollout", "POST", BASE, body)
        assert status == expect, answer
        if expect == 202:
            self.rollout_id = answer["data"]["rolloutId"]
        return answer

    def say(self, verb: str, expect: int = 202) -> Any:
        status, answer = self.hub.send("change_rollout", "POST", f"{BASE}/{self.rollout_id}/{verb}")
        assert status == expect, answer
        return answer

    @property
    def seen(self) -> dict[str, Any]:
        data: dict[str, Any] = self.hub.send("read_rollouts", "GET", f"{BASE}/{self.rollout_id}")[1]["data"]
        return data

    def advance(self, **changes: Any) -> str:
        task = {"rolloutId": self.rollout_id, "run": self.seen["run"], "events": 0, **changes}
        return str(self.hub.task("advance_rollout", **task)["outcome"])

    def statuses(self) -> dict[str, str]:
        return {row["siteId"]: row["status"] for row in self.seen["siteProgress"]}

    def work(self) -> int:
        """Let the executions run that are at work; return how many there were."""
        done = 0
        for row in self.seen["siteProgress"]:
            if row["status"] == "RUNNING":
                seen = self.hub.status(row["executionId"])
                if seen["status"] == "PENDING":
                    self.hub.work(row["executionId"], seen["run"])
                    done += 1
        return done

    def drive(self) -> None:
        """Do what the state machine and the upgrades' workflows do, until it rests."""
        for _ in range(30):
            if self.advance() == "rest":
                return
            self.work()
        pytest.fail(f"no end: {self.seen}")

    def dies_before_recording(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Advance with a worker that is killed where it would record what it started."""

        def dies(*_: object) -> None:
            raise KilledError

        with monkeypatch.context() as patched:
            patched.setattr(DynamoRollouts, "save_row", dies)
            with pytest.raises(KilledError):
                self.advance()


def broken(hub: "Upgrade") -> None:
    hub.upload(baseline(upgrade_steps={"startup_pre_process": [WORKS]}), {"s.sql": FAILS})
