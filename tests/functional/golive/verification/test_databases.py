"""Two real databases compared: every planted kind of difference is found, mere representation is not (OPS-06)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from enghub.golive.comparisons.model import BusinessRule, Reference, TableCheck, Wanted
from enghub.golive.comparisons.values import ColumnRule
from enghub.golive.gateways.verifying import CannotCompare, Found, slice_of
from enghub.kit.databases.session import Address
from enghub.kit.sql.dialect import Dialect
from enghub.kit.work.slices import Budget
from tests.databases import database, sql

MARIADB = """CREATE TABLE orders (id BIGINT UNSIGNED PRIMARY KEY, amount DECIMAL(12,2), paid TINYINT(1), code CHAR(5),
note VARCHAR(50) CHARACTER SET utf8mb4, at DATETIME(6), gone DATE, data JSON, raw BINARY(4))"""
POSTGRESQL = """CREATE TABLE orders (id numeric(20) PRIMARY KEY, amount numeric(14,4), paid boolean, code char(7),
note text, at timestamptz, gone date, data jsonb, raw bytea)"""
ROW = "({id}, {amount}, {paid}, 'ab', 'n{id}', '2026-11-28 09:00:00.123{z}', {gone}, '{{\"a\":1,\"b\":2}}', {raw})"


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Address, Address]]:
    folder: Path = tmp_path_factory.mktemp("verification")
    with database(Dialect.MARIADB, folder) as source, database(Dialect.POSTGRESQL, folder) as target:
        ids = [*range(1, 20), 18446744073709551615]
        mine = [ROW.format(id=i, amount="12.50", paid=1, z="", gone="'2026-01-01'", raw="X'00010203'") for i in ids]
        theirs = [
            ROW.format(id=i, amount="12.5", paid="true", z="+00", gone="'2026-01-01'", raw="'\\x00010203'") for i in ids
        ]
        sql(source, MARIADB, "INSERT INTO orders VALUES " + ",".join(mine))
        sql(target, POSTGRESQL, "INSERT INTO orders VALUES " + ",".join(theirs))
        sql(
            source,
            "CREATE TABLE tags (a VARCHAR(9), b VARCHAR(9))",
            "INSERT INTO tags VALUES ('r','1'),('r','1'),('s','2')",
        )
        sql(target, "CREATE TABLE tags (a text, b text)", "INSERT INTO tags VALUES ('r','1'),('r','1'),('s','2')")
        named = "CREATE TABLE named (name VARCHAR(20) PRIMARY KEY, v INT)"
        sql(source, named, "INSERT INTO named VALUES ('b',1),('A',2),('_',3),('é',4)")
        sql(target, named, "INSERT INTO named VALUES ('b',1),('A',2),('_',3),('é',4)")
        yield source, target


ORDERS = TableCheck("orders", "orders", sums=("amount",), required=("code",))


def compared(both: tuple[Address, Address], *tables: TableCheck, **more: object) -> Found:
    secrets = tuple({"url": address.url.render_as_string(hide_password=False)} for address in both)
    wanted = Wanted("source", "target", tables, **more)  # type: ignore[arg-type]
    total, cursor, never = Found(), "", Budget(0.0, 0.0, monotonic=lambda: 1.0)
    while True:  # a budget that is spent after every step: each goes on from its cursor
        found, following = slice_of(secrets, wanted, cursor, never)  # type: ignore[arg-type]
        total.rows += found.rows
        total.counts += found.counts
        total.listed += found.listed
        if following is None:
            return total
        cursor = following


def told(found: Found) -> list[str]:
    return [f"{one.kind} {one.key} {one.column} {one.source} {one.target}".strip() for one in found.listed]


def test_nothing_differs_where_only_the_representation_does(both: tuple[Address, Address]) -> None:
    named, tags = TableCheck("named", "named"), TableCheck("tags", "tags")
    found = compared(both, ORDERS, tags, named)
    assert told(found) == []
    assert found.rows == 20 + 3 + 4


PLANTED = [
    (
        "UPDATE orders SET amount = 12.51 WHERE id = 3",
        ["SUM  amount 250.00 250.0100", "DIFFERENT id=3 amount 12.50 12.5100"],
    ),
    ("UPDATE orders SET paid = false WHERE id = 3", ["DIFFERENT id=3 paid 1 False"]),
    ("UPDATE orders SET note = 'n3 ' WHERE id = 3", ["DIFFERENT id=3 note n3 n3"]),
    ("UPDATE orders SET note = NULL WHERE id = 3", ["DIFFERENT id=3 note n3 NULL"]),
    ("UPDATE orders SET at = at + interval '1 microsecond' WHERE id = 3", ["DIFFERENT id=3 at"]),
    ('UPDATE orders SET data = \'{"a":1,"b":3}\' WHERE id = 3', ["DIFFERENT id=3 data"]),
    ("UPDATE orders SET raw = '\\x00010204' WHERE id = 3", ["DIFFERENT id=3 raw 00010203 00010204"]),
    ("UPDATE orders SET gone = NULL WHERE id = 3", ["DIFFERENT id=3 gone 2026-01-01 NULL"]),
    ("DELETE FROM orders WHERE id = 3", ["COUNT   20 19", "SUM", "MISSING id=3"]),
    ("INSERT INTO orders (id, code) VALUES (500, 'ab')", ["COUNT   20 21", "EXTRA id=500"]),
    ("UPDATE orders SET id = 600 WHERE id = 18446744073709551615", ["MISSING id=18446744073709551615", "EXTRA id=600"]),
    ("UPDATE orders SET code = NULL WHERE id = 3", ["NULL  code 0 1", "DIFFERENT id=3 code ab NULL"]),
]


@pytest.mark.parametrize(("change", "wanted"), PLANTED)
def test_each_planted_difference_is_found_with_key_and_column(
    both: tuple[Address, Address], change: str, wanted: list[str]
) -> None:
    sql(both[1], "CREATE TABLE kept AS SELECT * FROM orders", change)
    try:
        found = told(compared(both, ORDERS))
    finally:
        sql(both[1], "DELETE FROM orders", "INSERT INTO orders SELECT * FROM kept", "DROP TABLE kept")
    assert len(found) == len(wanted), found
    for said, expected in zip(sorted(found), sorted(wanted), strict=True):
        assert said.startswith(expected.strip()) or " ".join(said.split()).startswith(" ".join(expected.split())), found


@pytest.mark.parametrize(
    ("rows", "missing", "extra"),
    [("('r','1'),('s','2'),('s','2')", 1, 1), ("('r','1'),('s','2')", 1, 0), ("('z','1'),('z','1'),('s','2')", 2, 2)],
)
def test_a_table_without_a_key_is_a_multiset(
    both: tuple[Address, Address], rows: str, missing: int, extra: int
) -> None:
    sql(both[1], "DELETE FROM tags", f"INSERT INTO tags VALUES {rows}")
    try:
        found = compared(both, TableCheck("tags", "tags"))
    finally:
        sql(both[1], "DELETE FROM tags", "INSERT INTO tags VALUES ('r','1'),('r','1'),('s','2')")
    assert (found.counts["MISSING"], found.counts["EXTRA"]) == (missing, extra)


def test_text_keys_are_compared_whatever_their_order(both: tuple[Address, Address]) -> None:
    sql(both[1], "UPDATE named SET name = 'B' WHERE name = 'b'", "INSERT INTO named VALUES ('z', 9)")
    try:
        found = told(compared(both, TableCheck("named", "named")))
    finally:
        sql(both[1], "DELETE FROM named WHERE name = 'z'", "UPDATE named SET name = 'b' WHERE name = 'B'")
    assert [one.split(" ")[0] for one in sorted(found)] == ["COUNT", "EXTRA", "EXTRA", "MISSING"]


def test_declared_tolerances_and_mappings(both: tuple[Address, Address]) -> None:
    sql(both[1], "ALTER TABLE orders RENAME COLUMN note TO remark", "UPDATE orders SET amount = 12.504 WHERE id = 4")
    rules = (ColumnRule("amount", "amount"),)
    from decimal import Decimal  # noqa: PLC0415

    near = (ColumnRule("amount", "amount", tolerance=Decimal("0.01")),)
    check = TableCheck("orders", "orders", columns={"note": "remark"}, rules=rules)
    try:
        with pytest.raises(CannotCompare, match="no column for note"):
            compared(both, ORDERS)
        assert compared(both, check).counts == {"DIFFERENT": 1}
        assert compared(both, TableCheck("orders", "orders", columns={"note": "remark"}, rules=near)).counts == {}
    finally:
        sql(both[1], "ALTER TABLE orders RENAME COLUMN remark TO note", "UPDATE orders SET amount = 12.5 WHERE id = 4")
    with pytest.raises(CannotCompare, match="a tolerance needs one"):
        compared(both, TableCheck("tags", "tags", rules=(ColumnRule("a", "a", tolerance=Decimal(1)),)))


def test_references_and_business_rules(both: tuple[Address, Address]) -> None:
    sql(
        both[1],
        "CREATE TABLE lines (id int, order_id numeric(20))",
        "INSERT INTO lines VALUES (1, 1), (2, 77), (3, NULL)",
    )
    rules = (
        BusinessRule("total", "SELECT sum(amount) FROM orders", "SELECT sum(amount) FROM orders"),
        BusinessRule("paid", "SELECT count(*) FROM orders", "SELECT count(*) FROM orders WHERE id < 5"),
        BusinessRule("none negative", "", "SELECT id FROM orders WHERE amount < 0"),
        BusinessRule("none small", "", "SELECT id FROM orders WHERE id < 3"),
    )
    reference = Reference("lines", ("order_id",), "orders", ("id",))
    try:
        found = told(compared(both, references=(reference,), rules=rules))
    finally:
        sql(both[1], "DROP TABLE lines")
    assert [" ".join(one.split()) for one in found] == [
        "ORPHAN orders order_id 0 1",
        "RULE [['n:20']] [['n:4']]",
        "RULE no row 2 rows",
    ]
