"""What each step has to do in the matrix: a place before, the step's parameters, and what must be there afterwards."""

import hashlib
import io
import json
import os
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from enghub.upgrade.gateways.hooks import Answer
from enghub.upgrade.sql.dialect import Dialect
from tests.functional.upgrade.steps import matrix
from tests.functional.upgrade.steps.matrix import Place, Point, nothing

ROWS = 11
Check = Callable[[Place], None]


@dataclass(frozen=True)
class Scenario:
    """One way of one step. `before` leads to the place's state at the start; `after` asserts what the step is for."""

    class_name: str
    parameters: Mapping[str, Any] | Callable[[Dialect], Mapping[str, Any]]
    before: Callable[[Place], None]
    after: Check
    way: str = "run"
    changes: Mapping[str, Any] = field(default_factory=dict)
    on_servers: bool = True
    """What it does depends on the kind of database; the others run there with --full-matrix only."""

    def work(self, place: Place, point: Point = nothing) -> None:
        parameters = self.parameters(place.dialect) if callable(self.parameters) else self.parameters
        matrix.run(place, self.class_name, parameters, point, self.way, **self.changes)


def business(place: Place) -> None:
    """Orders and their items, tied by a foreign key, with a view, an index and values of every awkward kind."""
    serial, binary, zero = {
        Dialect.SQLITE: ("INTEGER PRIMARY KEY AUTOINCREMENT", "BLOB", "x'00ff0a'"),
        Dialect.MARIADB: ("BIGINT PRIMARY KEY AUTO_INCREMENT", "BLOB", "x'00ff0a'"),
        Dialect.POSTGRESQL: ("BIGSERIAL PRIMARY KEY", "BYTEA", "'\\x00ff0a'"),
    }[place.dialect]
    text = "tab\t line\n 中文 % \\ ''quoted''" if not place.dialect.is_mysql else "tab\t line\n 中文 % \\\\ ''quoted''"
    notes = [f"'{text}'" if n % 4 else "NULL" for n in range(1, ROWS + 1)]
    orders = ", ".join(
        f"('s{n % 3}', {n}.25, {n}.1, '2026-01-{n:02d} 10:00:00', {zero}, {note})" for n, note in enumerate(notes, 1)
    )
    items = ", ".join(f"({n % ROWS + 1})" for n in range(ROWS))
    place.execute(
        f"CREATE TABLE orders (id {serial}, state VARCHAR(10) NOT NULL DEFAULT 'x', amount DECIMAL(12,2), ratio FLOAT, "
        f"changed TIMESTAMP NULL, picture {binary}, note TEXT)",
        "CREATE INDEX i_state ON orders (state)",
        f"CREATE TABLE items (id {serial}, order_id BIGINT NOT NULL, "
        "CONSTRAINT fk_order FOREIGN KEY (order_id) REFERENCES orders (id))",
        "CREATE VIEW order_ids AS SELECT id FROM orders",
        f"INSERT INTO orders (state, amount, ratio, changed, picture, note) VALUES {orders}",
        f"INSERT INTO items (order_id) VALUES {items}",
    )
    place.files.write("conf/app.properties", b"name=old\nport=1\n")


# --- backup and restore -----------------------------------------------------------------------------------------------

BACKUP = {"tables": ["orders", "items"], "config_files": ["conf/app.properties", "conf/none.xml"], "chunk_rows": 5}


def old_backups(place: Place) -> None:
    business(place)
    for number in range(1, 5):
        earlier = Place(place.folder, place.address, f"0{number}EARLIER")
        matrix.run(earlier, "enghub.Backup", {"backup": {"config_files": ["conf/app.properties"], "keep": 9}})


def backed_up(place: Place) -> None:
    paths = [info.path for info in place.artifacts.list("backups/EU")]
    assert {path.split("/")[2] for path in paths} == {"01EXECUTION", "03EARLIER", "04EARLIER"}
    assert sum(path.startswith("backups/EU/01EXECUTION/2.16.5/step/orders/") for path in paths) == 3


def damaged(place: Place) -> None:
    """Backed up by another step, then changed."""
    backed_up_then_broken(place, "backup")


def own_backup_before(place: Place) -> None:
    """Backed up by the step itself, then changed."""
    backed_up_then_broken(place, "step")


def backed_up_then_broken(place: Place, step_id: str) -> None:
    """Changed in every way a failed upgrade may leave it."""
    business(place)
    matrix.run(place, "enghub.Backup", {"backup": BACKUP}, step_id=step_id)
    place.execute(
        "DELETE FROM items WHERE id > 4",
        "UPDATE orders SET state = 'broken'",
        "ALTER TABLE orders ADD COLUMN extra INTEGER",
        "DROP INDEX i_state" + (" ON orders" if place.dialect.is_mysql else ""),
    )
    place.files.write("conf/app.properties", b"name=new\n")
    place.files.write("conf/none.xml", b"<new/>")


def restored(place: Place) -> None:
    assert place.rows("SELECT COUNT(*) FROM items") == [(ROWS,)]
    assert place.rows("SELECT COUNT(*) FROM orders WHERE state = 'broken'") == [(0,)]
    assert place.files.read("conf/app.properties") == b"name=old\nport=1\n"
    assert place.files.info("conf/none.xml") is None
    place.execute("INSERT INTO items (order_id) VALUES (3)")
    assert place.rows("SELECT MAX(id) FROM items") == [(ROWS + 1,)]


# --- rebuild ----------------------------------------------------------------------------------------------------------


def rebuild(dialect: Dialect) -> dict[str, Any]:
    key = "INTEGER PRIMARY KEY" if dialect is Dialect.SQLITE else "BIGINT PRIMARY KEY"
    engine = " ENGINE=InnoDB" if dialect.is_mysql else ""
    rule = {
        "table": "orders",
        "create": f"CREATE TABLE ${{table}} (id {key}, state VARCHAR(20) NOT NULL, cents BIGINT, note TEXT){engine}",
        "mapping": {
            "id": "id",
            "state": {"column": "state", "transform": ["upper"]},
            "cents": {"expression": "amount * 100"},
            "note": "note",
        },
        "change_column": "changed",
        "sums": {"id": "id"},
        "after": ["CREATE INDEX i_cents ON ${table} (cents)"],
        "batch_size": 5,
        "max_batch_size": 5,
    }  # fmt: skip
    return {"rebuilds": [rule]}


def rebuilt(place: Place) -> None:
    assert place.rows("SELECT COUNT(*), MIN(state), SUM(cents) FROM orders") == [(ROWS, "S0", 6875)]
    assert place.rows("SELECT COUNT(*) FROM order_ids") == [(ROWS,)]
    place.execute("INSERT INTO items (order_id) VALUES (3)")


def rebuilt_before(place: Place) -> None:
    business(place)
    matrix.run(place, "enghub.TableRebuild", rebuild(place.dialect))


def old_form(place: Place) -> None:
    assert place.rows("SELECT COUNT(*), MIN(state) FROM orders") == [(ROWS, "s0")]
    assert place.rows("SELECT COUNT(*) FROM order_ids") == [(ROWS,)]
    place.execute("INSERT INTO items (order_id) VALUES (3)")


# --- configuration ----------------------------------------------------------------------------------------------------

TEMPLATES = {"conf/app.properties": "name=${name}\nport=${port}\nliteral=$${kept}\nsecret=${password}\n"}
CONFIG = {
    "config_files": [
        {"path": "conf/app.properties", "secrets": {"password": "db"}, "values": {"port": 8080}},
        {"path": "conf/log.xml", "in_place": True},
        {"path": "conf/new.json", "template": "new.json", "opening": "{{"},
    ],
    "config_values": {"name": "shop", "level": "INFO"},
}


def configured_before(place: Place) -> None:
    place.files.write("conf/app.properties", b"name=old\nport=1\n")
    place.files.write("conf/log.xml", b"<log level='${level}' site='${site_id}'/>")
    place.artifacts.write("config/2.16.5/new.json", b'{"version": "{{version}}", "name": "{{name}}"}')


def configured(place: Place) -> None:
    written = "name=shop\nport=8080\nliteral=${kept}\nsecret=secret of db\n"
    assert place.files.read("conf/app.properties").decode() == written
    assert place.files.read("conf/log.xml") == b"<log level='INFO' site='EU'/>"
    assert json.loads(place.files.read("conf/new.json")) == {"version": "2.16.5", "name": "shop"}
    assert len([info for info in place.files.list(".enghub/history") if info.path.endswith(".json")]) == 3


def configured_already(place: Place) -> None:
    configured_before(place)
    matrix.run(place, "enghub.ConfigFiles", CONFIG, scripts=TEMPLATES)


def configured_as_before(place: Place) -> None:
    assert place.files.read("conf/app.properties") == b"name=old\nport=1\n"
    assert place.files.info("conf/new.json") is None


# --- resources --------------------------------------------------------------------------------------------------------

FILES = {"images/a.png": b"\x89PNG" * 50, "pages/index.html": b"<h1>new</h1>", "pages/help.html": b"<h1>help</h1>"}


def package(files: Mapping[str, bytes]) -> bytes:
    """A zip with its SHA256SUMS; the same bytes for the same files."""
    sums = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in files.items())
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**files, "SHA256SUMS": sums.encode()}.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return stream.getvalue()


RESOURCES = {
    "resource_packages": [
        {
            "package": "packages/static.zip",
            "sha256": hashlib.sha256(package(FILES)).hexdigest(),
            "target": "static",
            "version": "2.16.5",
        }
    ]
}


def packaged(place: Place) -> None:
    place.artifacts.write("packages/static.zip", package(FILES))
    place.files.write("static/pages/index.html", b"<h1>old</h1>")
    place.files.write("static/pages/other.html", b"<h1>other</h1>")


def imported(place: Place) -> None:
    for name, content in FILES.items():
        assert place.files.read(f"static/{name}") == content


def imported_already(place: Place) -> None:
    packaged(place)
    matrix.run(place, "enghub.ResourceImport", RESOURCES)


def not_imported(place: Place) -> None:
    assert [info.path for info in place.files.list("")] == ["static/pages/index.html", "static/pages/other.html"]
    assert place.files.read("static/pages/index.html") == b"<h1>old</h1>"


# --- caches -----------------------------------------------------------------------------------------------------------

CACHES = {
    "caches": [{"name": "orders", "table": "orders", "key": "order:{id}", "columns": ["id", "state"], "batch_size": 4}]
}


def cached_before(place: Place) -> None:
    business(place)
    place.cache("orders").put("old", {"order:1": b"old"}, None)
    place.cache("orders").activate("old")


def cached(place: Place) -> None:
    cache = place.cache("orders")
    generation = cache.active() or ""
    assert cache.generations() == (generation,)
    assert cache.count(generation) == ROWS
    assert json.loads(cache.get(generation, ["order:3"])[0] or b"") == {"id": 3, "state": "s0"}


def cached_already(place: Place) -> None:
    cached_before(place)
    matrix.run(place, "enghub.CacheRebuild", CACHES)


def cold(place: Place) -> None:
    assert place.cache("orders").active() is None
    assert place.cache("orders").generations() == ()


# --- indexes, tuning --------------------------------------------------------------------------------------------------

INDEXES = {
    "indexes": [
        {"table": "orders", "name": "i_amount", "columns": ["amount", "state"]},
        {"action": "drop", "table": "orders", "name": "i_state"},
        {"table": "items", "name": "i_order", "columns": ["order_id"]},
        {"action": "rebuild", "table": "items", "name": "i_order"},
    ],
    "analyze": ["orders"],
    "index_probes": [{"name": "by amount", "sql": "SELECT COUNT(*) FROM orders WHERE amount > 3", "times": 1}],
}


def indexed(place: Place) -> None:
    assert _indexes(place) == {"i_amount", "i_order"}


def indexed_already(place: Place) -> None:
    business(place)
    matrix.run(place, "enghub.IndexOptimisation", INDEXES)


def indexed_as_before(place: Place) -> None:
    assert _indexes(place) == {"i_state"}


def _indexes(place: Place) -> set[str]:
    tables = {
        Dialect.SQLITE: "SELECT name FROM sqlite_master WHERE type = 'index'",
        Dialect.MARIADB: "SELECT INDEX_NAME FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE()",
        Dialect.POSTGRESQL: "SELECT indexname FROM pg_indexes WHERE schemaname = 'public'",
    }
    return {name for (name,) in place.rows(tables[place.dialect]) if name.startswith("i_")}


def tuning(dialect: Dialect) -> dict[str, Any]:
    where = " ON orders" if dialect.is_mysql else ""
    measure = "SELECT COUNT(*) FROM orders WHERE note = 'x'"

    def change(name: str, at_least: float) -> dict[str, Any]:
        index = f"i_{name}"
        return {
            "name": name, "apply": [f"CREATE INDEX {index} ON orders (amount)"],
            "revert": [f"DROP INDEX {index}{where}"], "measure": measure, "times": 1,
            "min_improvement_percent": at_least,
        }  # fmt: skip

    return {"tuning": [change("useless", 100), change("kept", -10_000)]}


def tuned(place: Place) -> None:
    assert _indexes(place) == {"i_state", "i_kept"}


def tuned_already(place: Place) -> None:
    business(place)
    matrix.run(place, "enghub.PerformanceTuning", tuning(place.dialect))


# --- rows and scripts -------------------------------------------------------------------------------------------------

ASYNCHRONOUS = {
    "async_migrations": [
        {
            "name": "amounts", "source": "orders", "target": "amounts", "mapping": {"id": "id", "amount": "amount"},
            "batch_size": 4, "max_batch_size": 4,
        }
    ],
    "load": {"sql": "SELECT 1", "limit": 5, "check_seconds": 0},
}  # fmt: skip
MIGRATION = {
    "migrations": [
        {"name": "double", "source": "orders", "mapping": {"amount": {"expression": "amount * 2"}}, "batch_size": 4,
         "max_batch_size": 4}
    ]
}  # fmt: skip
SCRIPTS = {
    "up.sql": "CREATE TABLE counter (n INTEGER); INSERT INTO counter VALUES (1); UPDATE counter SET n = n + 1; "
    "ALTER TABLE counter ADD COLUMN m INTEGER DEFAULT 7; CREATE INDEX i_n ON counter (n); "
    "UPDATE counter SET n = n * 5;",
    "down.sql": "UPDATE total SET n = n + 1; DROP TABLE counter; UPDATE total SET n = n * 2;",
}
SQL = {"sql_scripts": ["up.sql"], "rollback_scripts": ["down.sql"]}


def with_amounts(place: Place) -> None:
    business(place)
    place.execute("CREATE TABLE amounts (id BIGINT NOT NULL PRIMARY KEY, amount DECIMAL(12,2))")


def copied(place: Place) -> None:
    assert place.rows("SELECT COUNT(*) FROM amounts") == [(ROWS,)]


def doubled(place: Place) -> None:
    assert place.rows("SELECT COUNT(*) FROM orders WHERE amount > 22") == [(1,)]


def with_total(place: Place) -> None:
    place.execute("CREATE TABLE total (n INTEGER)", "INSERT INTO total VALUES (1)")


def scripted(place: Place) -> None:
    assert place.rows("SELECT n, m FROM counter") == [(10, 7)]


def scripted_already(place: Place) -> None:
    with_total(place)
    matrix.run(place, "enghub.SqlScripts", SQL, scripts=SCRIPTS)


def unscripted(place: Place) -> None:
    assert place.rows("SELECT n FROM total") == [(4,)]


# --- logs, temporary things, services ---------------------------------------------------------------------------------

LOGS = {
    "log_cleanup": [
        {"folder": "logs/app", "keep_days": 30, "archive": True, "size_threshold_bytes": 5000},
        {"folder": "logs/access", "keep_days": 10},
    ]
}
_AGES = {"logs/app/old.log": 40, "logs/app/large.log": 8, "logs/app/small.log": 8, "logs/app/new.log": 1,
         "logs/access/a.log": 11, "logs/access/b.log": 9, "logs/app/notes.txt": 90}  # fmt: skip


def logged(place: Place) -> None:
    now = place.folder.stat().st_mtime
    for path, days in _AGES.items():
        place.files.write(path, b"line\n" * (2000 if "large" in path else 10))
        when = now - days * 86_400
        os.utime(place.folder / "site" / path, (when, when))


def cleaned(place: Place) -> None:
    left = {info.path for info in place.files.list("logs")}
    assert left == {"logs/app/small.log", "logs/app/new.log", "logs/access/b.log", "logs/app/notes.txt"}
    archived = [info.path for info in place.artifacts.list("logs")]
    assert archived == [f"logs/EU/01EXECUTION/logs/app/{name}.log.gz" for name in ("large", "old")]


TEMPORARY = {"temporary": {"tables": ["scrap", "gone", "scrap2"], "paths": ["tmp/upgrade", "tmp/one.txt"]}}


def with_scraps(place: Place) -> None:
    place.execute(
        "CREATE TABLE scrap (id INTEGER)", "CREATE TABLE scrap2 (id INTEGER)", "CREATE TABLE kept (id INTEGER)"
    )
    for path in ("tmp/upgrade/a", "tmp/upgrade/b/c", "tmp/one.txt", "tmp/kept"):
        place.files.write(path, b"x")


def released(place: Place) -> None:
    assert [info.path for info in place.files.list("")] == ["tmp/kept"]
    place.rows("SELECT * FROM kept")


class Services:
    """A site whose service is well after its second restart; every different key counts once."""

    def __init__(self, folder: Path) -> None:
        self._keys = folder / "site" / "restarts.json"

    def url(self, name: str) -> str:
        return f"http://site.example/{name}"

    def call(self, what: str, method: str, url: str, *, key: str | None = None, **_: Any) -> Answer:
        del what, url
        keys = json.loads(self._keys.read_text()) if self._keys.exists() else []
        if method == "POST" and key not in keys:
            self._keys.parent.mkdir(exist_ok=True)
            self._keys.write_text(json.dumps([*keys, key]))
        body = {"status": "UP" if len(keys) >= 2 else "DOWN", "version": "2.16.4"}
        return Answer(200, json.dumps(body), 1)


HEALTH = {
    "health_checks": [
        {"name": "api", "url": "http://site.example/health", "expected_text": "UP", "service": "ft-manager"}
    ]
}


def restarted_twice(place: Place) -> None:
    assert len(json.loads((place.folder / "site/restarts.json").read_text())) == 2


def nothing_before(_: Place) -> None:
    """A new place."""


SCENARIOS: dict[str, Scenario] = {
    "backup": Scenario("enghub.Backup", {"backup": BACKUP}, old_backups, backed_up),
    "backup in chunks": Scenario(
        "enghub.Backup", {"backup": {**BACKUP, "consistency": "chunks"}}, old_backups, backed_up
    ),
    "backup undone": Scenario("enghub.Backup", {"backup": BACKUP}, own_backup_before, restored, "rollback"),
    "restore": Scenario("enghub.RestoreBackup", {}, damaged, restored),
    "rebuild": Scenario("enghub.TableRebuild", rebuild, business, rebuilt),
    "rebuild undone": Scenario("enghub.TableRebuild", rebuild, rebuilt_before, old_form, "rollback"),
    "configuration": Scenario(
        "enghub.ConfigFiles", CONFIG, configured_before, configured, changes={"scripts": TEMPLATES}, on_servers=False
    ),
    "configuration undone": Scenario(
        "enghub.ConfigFiles", CONFIG, configured_already, configured_as_before, "rollback", on_servers=False
    ),
    "resources": Scenario("enghub.ResourceImport", RESOURCES, packaged, imported, on_servers=False),
    "resources undone": Scenario(
        "enghub.ResourceImport", RESOURCES, imported_already, not_imported, "rollback", on_servers=False
    ),
    "caches": Scenario("enghub.CacheRebuild", CACHES, cached_before, cached, on_servers=False),
    "caches undone": Scenario("enghub.CacheRebuild", CACHES, cached_already, cold, "rollback", on_servers=False),
    "indexes": Scenario("enghub.IndexOptimisation", INDEXES, business, indexed),
    "indexes undone": Scenario("enghub.IndexOptimisation", INDEXES, indexed_already, indexed_as_before, "rollback"),
    "tuning": Scenario("enghub.PerformanceTuning", tuning, business, tuned),
    "tuning undone": Scenario("enghub.PerformanceTuning", tuning, tuned_already, indexed_as_before, "rollback"),
    "asynchronous": Scenario("enghub.AsynchronousMigration", ASYNCHRONOUS, with_amounts, copied),
    "rows": Scenario("enghub.RowMigration", MIGRATION, business, doubled),
    "scripts": Scenario("enghub.SqlScripts", SQL, with_total, scripted, changes={"scripts": SCRIPTS}),
    "scripts undone": Scenario(
        "enghub.SqlScripts", SQL, scripted_already, unscripted, "rollback", changes={"scripts": SCRIPTS}
    ),
    "rollback scripts": Scenario(
        "enghub.RollbackScripts", {"rollback_scripts": ["down.sql"]}, scripted_already, unscripted,
        changes={"scripts": SCRIPTS, "step_id": "back"},
    ),
    "logs": Scenario("enghub.LogCleanup", LOGS, logged, cleaned, on_servers=False),
    "release": Scenario("enghub.ResourceRelease", TEMPORARY, with_scraps, released),
    "health": Scenario("enghub.HealthChecks", HEALTH, nothing_before, restarted_twice, on_servers=False),
    "services": Scenario(
        "enghub.ServiceCheck", {"services": [{"name": "ft-manager"}]}, nothing_before, restarted_twice, on_servers=False
    ),
}  # fmt: skip
