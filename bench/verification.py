"""Compares 1,000,000 rows of MariaDB with PostgreSQL, as a verification does (OPS-06), beside reladiff.

Both get the same two databases, and a process of their own. Ten differences of every kind are planted, everything else
differs in representation alone. A kind is tried by itself on a small table; then all rows are compared, by reladiff in
the columns that it got right. It is no development dependency: what bench/reladiff.txt pins is installed into
.build/bench (`uv pip compile --generate-hashes bench/reladiff.in` makes that file).
"""

import hashlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.processes import environment, installed
from bench.verification_kinds import COLUMNS, EACH, ROW_KINDS, fill, plant, planted
from enghub.kit.databases.session import Address
from enghub.kit.sql.dialect import Dialect
from tests.databases import database

ROWS, FEW = 1_000_000, 5_000
MOST_SECONDS, MOST_MB = 300.0, 256.0
PINNED = Path(__file__).with_name("reladiff.txt")
ALL = tuple(column.name for column in COLUMNS)
Section = tuple[str, list[str], list[list[str]]]
Both = tuple[Address, Address]


@dataclass(frozen=True)
class Told:
    """What a tool told of a table, and what it cost; ``rows`` are those of a side that it fetched."""

    found: frozenset[tuple[str, int, str]]
    seconds: float
    cpu: float
    peak_mb: float
    rows: int
    refused: str
    said: str

    def of(self, kind: str, rows: int) -> int:
        """Return how many of a kind's planted differences it told."""
        wanted = planted(kind, rows)
        return len(wanted & self.found) * EACH // len(wanted)

    def false(self, rows: int, kinds: Sequence[str]) -> int:
        """Return how many it told that are none of the planted ``kinds``."""
        return len(self.found.difference(*(planted(kind, rows) for kind in kinds)))


Tool = Callable[[Both, str, Sequence[str]], Told]


def enghub(both: Both, table: str, columns: Sequence[str]) -> Told:
    """Compare by a verification."""
    one, other = (address.url.render_as_string(hide_password=False) for address in both)
    job = {"source": one, "target": other, "table": table, "columns": list(columns)}
    return _told([sys.executable, "-m", "bench.verification_worker"], job, environment())


def reladiff(both: Both, table: str, columns: Sequence[str]) -> Told:
    """Compare by reladiff, on its own packages alone."""
    name = f"reladiff-{hashlib.sha256(PINNED.read_bytes()).hexdigest()[:12]}"
    pip = [sys.executable, "-m", "uv", "pip", "install", "--no-deps", "--require-hashes"]
    home = installed(name, lambda to: [*pip, "--target", to, "--requirement", str(PINNED)])
    job = {"source": _login(both[0]), "target": _login(both[1]), "table": table, "columns": list(columns)}
    worker = str(Path(__file__).with_name("reladiff_worker.py"))
    return _told([sys.executable, "-S", worker], job, {**environment(), "PYTHONPATH": str(home)})


def _login(address: Address) -> dict[str, Any]:
    url, is_source = address.url, address.dialect is Dialect.MARIADB
    made = {"driver": "mysql" if is_source else "postgresql", "host": url.host, "port": url.port, "user": url.username}
    password = {"password": url.password or ""} if url.password or is_source else {}
    return {**made, **password, "database" if is_source else "dbname": url.database}


def _told(command: list[str], job: dict[str, Any], names: dict[str, str]) -> Told:
    done = subprocess.run([*command, json.dumps(job)], capture_output=True, text=True, check=False, env=names)
    if done.returncode:
        raise RuntimeError(f"{command}: {done.stderr[-2000:]}")
    found = json.loads(done.stdout)
    told = frozenset((kind, key, column) for kind, key, column in found["found"])
    return Told(
        told,
        found["seconds"],
        found["cpu"],
        found["peakMb"],
        found["rows"],
        found.get("refused", ""),
        found.get("said", ""),
    )


def sections(over: list[str], rows: int = ROWS) -> list[Section]:
    """Measure both; what misses its figure is added to ``over``."""
    with (
        tempfile.TemporaryDirectory() as folder,
        database(Dialect.MARIADB, Path(folder)) as source,
        database(Dialect.POSTGRESQL, Path(folder)) as target,
    ):
        both = (source, target)
        for table, count in (("few", FEW), ("many", rows)):
            fill(both, table, count)
        plant(both, "few", FEW)
        kinds, right = _kinds(both, over)
        whole = _whole(both, right, rows, over)
    return [
        (f"Verification by kind ({FEW:,} rows of MariaDB and PostgreSQL, each kind by itself)", _HEAD, kinds),
        (f"Verification of {rows:,} rows (MariaDB and PostgreSQL on the same machine)", _COST, whole),
    ]


_HEAD = ["what differs (10 planted)", "types", "EngHub found", "false", "reladiff found", "false", "it says"]
_COST = ["tool", "columns", "seconds", "CPU s of it", "peak MB", "rows fetched", "found", "false"]


def _kinds(both: Both, over: list[str]) -> tuple[list[list[str]], list[str]]:
    """Return a line per kind, and the columns in which reladiff is right."""
    lines, right = [], []
    for column in COLUMNS:
        ours, theirs = (tool(both, "few", [column.name]) for tool in (enghub, reladiff))
        kinds = (column.name, *ROW_KINDS)
        _hold(over, column.name, ours, kinds, FEW)
        if theirs.of(column.name, FEW) == EACH and not theirs.false(FEW, kinds):
            right.append(column.name)
        lines.append(_kind(column.says, " / ".join(column.types), column.name, (ours, theirs), kinds))
    told = (enghub(both, "few", ["due"]), reladiff(both, "few", ["due"]))
    lines += [_kind(f"a row: {kind}", "", kind, told, [*ROW_KINDS, "due"]) for kind in ROW_KINDS]
    return lines, right


def _kind(says: str, types: str, kind: str, told: tuple[Told, Told], kinds: Sequence[str]) -> list[str]:
    cells = [cell for one in told for cell in (str(one.of(kind, FEW)), str(one.false(FEW, kinds)))]
    if told[1].refused:
        cells[2:] = ["refused", ""]
    is_wrong = told[1].of(kind, FEW) < EACH or told[1].false(FEW, kinds)
    return [says, types, *cells, (told[1].refused or told[1].said).replace("|", "/") if is_wrong else ""]


def _whole(both: Both, right: list[str], rows: int, over: list[str]) -> list[list[str]]:
    """Return a line per tool and columns, first of equal tables, then with what is planted."""
    lines = []
    for is_planted in (False, True):
        if is_planted:
            plant(both, "many", rows)
        for name, tool, columns in (("EngHub", enghub, ALL), ("EngHub", enghub, right), ("reladiff", reladiff, right)):
            told = tool(both, "many", columns)
            if tool is enghub:
                _hold(over, f"{rows} rows", told, (*columns, *ROW_KINDS) if is_planted else (), rows)
            lines.append([name, *_cost(columns, told, rows, is_planted=is_planted)])
    return lines


def _cost(columns: Sequence[str], told: Told, rows: int, *, is_planted: bool) -> list[str]:
    kinds = (*columns, *ROW_KINDS) if is_planted else ()
    found = f"{sum(told.of(kind, rows) for kind in kinds)} of {EACH * len(kinds)}"
    costs = [f"{told.seconds:.0f}", f"{told.cpu:.0f}", f"{told.peak_mb:.0f}", f"{told.rows:,}"]
    return [f"{len(columns)} of {len(ALL)}", *costs, found, str(told.false(rows, kinds))]


def _hold(over: list[str], what: str, told: Told, kinds: Sequence[str], rows: int) -> None:
    """Add to ``over`` what is not as it must be."""
    lacking = [kind for kind in kinds if told.of(kind, rows) < EACH]
    if lacking or told.false(rows, kinds):
        over.append(f"verification of {what}: not all found of {lacking}, {told.false(rows, kinds)} false")
    if told.seconds > MOST_SECONDS * max(1, rows / ROWS) or told.peak_mb > MOST_MB:
        over.append(f"verification of {what}: {told.seconds:.0f} s, {told.peak_mb:.0f} MB")
