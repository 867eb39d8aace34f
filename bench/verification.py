"""Compares 1,000,000 rows of MariaDB with PostgreSQL, as a slice of a verification does (OPS-06): time and memory.

``python -m bench.verification [rows]``; exits with 1 over 5 minutes or 256 MB.
"""

import resource
import sys
import tempfile
import time
from pathlib import Path

from enghub.golive.comparisons.model import TableCheck, Wanted
from enghub.golive.gateways.verifying import Found, slice_of
from enghub.kit.databases.session import Address
from enghub.kit.sql.dialect import Dialect
from enghub.kit.work.slices import Budget
from tests.databases import database, sql

MOST_SECONDS, MOST_MB = 300.0, 256.0
CREATE = "CREATE TABLE orders (id BIGINT PRIMARY KEY, number VARCHAR(20), amount DECIMAL(12,2), at {time}, open {flag})"
MARIADB = """INSERT INTO orders SELECT seq, CONCAT('SO-', seq), seq / 7, '2026-01-01' + INTERVAL seq SECOND, seq % 2
FROM seq_1_to_{rows}"""
POSTGRESQL = """INSERT INTO orders SELECT s, 'SO-' || s, round(s / 7.0, 2), timestamp '2026-01-01' + s * interval '1 s',
s % 2 = 1 FROM generate_series(1, {rows}) s"""


def fill(source: Address, target: Address, rows: int) -> None:
    """Make the same rows on both sides, and plant three differences."""
    sql(source, CREATE.format(time="DATETIME", flag="TINYINT(1)"), MARIADB.format(rows=rows))
    sql(target, CREATE.format(time="timestamp", flag="boolean"), POSTGRESQL.format(rows=rows))
    sql(target, f"UPDATE orders SET amount = amount + 0.01 WHERE id = {rows // 2}", "DELETE FROM orders WHERE id = 7")
    sql(target, f"INSERT INTO orders VALUES ({rows + 1}, 'SO-X', 1, now(), true)")


def compare(source: Address, target: Address) -> tuple[Found, float]:
    """Return what a whole comparison finds, and its seconds."""
    first, second = ({"url": one.url.render_as_string(hide_password=False)} for one in (source, target))
    began, cursor, total = time.monotonic(), "", Found()
    while True:
        wanted = Wanted("a", "b", (TableCheck("orders", "orders"),))
        found, following = slice_of((first, second), wanted, cursor, Budget.of(420, 880))
        total.rows += found.rows
        total.counts += found.counts
        if following is None:
            return total, time.monotonic() - began
        cursor = following


def main() -> int:
    """Measure; the figures go to standard output."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with (
        tempfile.TemporaryDirectory() as folder,
        database(Dialect.MARIADB, Path(folder)) as source,
        database(Dialect.POSTGRESQL, Path(folder)) as target,
    ):
        fill(source, target, rows)
        found, seconds = compare(source, target)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(f"{found.rows:,} rows, {dict(found.counts)}, {seconds:.0f} s, peak {peak:.0f} MB\n")
    expected = {"MISSING": 1, "EXTRA": 1, "DIFFERENT": 1}
    return 0 if found.counts == expected and seconds < MOST_SECONDS and peak < MOST_MB else 1


if __name__ == "__main__":
    sys.exit(main())
