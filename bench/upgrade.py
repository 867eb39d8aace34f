"""Upgrades on MariaDB with a million rows, each step beside a raw client that does the same work (UPG figures)."""

import contextlib
import json
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pymysql
import sqlalchemy as sa

from bench import upgrade_tools
from bench.upgrade_worker import work
from enghub.kit.sql.dialect import Dialect
from tests import databases

ROWS = 1_000_000
LIMIT_MB = 256
Section = tuple[str, list[str], list[list[str]]]

_SEED = f"""
    INSERT INTO {{name}} SELECT seq, MOD(seq, 7), MOD(seq * 7919, 1000000) / 100, CONCAT('order ', seq), NOW()
    FROM seq_1_to_{ROWS}"""
_TABLE = """CREATE TABLE {name} (id BIGINT PRIMARY KEY, status INT NOT NULL, amount DECIMAL(12,2) NOT NULL,
    note VARCHAR(60) NOT NULL, changed DATETIME NOT NULL) ENGINE=InnoDB"""
_TARGET = """CREATE TABLE {name} (id BIGINT PRIMARY KEY, state VARCHAR(10) NOT NULL, cents BIGINT NOT NULL,
    note VARCHAR(60) NOT NULL) ENGINE=InnoDB"""
_STATES = "CASE CAST(status AS CHAR) WHEN '0' THEN 'OPEN' WHEN '1' THEN 'PAID' ELSE 'OTHER' END"
_MOVE = f"SELECT id, {_STATES}, amount * 100, UPPER(TRIM(note)) FROM orders"
_CHECKS = {
    "negative": "SELECT COUNT(*) FROM orders WHERE amount < 0",
    "control characters": "SELECT COUNT(*) FROM orders WHERE note REGEXP '[[:cntrl:]]'",
    "doubles": "SELECT COALESCE(SUM(n), 0) FROM (SELECT COUNT(*) n FROM orders GROUP BY note HAVING COUNT(*) > 1) d",
}
_CACHED = ["id", "status", "amount", "note"]
_MAPPING = {
    "id": "id",
    "state": {"column": "status", "map": {"0": "OPEN", "1": "PAID"}, "default": "OTHER"},
    "cents": {"expression": "amount * 100"},
    "note": {"column": "note", "transform": ["trim", "upper"]},
}


@dataclass(frozen=True)
class Case:
    """A step, what it must reach, and the same work by a raw client."""

    name: str
    class_name: str
    parameters: dict[str, Any]
    raw: Callable[[Any, str], None]
    limit_seconds: float | None = None
    limit_rate: float | None = None


def _raw_checks(cursor: Any, _: str) -> None:
    for sql in _CHECKS.values():
        cursor.execute(sql)
        cursor.fetchall()


def _raw_move(cursor: Any, _: str) -> None:
    cursor.execute(_TARGET.format(name="orders_raw"))
    for low in range(0, ROWS, 50_000):
        cursor.execute(f"INSERT INTO orders_raw {_MOVE} WHERE id > {low} AND id <= {low + 50_000}")
        cursor.connection.commit()


def _raw_update(cursor: Any, _: str) -> None:
    for low in range(0, ROWS, 50_000):
        cursor.execute(f"UPDATE orders_copy SET amount = amount + 1 WHERE id > {low} AND id <= {low + 50_000}")
        cursor.connection.commit()


def _raw_index(cursor: Any, _: str) -> None:
    cursor.execute("CREATE INDEX i_raw ON orders_copy (status, changed)")


def _raw_cache(cursor: Any, redis_url: str) -> None:
    import redis  # noqa: PLC0415

    client = redis.Redis.from_url(redis_url)
    cursor.execute("SELECT id, status, amount, note FROM orders")
    while rows := cursor.fetchmany(2_000):
        pipe = client.pipeline(transaction=False)
        for row in rows:
            pipe.set(f"raw:{row[0]}", json.dumps([str(value) for value in row]))
        pipe.execute()


CASES = (
    Case(
        "business check",
        "enghub.BusinessCheck",
        {"checks": [{"id": n, "sql": sql, "threshold": ROWS, "timeout_seconds": 120} for n, sql in _CHECKS.items()]},
        _raw_checks,
        limit_seconds=120,
    ),
    Case(
        "row migration",
        "enghub.RowMigration",
        {"migrations": [{"name": "orders", "source": "orders", "target": "orders_v2", "mapping": _MAPPING}]},
        _raw_move,
        limit_seconds=1800,
        limit_rate=5_000,
    ),
    Case(
        "asynchronous migration",
        "enghub.AsynchronousMigration",
        {"async_migrations": [{"name": "n", "source": "orders", "mapping": {"amount": {"expression": "amount + 1"}}}]},
        _raw_update,
        limit_rate=5_000,
    ),
    Case(
        "index",
        "enghub.IndexOptimisation",
        {"indexes": [{"table": "orders", "name": "i_bench", "columns": ["status", "changed"]}], "analyze": ["orders"]},
        _raw_index,
        limit_seconds=300,
    ),
    Case(
        "cache rebuild",
        "enghub.CacheRebuild",
        {"caches": [{"name": "orders", "table": "orders", "key": "order:{id}", "columns": _CACHED}]},
        _raw_cache,
        limit_rate=1_000,
    ),
)


def sections(over: list[str]) -> list[Section]:
    """Measure every case and the script runners; what misses its figure is added to `over`."""
    with tempfile.TemporaryDirectory() as folder, _redis() as redis_url:
        with databases.database(Dialect.MARIADB, Path(folder)) as address:
            url = address.url
            _execute(url, _TABLE.format(name="orders"), _SEED.format(name="orders"), _TARGET.format(name="orders_v2"))
            _execute(url, _TABLE.format(name="orders_copy"), _SEED.format(name="orders_copy"))
            rows = [_row(case, url, redis_url, over) for case in CASES]
        scripts = upgrade_tools.compare(Path(folder))
    head = ["step, 1,000,000 rows", "seconds", "rows/s", "must", "raw client seconds", "x raw", "slices", "peak MB"]
    return [
        ("Upgrade steps on MariaDB (one process per step)", head, rows),
        ("Scripts on MariaDB (the same files, empty database)", ["tool", "seconds", "x client", "note"], scripts),
    ]


def _row(case: Case, url: sa.URL, redis_url: str, over: list[str]) -> list[str]:
    raw = _raw_seconds(case, url, redis_url)
    figures = work(url, case.class_name, case.parameters, redis_url=redis_url)
    seconds, rate = figures["seconds"], ROWS / figures["seconds"]
    if case.limit_seconds is not None and seconds > case.limit_seconds:
        over.append(f"{case.name}: {seconds:.0f} s, {case.limit_seconds:.0f} s allowed")
    if case.limit_rate is not None and rate < case.limit_rate:
        over.append(f"{case.name}: {rate:.0f} rows/s, {case.limit_rate:.0f} wanted")
    if figures["peakMb"] > LIMIT_MB:
        over.append(f"{case.name}: {figures['peakMb']:.0f} MB, {LIMIT_MB} allowed")
    must = [f"< {case.limit_seconds:.0f} s"] if case.limit_seconds else []
    must += [f">= {case.limit_rate:,.0f}/s"] if case.limit_rate else []
    return [
        case.name,
        f"{seconds:.1f}",
        f"{rate:,.0f}",
        ", ".join(must),
        f"{raw:.1f}",
        f"{seconds / raw:.2f}",
        str(figures["slices"]),
        f"{figures['peakMb']:.0f}",
    ]


def _raw_seconds(case: Case, url: sa.URL, redis_url: str) -> float:
    kind = pymysql.cursors.SSCursor if case.raw is _raw_cache else pymysql.cursors.Cursor
    connection = pymysql.connect(
        host=url.host or "",
        port=url.port or 3306,
        user=url.username or "",
        password=url.password or "",
        database=url.database or "",
        cursorclass=kind,
        ssl_disabled=True,
    )
    started = time.perf_counter()
    with connection, connection.cursor() as cursor:
        case.raw(cursor, redis_url)
        connection.commit()
        return time.perf_counter() - started


def _execute(url: sa.URL, *statements: str) -> None:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


@contextlib.contextmanager
def _redis() -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        for _ in range(100):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.05)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.terminate()
        server.wait(10)
