"""A scenario: one way of one step, from a state to a state; and the business that most begin with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from enghub.kit.sql.dialect import Dialect
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
    """What it does depends on the kind of database; the others run there with --campaign only."""

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


def nothing_before(_: Place) -> None:
    """A new place."""
