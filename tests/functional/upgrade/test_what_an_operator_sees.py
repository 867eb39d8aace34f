"""Whatever goes wrong, `GET status` alone says what happened, where, what is done, what to type (issue 3, line 6)."""

import errno
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

import boto3
import pytest
import sqlalchemy as sa
from botocore.exceptions import ClientError

from enghub.core import aws
from enghub.kit.databases import session
from enghub.kit.databases.session import Address
from enghub.kit.sql.dialect import Dialect
from enghub.upgrade import wiring
from enghub.upgrade.phases import Stage
from tests import databases
from tests.factories.upgrade import baseline, step
from tests.functional.upgrade.conftest import Upgrade
from tests.functional.upgrade.test_rollback import FAILS, MAIN, SCRIPTS, prepared, tables

SECRET = "enghub/test/upgrade/site/acme/EU"
SERVERS = (Dialect.MARIADB, Dialect.POSTGRESQL)
CHANGE = step("enghub.SqlScripts", "change", sql_scripts=["new.sql"], rollback_scripts=["gone.sql"])
NEW = {"new.sql": "CREATE TABLE items_v2 (id INTEGER PRIMARY KEY);", "gone.sql": "DROP TABLE items_v2;"}


def chinese(upgrade: Upgrade, execution_id: str) -> str:
    path = f"/api/v1/upgrade/status/{execution_id}"
    answer = upgrade.send("read_upgrades", "GET", path, headers={"accept-language": "zh"})[1]
    said: str = answer["data"]["summary"]
    return said


def commands(upgrade: Upgrade, execution_id: str) -> tuple[list[str], list[str]]:
    """The commands that the two languages tell to type: they must be the same."""

    def typed(text: str) -> list[str]:
        ends = (". ", "。", "；")
        found = text.split("enghub upgrade ")[1:]
        for end in ends:
            found = [part.split(end)[0] for part in found]
        return [part.strip() for part in found]

    return typed(upgrade.status(execution_id)["summary"]), typed(chinese(upgrade, execution_id))


def secret(value: Any) -> None:
    boto3.client("secretsmanager").put_secret_value(SecretId=SECRET, SecretString=json.dumps(value))


def test_aborted(upgrade: Upgrade) -> None:
    prepared(
        upgrade,
        MAIN,
        {**MAIN, "id": "second", "requires_confirmation": True, "sql_scripts": ["last.sql"]},
        scripts={"last.sql": "SELECT 1;"},
    )
    execution_id = upgrade.started("2.16.5")
    assert upgrade.work(execution_id) == "confirm"
    assert upgrade.send("control_upgrade", "POST", f"/api/v1/upgrade/abort/{execution_id}")[0] == 202
    assert upgrade.work(execution_id) == "ABORTED"
    go_on, back = f"resume {execution_id} --follow", f"rollback {execution_id} --follow"
    assert upgrade.status(execution_id)["summary"] == (
        "An operator stopped it at 2.16.5/second; 2 of 4 steps are done. "
        f"Go on: enghub upgrade {go_on}. Or go back: enghub upgrade {back}"
    )
    assert chinese(upgrade, execution_id) == (
        f"操作员在 2.16.5/second 中止；已完成 2/4 个步骤。继续：enghub upgrade {go_on}。或回滚：enghub upgrade {back}"
    )
    assert upgrade.resume(execution_id)[0] == 202
    assert upgrade.work(execution_id, run=2) == "confirm"
    assert upgrade.status(execution_id)["summary"].endswith(f"Next: enghub upgrade confirm {execution_id} --follow")
    assert upgrade.send("control_upgrade", "POST", f"/api/v1/upgrade/confirm/{execution_id}", {})[0] == 202
    assert upgrade.work(execution_id, run=2) == "SUCCEEDED"


def test_rolled_back(upgrade: Upgrade) -> None:
    prepared(upgrade, MAIN, FAILS)
    execution_id = upgrade.started("2.16.5", onFailure="rollback")
    upgrade.work(execution_id)
    assert upgrade.status(execution_id)["summary"] == "Rolls back, at -; 0 of 4 rollback steps are done"
    upgrade.work_back(execution_id)
    again = "execute --from 2.16.4 --to 2.16.5 --site EU --environment test --follow"
    summary = upgrade.status(execution_id)["summary"]
    assert summary.startswith("The upgrade stopped at 2.16.5/fails and is rolled back: the site runs 2.16.4 as before;")
    assert "Cause: " in summary
    assert "no such table: missing" in summary
    assert commands(upgrade, execution_id) == ([again], [again])
    assert chinese(upgrade, execution_id).startswith("升级在 2.16.5/fails 停止并已回滚：局点恢复运行 2.16.4；")
    upgrade.upload(baseline(upgrade_steps={"startup_pre_process": [MAIN]}), SCRIPTS)
    assert upgrade.work(upgrade.started("2.16.5")) == "SUCCEEDED"


def test_rollback_failed(upgrade: Upgrade) -> None:
    prepared(upgrade, MAIN, FAILS)
    execution_id = upgrade.started("2.16.5", onFailure="rollback")
    upgrade.work(execution_id)
    upgrade.sql("DROP TABLE items_v2")
    assert upgrade.work_back(execution_id) == "ROLLBACK_FAILED"
    summary = upgrade.status(execution_id)["summary"]
    assert summary.startswith("The rollback stopped at 2.16.5/main; 2 of 4 rollback steps are done; the site stays loc")
    assert "no such table: items_v2" in summary
    skip = f"resume {execution_id} --decision skip --follow"
    assert commands(upgrade, execution_id) == ([f"resume {execution_id} --follow", skip],) * 2
    assert upgrade.resume(execution_id, decision="skip")[0] == 202
    assert upgrade.work_back(execution_id, run=3) == "ROLLED_BACK"


def test_manifest_changed_during_a_run(upgrade: Upgrade) -> None:
    """The run keeps what it was accepted with; what is new is run by whoever starts next."""
    prepared(upgrade, MAIN, FAILS)
    execution_id = upgrade.started("2.16.5")
    assert upgrade.work(execution_id) == "FAILED"
    upgrade.upload(baseline(upgrade_steps={"startup_pre_process": [MAIN]}), {**SCRIPTS, "up.sql": "SELECT broken"})
    assert upgrade.resume(execution_id)[0] == 202
    assert upgrade.work(execution_id, run=2) == "FAILED", "still the step of the pinned revision"
    assert "2.16.5/fails" in upgrade.status(execution_id)["summary"]
    upgrade.sql("CREATE TABLE missing (n INTEGER)")
    upgrade.resume(execution_id)
    assert upgrade.work(execution_id, run=3) == "SUCCEEDED"
    assert upgrade.status(execution_id)["summary"] == "The site runs 2.16.5; 4 of 4 steps are done"
    assert "items_v2" in tables(upgrade)


class Way:
    """The way to a server, which can be cut: connections that stand are broken, new ones refused."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._sockets: list[socket.socket] = []
        self._listener: socket.socket | None = None
        self.port = 0
        self.mend()

    def mend(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def cut(self) -> None:
        for found in [*self._sockets, *([self._listener] if self._listener else [])]:
            with suppress(OSError):
                found.shutdown(socket.SHUT_RDWR)
            found.close()
        self._sockets.clear()
        self._listener = None

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            far = socket.create_connection(self._target)
            self._sockets += [near, far]
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=_carry, args=(one, other), daemon=True).start()


def _carry(one: socket.socket, other: socket.socket) -> None:
    try:
        while data := one.recv(65536):
            other.sendall(data)
    except OSError:
        pass
    finally:
        for end in (one, other):
            end.close()


@pytest.fixture(params=SERVERS, ids=str)
def server(request: pytest.FixtureRequest, tmp_path: Path, upgrade: Upgrade) -> Iterator[Address]:
    """A database of a real server, and the site EU on it."""
    with databases.database(request.param, tmp_path) as address:
        upgrade.upload(baseline(upgrade_steps={"startup_pre_process": [CHANGE]}), NEW)
        upgrade.site(dialect=address.dialect.value)
        yield address


def url(address: Address, **changes: Any) -> dict[str, str]:
    return {"url": address.url.set(**changes).render_as_string(hide_password=False)}


@pytest.fixture
def way(server: Address, monkeypatch: pytest.MonkeyPatch) -> Iterator[Way]:
    made = Way(str(server.url.host), int(server.url.port or 0))
    monkeypatch.setattr(session, "CONNECT_TRIES", 1)  # the pauses between tries are not what is tested
    secret(url(server, port=made.port))
    yield made
    made.cut()


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Move the engine's clock."""
    moved = [timedelta()]
    real = wiring.engine
    monkeypatch.setattr(wiring, "engine", lambda: replace(real(), clock=lambda: datetime.now(UTC) + moved[0]))

    def move(by: timedelta) -> None:
        moved[0] += by

    return move


def slice_of(upgrade: Upgrade, execution_id: str, run: int = 1) -> dict[str, Any]:
    return upgrade.task("run_slice", executionId=execution_id, run=run, stage=Stage.STARTUP_PRE_PROCESS.value)


def test_database_away_for_a_minute(upgrade: Upgrade, way: Way, later: Callable[[timedelta], None]) -> None:
    execution_id = upgrade.started("2.16.5")
    for stage in (Stage.PRE_BUSINESS_CHECK, Stage.PRE_UPGRADE_PROCESS, Stage.STOP_SERVICE):
        upgrade.task("run_slice", executionId=execution_id, run=1, stage=stage.value)
    way.cut()
    for _ in range(6):
        answer = slice_of(upgrade, execution_id)
        assert (answer["outcome"], answer["waitSeconds"]) == ("more", 10), "the workflow waits and comes back"
        later(timedelta(seconds=10))
    seen = upgrade.status(execution_id)
    assert seen["status"] == "RUNNING"
    assert seen["summary"].startswith(
        "Runs 2.16.5/change; 1 of 3 steps are done. The site's database does not answer since "
    )
    assert "; it is tried again until " in seen["summary"]
    assert "局点数据库自 " in chinese(upgrade, execution_id)
    assert {s["step"]: s["attempts"] for s in seen["steps"]}["2.16.5/change"] == 1, "an absence is no failed try"
    way.mend()
    assert slice_of(upgrade, execution_id)["outcome"] == "done"
    assert upgrade.status(execution_id)["summary"] == "Runs 2.16.5/change; 2 of 3 steps are done"
    assert upgrade.work(execution_id) == "SUCCEEDED"


def test_database_away_for_good(upgrade: Upgrade, way: Way, later: Callable[[timedelta], None]) -> None:
    execution_id = upgrade.started("2.16.5")
    way.cut()
    upgrade.task("run_slice", executionId=execution_id, run=1, stage=Stage.STOP_SERVICE.value)
    assert slice_of(upgrade, execution_id)["outcome"] == "more"
    later(timedelta(minutes=10))
    assert upgrade.work(execution_id) == "FAILED"
    summary = upgrade.status(execution_id)["summary"]
    assert summary.startswith("Stopped at 2.16.5/change; 1 of 3 steps are done. Cause: The site's database does not an")
    assert "bring it back, then resume. Correct it, then: " in summary
    assert "请恢复数据库后继续" in chinese(upgrade, execution_id)
    ways = ("resume {id} --follow", "resume {id} --revision active --follow", "rollback {id} --follow")
    wanted = [way.format(id=execution_id) for way in ways]
    assert commands(upgrade, execution_id) == (wanted, wanted)
    way.mend()
    assert upgrade.resume(execution_id)[0] == 202
    assert upgrade.work(execution_id, run=2) == "SUCCEEDED"


@pytest.fixture(params=SERVERS, ids=str)
def engineer(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Address]:
    """A database and an account of its own, on a server that checks passwords."""
    user, password = "engineer_of_eu", "s3cret-and-right"
    if request.param is Dialect.POSTGRESQL:
        server = databases.postgres_with_passwords(password)
        yield Address(request.param, server)
        return
    with databases.database(request.param, tmp_path) as address:
        administrator = sa.create_engine(address.url, poolclass=sa.NullPool)
        with administrator.begin() as connection:
            connection.exec_driver_sql(f"CREATE OR REPLACE USER {user} IDENTIFIED BY '{password}'")
            connection.exec_driver_sql(f"GRANT ALL ON {address.url.database}.* TO {user}")
        yield Address(request.param, address.url.set(username=user, password=password))
        with administrator.begin() as connection:
            connection.exec_driver_sql(f"DROP USER {user}")


def test_wrong_credentials(upgrade: Upgrade, engineer: Address, capsys: pytest.CaptureFixture[str]) -> None:
    """The account is asked once per run, so that it is not locked; nothing tells who we tried to be."""
    upgrade.upload(baseline(upgrade_steps={"startup_pre_process": [CHANGE]}), NEW)
    upgrade.site(dialect=engineer.dialect.value)
    secret(url(engineer, password="s3cret-but-wrong"))
    execution_id = upgrade.started("2.16.5")
    assert upgrade.work(execution_id) == "FAILED"
    cause = "The database refuses the user or password of the site's secret: correct the secret, then resume"
    assert upgrade.status(execution_id)["summary"] == (
        f"Stopped at 2.16.5/change; 1 of 3 steps are done. Cause: {cause}. Correct it, then: "
        f"enghub upgrade resume {execution_id} --follow. If the manifest or a script was wrong, push the corrected "
        f"one, then: enghub upgrade resume {execution_id} --revision active --follow. "
        f"Or go back: enghub upgrade rollback {execution_id} --follow"
    )
    assert "请更正密钥后继续" in chinese(upgrade, execution_id)
    log = upgrade.send("read_upgrades", "GET", f"/api/v1/upgrade/log/{execution_id}")[1]
    told = json.dumps([upgrade.status(execution_id), log, upgrade.report(execution_id)]) + "".join(capsys.readouterr())
    assert "upgrade.failed" in told, "the function's own log is looked at as well"
    assert str(engineer.url.username) not in told
    assert "s3cret" not in told
    secret(url(engineer))
    assert upgrade.resume(execution_id)[0] == 202
    assert upgrade.work(execution_id, run=2) == "SUCCEEDED", upgrade.status(execution_id)["summary"]


def test_a_database_that_does_not_exist(upgrade: Upgrade, server: Address) -> None:
    secret(url(server, database="enghub_of_nobody"))
    execution_id = upgrade.started("2.16.5")
    assert upgrade.work(execution_id) == "FAILED"
    cause = "The server has no database of the name in the site's secret: correct the secret, then resume"
    assert f"Cause: {cause}. " in upgrade.status(execution_id)["summary"]
    secret(url(server))
    assert upgrade.resume(execution_id)[0] == 202
    assert upgrade.work(execution_id, run=2) == "SUCCEEDED", upgrade.status(execution_id)["summary"]


BACKUP = step("enghub.Backup", "backup", backup={"tables": ["items"]})


def _disk_is_full(*_: Any) -> NoReturn:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_disk_full_on_backup(upgrade: Upgrade, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepared(upgrade, BACKUP, MAIN)
    folder = tmp_path / "artifacts"
    folder.mkdir()
    secret({"url": f"sqlite:///{upgrade.database}", "artifacts": {"folder": str(folder)}})
    execution_id = upgrade.started("2.16.5")
    with monkeypatch.context() as disk:
        disk.setattr("enghub.kit.files.folder.os.fsync", _disk_is_full)
        assert upgrade.work(execution_id) == "FAILED"
    summary = upgrade.status(execution_id)["summary"]
    assert summary.startswith(
        "Stopped at 2.16.5/backup; 1 of 4 steps are done. Cause: The backup was given up after 1 tri"
    )
    assert "The artifact store is full (" in summary
    assert "make room, then resume. Nothing half-written was kept of " in summary
    assert "请释放空间后继续" in chinese(upgrade, execution_id)
    assert [place for place in folder.rglob("*") if place.is_file()] == []
    assert upgrade.resume(execution_id)[0] == 202
    assert upgrade.work(execution_id, run=2) == "SUCCEEDED"
    assert list(folder.rglob("manifest.json"))


def test_bucket_full_on_backup(upgrade: Upgrade, monkeypatch: pytest.MonkeyPatch) -> None:
    prepared(upgrade, BACKUP, MAIN)
    boto3.client("s3").create_bucket(Bucket="backups", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    secret({"url": f"sqlite:///{upgrade.database}", "artifacts": {"bucket": "backups"}})

    def over_quota(**_: Any) -> NoReturn:
        raise ClientError({"Error": {"Code": "QuotaExceeded", "Message": ""}}, "PutObject")

    execution_id = upgrade.started("2.16.5")
    with monkeypatch.context() as bucket:
        bucket.setattr(aws.client("s3"), "put_object", over_quota)
        assert upgrade.work(execution_id) == "FAILED"
    summary = upgrade.status(execution_id)["summary"]
    assert "The artifact store is full (QuotaExceeded): make room or raise its quota, then resume." in summary
    assert upgrade.resume(execution_id)[0] == 202
    assert upgrade.work(execution_id, run=2) == "SUCCEEDED"
