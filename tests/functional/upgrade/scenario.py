"""One upgrade with every kind of step, for each dialect; and the process that runs it and may be killed.

Run as a script it is a worker: it works until the execution ends, or kills itself (SIGKILL) at the n-th point.
"""

import hashlib
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from enghub.kit.databases.session import Address, DatabaseSessions
from enghub.kit.files.folder import LocalFiles
from enghub.kit.sql.dialect import Dialect
from enghub.kit.work.slices import Budget
from enghub.upgrade.executions.engine import Engine
from enghub.upgrade.executions.repository import ExecutionCommit
from enghub.upgrade.gateways.databases.journal import OWN_TABLES
from enghub.upgrade.gateways.databases.kinds import databases_of
from enghub.upgrade.phases import STAGES, Stage
from enghub.upgrade.stepping.hooks import Hooks
from enghub.upgrade.stepping.ports import Ports
from tests.factories import upgrade as factory
from tests.fakes.upgrade_store import FileExecutions

ROWS = 120
BATCH = 29
SCRIPTS = {
    "v/001_structure.sql": {
        Dialect.MARIADB: """
            -- the new table, and a procedure whose body holds semicolons
            CREATE TABLE orders_v2 (id BIGINT PRIMARY KEY, state VARCHAR(10) NOT NULL, cents BIGINT NOT NULL)
              ENGINE=InnoDB;
            ALTER TABLE orders ADD COLUMN note VARCHAR(20) NULL, ADD INDEX i_status (status);
            SET @wanted = 'kept';
            UPDATE orders SET note = @wanted WHERE id % 2 = 0;
            DELIMITER //
            CREATE PROCEDURE total() BEGIN DECLARE s BIGINT; SELECT COUNT(*) INTO s FROM orders; SELECT s; END//
            DELIMITER ;
            CREATE OR REPLACE VIEW open_orders AS SELECT id FROM orders WHERE status = 0;
            INSERT INTO audit_log (text) VALUES ('structure; ready'), ('100% sure');
            ALTER TABLE orders MODIFY COLUMN note VARCHAR(40) NULL;
            RENAME TABLE old_name TO new_name;
        """,
        Dialect.POSTGRESQL: """
            BEGIN;
            CREATE TABLE orders_v2 (id BIGINT PRIMARY KEY, state VARCHAR(10) NOT NULL, cents BIGINT NOT NULL);
            ALTER TABLE orders ADD COLUMN note VARCHAR(20);
            CREATE FUNCTION total() RETURNS bigint AS $body$
              BEGIN RETURN (SELECT count(*) FROM orders); END; $body$ LANGUAGE plpgsql;
            UPDATE orders SET note = 'kept' WHERE id % 2 = 0;
            INSERT INTO audit_log (text) VALUES ('structure; ready'), ('100% sure');
            ALTER TABLE old_name RENAME TO new_name;
            COMMIT;
        """,
        Dialect.SQLITE: """
            CREATE TABLE orders_v2 (id INTEGER PRIMARY KEY, state TEXT NOT NULL, cents INTEGER NOT NULL);
            ALTER TABLE orders ADD COLUMN note TEXT;
            CREATE TRIGGER t AFTER INSERT ON orders_v2 BEGIN UPDATE counter SET n = n + 1; END;
            UPDATE orders SET note = 'kept' WHERE id % 2 = 0;
            INSERT INTO audit_log (text) VALUES ('structure; ready'), ('100% sure');
            ALTER TABLE old_name RENAME TO new_name;
        """,
    },
    "v/002_counting.sql": {
        Dialect.MARIADB: "UPDATE counter SET n = n + 100; UPDATE counter SET n = n * 3;\n"
        "ALTER TABLE counter ADD m INT DEFAULT 7;",
        Dialect.POSTGRESQL: "UPDATE counter SET n = n + 100; UPDATE counter SET n = n * 3;\n"
        "CREATE INDEX CONCURRENTLY i_status ON orders (status); UPDATE counter SET n = n + 1;",
        Dialect.SQLITE: "UPDATE counter SET n = n + 100; UPDATE counter SET n = n * 3;\n"
        "CREATE INDEX i_status ON orders (status);",
    },
}
COPY = {
    "name": "orders",
    "source": "orders",
    "target": "orders_v2",
    "mapping": {
        "id": "id",
        "state": {"column": "status", "map": {"0": "OPEN", "1": "PAID"}, "default": "OTHER"},
        "cents": {"expression": "amount * 100"},
    },
    "max_failed_rows": 3,
    "batch_size": BATCH,
    "max_batch_size": BATCH,
}
DOUBLE = {
    "name": "double",
    "source": "orders",
    "mapping": {"amount": {"expression": "amount * 2"}},
    "where": "status <> 9",
    "batch_size": BATCH,
    "max_batch_size": BATCH,
}
STEPS: dict[Stage, list[dict[str, Any]]] = {
    Stage.PRE_BUSINESS_CHECK: [
        factory.step(
            "com.ft.upgrade.steps.PreBusinessCheckStep",
            "check",
            checks=[
                {"id": "amount", "sql": "SELECT COUNT(*) FROM orders WHERE amount < 0"},
                {"id": "status", "rule": "enum", "table": "orders", "column": "status", "values": [0, 1, 2]},
            ],
        )
    ],
    Stage.STOP_SERVICE: [factory.step("enghub.StopService", "stop_service")],
    Stage.STARTUP_PRE_PROCESS: [
        factory.step(
            "com.ft.upgrade.steps.StartupPreProcessStep",
            "main",
            backup={"tables": ["counter", "orders"]},
            sql_scripts=["v/001_structure.sql", "v/002_counting.sql"],
            migrations=[COPY],
            verification_rules=["check_table_structure", "check_data_integrity"],
            comparisons=[
                {
                    "name": "moved",
                    "left": {"table": "orders", "where": "amount IS NOT NULL"},
                    "right": {"table": "orders_v2"},
                }
            ],
        )
    ],
    Stage.START_SERVICE: [factory.step("enghub.StartService", "start_service")],
    Stage.POST_UPGRADE: [factory.step("enghub.RowMigration", "later", migrations=[DOUBLE])],
}


def prepare(address: Address) -> None:
    """The business database before the upgrade; row 40 has no amount, so it cannot be moved."""
    metadata = sa.MetaData()
    orders = sa.Table(
        "orders",
        metadata,
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("amount", sa.Integer),
    )
    counter = sa.Table("counter", metadata, sa.Column("n", sa.BigInteger, nullable=False))
    sa.Table("audit_log", metadata, sa.Column("text", sa.String(60), nullable=False))
    sa.Table("old_name", metadata, sa.Column("id", sa.Integer, primary_key=True))
    engine = sa.create_engine(address.url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        metadata.create_all(connection)
        connection.execute(counter.insert(), [{"n": 1}])
        rows = [{"id": n * 3, "status": n % 3, "amount": None if n == 40 else n} for n in range(1, ROWS + 1)]
        connection.execute(orders.insert(), rows)
    engine.dispose()


def contents(address: Address) -> dict[str, str]:
    """Checksum of every business table's columns, indexes and rows."""
    engine = sa.create_engine(address.url, poolclass=sa.NullPool)
    found = {}
    with engine.connect() as connection:
        inspector = sa.inspect(connection)
        for name in sorted(set(inspector.get_table_names()) - OWN_TABLES):
            columns = [(column["name"], str(column["type"])) for column in inspector.get_columns(name)]
            indexes = sorted(
                (index["name"] or "", tuple(index["column_names"])) for index in inspector.get_indexes(name)
            )
            rows = sorted(map(repr, connection.execute(sa.text(f"SELECT * FROM {name}"))))
            found[name] = hashlib.sha256(repr((columns, indexes, rows)).encode()).hexdigest()
        found["views"] = repr(sorted(inspector.get_view_names()))
        journal = connection.execute(
            sa.text("SELECT scope, script, ordinal, digest, state FROM enghub_upgrade_statement ORDER BY 1, 2, 3")
        )
        found["statements"] = repr([tuple(row) for row in journal])
        tasks = connection.execute(
            sa.text("SELECT scope, task, state, total, moved, failed FROM enghub_upgrade_checkpoint ORDER BY 1, 2")
        )
        found["tasks"] = repr([tuple(row) for row in tasks])
        failed = connection.execute(
            sa.text("SELECT scope, task, row_key FROM enghub_upgrade_failed_row ORDER BY 1, 2, 3")
        )
        found["failed rows"] = repr([tuple(row) for row in failed])
    engine.dispose()
    return found


class Site:
    def __init__(self, address: Address, folder: Path) -> None:
        self._address = address
        self._artifacts = folder / "artifacts"
        self._artifacts.mkdir(exist_ok=True)

    def databases(self, token: int) -> DatabaseSessions:
        return databases_of(self._address, token)

    @property
    def hooks(self) -> Hooks:
        return Hooks({})

    @property
    def ports(self) -> Ports:
        return Ports(artifacts=LocalFiles(self._artifacts))


def plan_execution(folder: Path, dialect: Dialect) -> FileExecutions:
    """Store the execution as the planner would."""
    texts = {path: by_dialect[dialect] for path, by_dialect in SCRIPTS.items()}
    hashes = {path: hashlib.sha256(text.encode()).hexdigest() for path, text in texts.items()}
    (folder / "scripts.json").write_text(json.dumps({hashes[path]: text for path, text in texts.items()}))
    store = FileExecutions(folder / "executions.db")
    records = factory.records(STEPS, hashes)
    store.create(records, ExecutionCommit(factory.ORIGIN, factory.execution(len(records))))
    return store


def run(folder: Path, address: Address, point: Callable[[str], None], soft_seconds: float = 0.0) -> str:
    """Work through every stage; tiny slices, so that every step is cut as often as it can be."""
    store = FileExecutions(folder / "executions.db")
    texts = json.loads((folder / "scripts.json").read_text())
    engine = Engine(store, lambda _, __: Site(address, folder), lambda _, digest: texts[digest], point=point)
    for stage in STAGES:
        for _ in range(200):
            answer = engine.run_slice(factory.TENANT, factory.EXECUTION, 1, stage.value, Budget.of(soft_seconds, 60))
            if answer.outcome == "done":
                break
            if answer.outcome != "more":
                return answer.outcome
        else:
            return f"no end of {stage}"
    return "done"


def counted(kill_at: int | str | None) -> tuple[Callable[[str], None], list[str]]:
    """Count the points; kill this very process at the wanted number or kind, without any clean-up."""
    passed: list[str] = []

    def point(name: str) -> None:
        passed.append(name)
        if kill_at in (len(passed), name):
            os.kill(os.getpid(), signal.SIGKILL)

    return point, passed


def main(arguments: Iterator[str]) -> None:
    folder, dialect, url, kill_at = (
        Path(next(arguments)),
        Dialect(next(arguments)),
        next(arguments),
        int(next(arguments)),
    )
    point, _ = counted(kill_at)
    run(folder, Address(dialect, sa.make_url(url)), point)


if __name__ == "__main__":
    main(iter(sys.argv[1:]))
