"""Tables of a verification on MariaDB and PostgreSQL: columns that say the same in other types, differences planted.

Every column is of two types that represent the same values in their own ways. What is planted is known by its ids.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from enghub.kit.databases.session import Address
from tests.databases import sql

EACH = 10
"""So many of each kind are planted."""
ROW_KINDS = ("missing", "extra", "another key")
Known = set[tuple[str, int, str]]
"""Kind (MISSING, EXTRA, DIFFERENT), id, column."""


@dataclass(frozen=True)
class Column:
    """A column of both sides, its value in row ``seq`` (MariaDB) and ``s`` (PostgreSQL), and what is planted in it."""

    name: str
    says: str
    types: tuple[str, str]
    values: tuple[str, str]
    change: str
    """On the target; on the source where ``loses``."""
    loses: bool = False
    """The target's type cannot hold what is planted: a migration would lose it."""


COLUMNS = (
    Column("amount", "a cent", ("DECIMAL(12,2)", "numeric(14,4)"), ("seq / 100", "s / 100.0"), "amount + 0.01"),
    Column(
        "price",
        "a hundredth of a cent that the target cannot hold",
        ("DECIMAL(14,4)", "numeric(12,2)"),
        ("seq / 100", "s / 100.0"),
        "price + 0.0001",
        loses=True,
    ),
    Column(
        "serial",
        "one, beyond 2^63",
        ("BIGINT UNSIGNED", "numeric(20)"),
        ("18446744073708000000 + seq", "18446744073708000000 + s"),
        "serial - 1",
    ),
    Column("weight", "1/8", ("DOUBLE", "double precision"), ("seq * 0.125e0", "s * 0.125::float8"), "weight + 0.125"),
    Column("paid", "yes for no", ("TINYINT(1)", "boolean"), ("MOD(seq, 2)", "s % 2 = 1"), "NOT paid"),
    Column("code", "a letter", ("CHAR(5)", "char(7)"), ("CONCAT('a', MOD(seq, 900))", "'a' || s % 900"), "'b'"),
    Column("name", "a blank at the end", ("VARCHAR(40)", "text"), ("CONCAT('№', seq)", "'№' || s"), "name || ' '"),
    Column(
        "label",
        "a character lost (? for 🔩)",
        ("VARCHAR(20)", "text"),
        ("CONCAT('🔩', seq)", "'🔩' || s"),
        "replace(label, '🔩', '?')",
    ),
    Column("note", "empty for NULL", ("VARCHAR(20)", "text"), ("NULL", "NULL"), "''"),
    Column(
        "made_at",
        "a microsecond",
        ("DATETIME(6)", "timestamp(6)"),
        ("'2026-01-01 00:00:00.123456' + INTERVAL seq SECOND", "timestamp '2026-01-01 00:00:00.123456' + s * sec"),
        "made_at + interval '1 microsecond'",
    ),
    Column(
        "seen_at",
        "an hour",
        ("DATETIME(3)", "timestamptz(6)"),
        ("'2026-01-01 00:00:00.5' + INTERVAL seq SECOND", "timestamptz '2026-01-01 00:00:00.5+00' + s * sec"),
        "seen_at + interval '1 hour'",
    ),
    Column(
        "read_at",
        "a tenth of a millisecond that the target cannot hold",
        ("DATETIME(6)", "timestamp(3)"),
        ("'2026-01-01 00:00:00.123' + INTERVAL seq SECOND", "timestamp '2026-01-01 00:00:00.123' + s * sec"),
        "read_at + INTERVAL 100 MICROSECOND",
        loses=True,
    ),
    Column(
        "due",
        "a day",
        ("DATE", "date"),
        ("'2026-01-01' + INTERVAL MOD(seq, 365) DAY", "date '2026-01-01' + s % 365"),
        "due + 1",
    ),
    Column(
        "data",
        "a member of JSON",
        ("JSON", "jsonb"),
        ("""CONCAT('{"a":', seq, ',"b":2.0}')""", "jsonb_build_object('b', 2, 'a', s)"),
        "jsonb_set(data, '{b}', '3')",
    ),
    Column(
        "raw",
        "a byte",
        ("BINARY(4)", "bytea"),
        ("UNHEX(LPAD(HEX(seq), 8, '0'))", "decode(lpad(to_hex(s), 8, '0'), 'hex')"),
        "set_byte(raw, 0, 255)",
    ),
    Column(
        "uid",
        "another UUID",
        ("CHAR(36)", "uuid"),
        (
            "CONCAT('00000000-0000-4000-8000-', LPAD(seq, 12, '0'))",
            "('00000000-0000-4000-8000-' || lpad(s::text, 12, '0'))::uuid",
        ),
        "gen_random_uuid()",
    ),
)


def fill(both: tuple[Address, Address], table: str, rows: int) -> None:
    """Make the same ``rows`` on both sides."""
    source, target = both
    one, other = (", ".join(f"{column.name} {column.types[side]}" for column in COLUMNS) for side in (0, 1))
    mine, theirs = (", ".join(column.values[side] for column in COLUMNS) for side in (0, 1))
    sql(
        source,
        "SET time_zone = '+00:00'",
        f"CREATE TABLE {table} (id BIGINT PRIMARY KEY, {one}) CHARACTER SET utf8mb4",
        f"INSERT INTO {table} SELECT seq, {mine} FROM seq_1_to_{rows}",
        f"ANALYZE TABLE {table}",
    )
    sql(
        target,
        f"CREATE TABLE {table} (id bigint PRIMARY KEY, {other})",
        f"INSERT INTO {table} SELECT s, {theirs} FROM generate_series(1, {rows}) s, (SELECT interval '1 s' sec) one",
        f"ANALYZE {table}",
    )


def plant(both: tuple[Address, Address], table: str, rows: int) -> None:
    """Make ten differences of every kind."""
    source, target = both
    for column in COLUMNS:
        side = source if column.loses else target
        sql(side, f"UPDATE {table} SET {column.name} = {column.change} WHERE {_among(ids(column.name, rows))}")
    sql(target, f"DELETE FROM {table} WHERE {_among(ids('missing', rows))}")
    sql(target, f"UPDATE {table} SET id = id + {2 * rows} WHERE {_among(ids('another key', rows))}")
    sql(target, f"INSERT INTO {table} (id) SELECT {rows} + s FROM generate_series(1, {EACH}) s")


def ids(kind: str, rows: int) -> list[int]:
    """Return the ids at which a kind is planted, spread over the table."""
    if kind == "extra":
        return [rows + number for number in range(1, EACH + 1)]
    kinds = [*(column.name for column in COLUMNS), *ROW_KINDS]
    step = rows // (EACH * len(kinds))
    return [step * (number * len(kinds) + kinds.index(kind)) + 1 for number in range(EACH)]


def planted(kind: str, rows: int) -> Known:
    """Return what must be told of a kind."""
    found = ids(kind, rows)
    match kind:
        case "missing":
            return {("MISSING", one, "") for one in found}
        case "extra":
            return {("EXTRA", one, "") for one in found}
        case "another key":
            return {("MISSING", one, "") for one in found} | {("EXTRA", one + 2 * rows, "") for one in found}
    return {("DIFFERENT", one, kind) for one in found}


def _among(found: Sequence[int]) -> str:
    return f"id IN ({', '.join(map(str, found))})"
