"""Kill the worker of a rollback at every kind of point, resume: the database is as before (UPG-08, UPG-09)."""

import hashlib
import json
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from enghub.kit.databases.session import Address
from enghub.kit.sql.dialect import Dialect
from enghub.kit.work.slices import Budget
from enghub.upgrade.executions.engine import Engine
from enghub.upgrade.executions.repository import ExecutionCommit
from enghub.upgrade.executions.step import ROLLBACK, Problem
from enghub.upgrade.executions.workflow import rollback_commit
from enghub.upgrade.phases import Stage
from tests import databases
from tests.factories import upgrade as factory
from tests.fakes.upgrade_store import FileExecutions
from tests.functional.upgrade import scenario

TEXTS = {
    "up.sql": "CREATE TABLE orders_v2 (id BIGINT PRIMARY KEY); ALTER TABLE orders ADD COLUMN note VARCHAR(20);"
    "UPDATE counter SET n = n + 100; INSERT INTO orders_v2 SELECT id FROM orders;",
    "down.sql": "UPDATE counter SET n = n - 100; DROP TABLE orders_v2; ALTER TABLE orders DROP COLUMN note;",
    "fails.sql": "INSERT INTO nowhere VALUES (1);",
}
SCRIPT = {"sql_scripts": ["up.sql"], "rollback_scripts": ["down.sql"]}
STEPS = {
    Stage.STOP_SERVICE: [factory.step("enghub.StopService", "stop_service")],
    Stage.STARTUP_PRE_PROCESS: [
        factory.step("enghub.Backup", "copy", backup={"tables": ["orders"]}),
        factory.step("enghub.SqlScripts", "script", **SCRIPT),
        factory.step("enghub.RowMigration", "rows", migrations=[scenario.DOUBLE]),
        factory.step("enghub.SqlScripts", "fails", sql_scripts=["fails.sql"], rollback_scripts=["down.sql"]),
    ],
}


def failed(folder: Path, address: Address) -> dict[str, str]:
    """Upgrade until the last step fails, begin the rollback; return what the business had before."""
    scenario.prepare(address)
    before = business(address)
    hashes = {path: hashlib.sha256(text.encode()).hexdigest() for path, text in TEXTS.items()}
    (folder / "scripts.json").write_text(json.dumps({hashes[path]: text for path, text in TEXTS.items()}))
    store = FileExecutions(folder / "executions.db")
    records = factory.records(STEPS, hashes)
    lock = store.lock(factory.TENANT, factory.SITE).take(factory.EXECUTION, timedelta(minutes=5), factory.NOW)
    store.create(records, ExecutionCommit(factory.ORIGIN, factory.execution(len(records)), lock=lock))
    assert scenario.run(folder, address, lambda _: None) == "failed"
    assert business(address) != before
    kept = store.kept(factory.TENANT, factory.EXECUTION)
    stopped = replace(kept, value=kept.value.fail(Problem("why", "原因"), None, factory.NOW))
    store.save(rollback_commit(store, stopped, store.lock(factory.TENANT, factory.SITE), factory.ORIGIN))
    return before


def business(address: Address) -> dict[str, str]:
    """Columns and rows of every table that is the business's own."""
    engine = sa.create_engine(address.url, poolclass=sa.NullPool)
    found = {}
    with engine.connect() as connection:
        inspector = sa.inspect(connection)
        for name in inspector.get_table_names():
            if not name.startswith("enghub_"):
                columns = [(column["name"], str(column["type"])) for column in inspector.get_columns(name)]
                rows = sorted(map(repr, connection.execute(sa.text(f"SELECT * FROM {name}"))))
                found[name] = repr((columns, rows))
    engine.dispose()
    return found


def go_back(folder: Path, address: Address, point: Callable[[str], None]) -> str:
    """Work through the rollback in slices as small as they can be."""
    store = FileExecutions(folder / "executions.db")
    texts = json.loads((folder / "scripts.json").read_text())
    engine = Engine(store, lambda _, __: scenario.Site(address, folder), lambda _, digest: texts[digest], point=point)
    for _ in range(200):
        answer = engine.run_slice(factory.TENANT, factory.EXECUTION, 2, ROLLBACK, Budget.of(0, 60))
        if answer.outcome != "more":
            return answer.outcome
    return "no end"


def killed(folder: Path, address: Address, kill_at: str) -> bool:
    child = os.fork()
    if child == 0:  # the process either dies or leaves at once
        try:
            go_back(folder, address, scenario.counted(kill_at)[0])
        finally:
            os._exit(0)
    return os.waitpid(child, 0)[1] == signal.SIGKILL


def test_a_rollback_killed_at_every_kind_of_point_ends_as_before(dialect: Dialect, tmp_path: Path) -> None:
    """One rollback, a chain of workers: each takes up what the last one left."""
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    whole.mkdir()
    cut.mkdir()
    with databases.database(dialect, whole) as address:
        before = failed(whole, address)
        point, passed = scenario.counted(None)
        assert go_back(whole, address, point) == "done"
        assert business(address) == before
    with databases.database(dialect, cut) as address:
        assert failed(cut, address) == before
        deaths = [kind for kind in dict.fromkeys(passed) if killed(cut, address, kind)]
        assert go_back(cut, address, lambda _: None) == "done"
        assert business(address) == before, deaths
    assert len(deaths) >= len(set(passed)) // 2, deaths
