"""What each step has to do in the matrix: a place before, the step's parameters, and what must be there afterwards."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from enghub.upgrade.sql.tokens import Dialect
from tests.functional.upgrade.steps import matrix
from tests.functional.upgrade.steps.matrix import Place, Point, nothing

ROWS = 23
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

BACKUP = {"tables": ["orders", "items"], "config_files": ["conf/app.properties", "conf/none.xml"], "chunk_rows": 7}


def old_backups(place: Place) -> None:
    business(place)
    for number in range(1, 5):
        earlier = Place(place.folder, place.address, f"0{number}EARLIER")
        matrix.run(earlier, "enghub.Backup", {"backup": {"config_files": ["conf/app.properties"], "keep": 9}})


def backed_up(place: Place) -> None:
    paths = [info.path for info in place.artifacts.list("backups/EU")]
    assert {path.split("/")[2] for path in paths} == {"01EXECUTION", "03EARLIER", "04EARLIER"}
    assert sum(path.startswith("backups/EU/01EXECUTION/2.16.5/step/orders/") for path in paths) == 4


def damaged(place: Place) -> None:
    """Backed up, then changed in every way a failed upgrade may leave it."""
    business(place)
    matrix.run(place, "enghub.Backup", {"backup": BACKUP}, step_id="backup")
    place.execute(
        "DELETE FROM items WHERE id > 10",
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
    assert place.rows("SELECT COUNT(*), MIN(state), SUM(cents) FROM orders") == [(ROWS, "S0", 28175)]
    assert place.rows("SELECT COUNT(*) FROM order_ids") == [(ROWS,)]
    place.execute("INSERT INTO items (order_id) VALUES (3)")


def rebuilt_before(place: Place) -> None:
    business(place)
    matrix.run(place, "enghub.TableRebuild", rebuild(place.dialect))


def old_form(place: Place) -> None:
    assert place.rows("SELECT COUNT(*), MIN(state) FROM orders") == [(ROWS, "s0")]
    assert place.rows("SELECT COUNT(*) FROM order_ids") == [(ROWS,)]
    place.execute("INSERT INTO items (order_id) VALUES (3)")


SCENARIOS: dict[str, Scenario] = {
    "backup": Scenario("enghub.Backup", {"backup": BACKUP}, old_backups, backed_up),
    "backup in chunks": Scenario(
        "enghub.Backup", {"backup": {**BACKUP, "consistency": "chunks"}}, old_backups, backed_up
    ),
    "restore": Scenario("enghub.RestoreBackup", {}, damaged, restored),
    "rebuild": Scenario("enghub.TableRebuild", rebuild, business, rebuilt),
    "rebuild undone": Scenario("enghub.TableRebuild", rebuild, rebuilt_before, old_form, "rollback"),
}
