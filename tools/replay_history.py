"""Runs the same SQL files through EngHub's script runner and through the database's own client, and compares.

    python tools/replay_history.py mariadb FILE_OR_FOLDER ...
    python tools/replay_history.py --history roundcube-mariadb --clone PATH/OF/CLONE/.git --kills 20 --seed 7

Folders are taken in the order of their file names; `histories.toml` names public histories. Both ways start from an
empty database of the test servers (see tests/databases.py); afterwards the catalogs (with the sql_mode of routines)
and all rows must be the same, EngHub's own tables aside, and the journal must hold every statement once, as done.
The client runs twice: columns that differ between its runs (times, random keys) are counted and not compared.

With `--reopen` every part of a script runs in a session of its own, as after a slice that ended; with `--kills` workers
are also killed, at random points of a seed that is printed, and once inside every part of several statements that is
bound to one connection; others go on. Bound parts are listed, and so are statements that EngHub refuses, which are left
out of both ways. Exits with 1 on a difference, or when only one of the two ways fails.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), *(str(path) for path in ROOT.glob("layers/*/python"))]

import sqlalchemy as sa  # noqa: E402

from enghub.core.i18n import Filled, Text  # noqa: E402
from enghub.kit.databases.session import Address  # noqa: E402
from enghub.kit.databases.state import modes_of  # noqa: E402
from enghub.kit.sql.binding import Part, Refused, arrange  # noqa: E402
from enghub.kit.sql.dialect import Dialect  # noqa: E402
from enghub.kit.sql.lint import findings  # noqa: E402
from enghub.kit.sql.splitter import SplitError, Statement, split  # noqa: E402
from enghub.kit.sql.tokens import Modes  # noqa: E402
from enghub.kit.work.errors import WorkFailed  # noqa: E402
from enghub.kit.work.slices import Budget  # noqa: E402
from enghub.upgrade.gateways.databases.journal import STATEMENTS, ScriptJournal, State  # noqa: E402
from enghub.upgrade.gateways.databases.kinds import databases_of  # noqa: E402
from enghub.upgrade.gateways.databases.scripts import Script, ScriptRunner  # noqa: E402
from tests import databases  # noqa: E402
from tools import snapshots  # noqa: E402
from tools.histories import histories  # noqa: E402

_SCOPE = "replay/step"


def main() -> int:
    """Compare both ways."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dialect", nargs="?", choices=[Dialect.MARIADB.value, Dialect.POSTGRESQL.value])
    parser.add_argument("paths", nargs="*", type=Path)
    parser.add_argument("--history", choices=sorted(histories()))
    parser.add_argument("--clone", type=Path, help="git directory of the history's repository")
    parser.add_argument("--reopen", action="store_true", help="a new session between any two parts")
    parser.add_argument("--kills", type=int, default=0, help="how many workers die, at random points")
    parser.add_argument("--seed", type=int, default=None)
    arguments = parser.parse_args()
    seed = random.randrange(10**6) if arguments.seed is None else arguments.seed  # noqa: S311
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        if arguments.history:
            history = histories()[arguments.history]
            dialect, files = history.dialect, history.write(arguments.clone, folder)
        else:
            dialect = Dialect(arguments.dialect)
            files = [f for path in arguments.paths for f in (sorted(path.rglob("*.sql")) if path.is_dir() else [path])]
        return compare(dialect, files, folder, Replay(arguments.reopen or arguments.kills > 0, arguments.kills, seed))


def compare(dialect: Dialect, files: Sequence[Path], folder: Path, replay: "Replay") -> int:
    """Run files both ways, print what was found, return the exit code."""
    runs, client_problem = [], ""
    scripts: list[Planned] = []
    for _ in range(2):
        with databases.database(dialect, folder) as address:
            scripts = scripts or _planned(address, files, folder)
            client_problem = _by_client(address, [script.file for script in scripts])
            runs.append(snapshots.taken(address))
        time.sleep(1.1)  # so that times written to the second differ between the runs
    with databases.database(dialect, folder) as address:
        problem = replay.run(address, scripts)
        found = snapshots.taken(address)
        lines = _journal_differences(address, scripts) if not problem else []
    aside = snapshots.unsteady(*runs)
    lines = snapshots.differences(runs[0], found, aside) + lines
    _print_report(scripts, replay, runs[0], aside)
    _print_dangers(files, dialect)
    for title, text in (("client", client_problem), ("EngHub", problem)):
        print(f"{title}: {text or 'ran to the end'}")
    for line in lines[:40]:
        print(line)
    print(f"{len(lines)} differences")
    return int(bool(lines) or bool(problem) != bool(client_problem))


def _print_report(
    scripts: Sequence["Planned"], replay: "Replay", client: snapshots.Snapshot, aside: frozenset[snapshots.Column]
) -> None:
    for script in scripts:
        for refused in script.refused:
            print(f"refused: {script.name}, line {refused.statement.line}: {_said(refused.reason)}")
        for part in script.bound:
            lines = f"{part.statements[0].line} to {part.statements[-1].line}"
            print(f"bound: {script.name}, lines {lines}: {len(part.statements)} statements: {_said(part.why)}")
    statements = sum(len(script.statements) for script in scripts)
    print(f"{len(scripts)} files, {statements} statements, {client.entries} catalog entries, {client.row_count} rows")
    print(
        f"{replay.sessions} sessions, {replay.killed} killed at random and {replay.killed_inside} inside bound parts "
        f"(seed {replay.seed}), {replay.decided} decided by hand"
    )
    print(
        f"{sum(len(script.bound) for script in scripts)} parts of several statements bound to one connection, "
        f"{sum(len(script.refused) for script in scripts)} statements refused, {len(aside)} columns of times or random "
        f"values not compared: {', '.join(sorted('.'.join(column) for column in aside))}"
    )


def _said(why: Text | Filled | None) -> str:
    return why.render("en") if isinstance(why, Filled) else why.en if why else ""


@dataclass(frozen=True, slots=True)
class Planned:
    """A file, with what is refused taken out of it."""

    name: str
    file: Path
    statements: Sequence[Statement]
    parts: Sequence[Part]
    refused: Sequence[Refused]
    error: str = ""

    @property
    def bound(self) -> list[Part]:
        """The parts of several statements."""
        return [part for part in self.parts if len(part.statements) > 1]


def _planned(address: Address, files: Sequence[Path], folder: Path) -> list[Planned]:
    engine = sa.create_engine(address.url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        modes = modes_of(connection, address.dialect)
    engine.dispose()
    return [_plan(f"{number:04d}/{file.name}", file, folder, address, modes) for number, file in enumerate(files)]


def _plan(name: str, file: Path, folder: Path, address: Address, modes: Modes) -> Planned:
    dialect = address.dialect
    text = file.read_bytes().decode("utf-8")
    refused: list[Refused] = []
    try:
        while True:  # what is taken out may uncover more
            statements = split(text, dialect, modes)
            parts, more = arrange(statements, dialect)
            if not more:
                break
            refused += more
            text = _without(text, {one.statement for one in more}, dialect)
    except SplitError as error:
        return Planned(name, file, (), (), (), str(error))
    if refused:
        file = folder / f"kept_{name.replace('/', '_')}"
        file.write_bytes(text.encode())
    return Planned(name, file, statements, parts, refused)


def _without(text: str, refused: set[Statement], dialect: Dialect) -> str:
    """Put a statement that does nothing in the place of each."""
    text = text.replace("\r\n", "\n") if dialect.is_mysql else text
    lines = text.splitlines(keepends=True)
    for one in sorted(refused, key=lambda statement: -statement.ordinal):
        start = text.index(one.text, sum(map(len, lines[: one.line - 1])))
        text = text[:start] + "SELECT 1" + text[start + len(one.text) :]
        lines = text.splitlines(keepends=True)
    return text


def _by_client(address: Address, files: Sequence[Path]) -> str:
    url = address.url
    password = {"MYSQL_PWD": url.password or "", "PGPASSWORD": url.password or ""}
    if address.dialect is Dialect.MARIADB:
        command = ["mariadb", "--skip-ssl", f"-h{url.host}", f"-P{url.port or 3306}", f"-u{url.username}"]
        command += ["--comments", "--default-character-set=utf8mb4", str(url.database)]
    else:
        command = ["psql", "-q", "-v", "ON_ERROR_STOP=1", "-h", str(url.host), "-p", str(url.port or 5432)]
        command += ["-U", str(url.username), "-d", str(url.database)]
    for file in files:
        with file.open("rb") as script:
            done = subprocess.run(
                command, stdin=script, capture_output=True, text=True, check=False, env={**os.environ, **password}
            )
        if done.returncode:
            return f"{file.name}: {' '.join(done.stderr.split())[-300:]}"
    return ""


class KilledError(BaseException):
    """The worker is gone: nothing catches it but the one that starts the next."""


@dataclass(slots=True)
class Replay:
    """Runs scripts as upgrades do: a session per file at least."""

    reopen: bool
    kills: int
    seed: int
    sessions: int = 0
    killed: int = 0
    killed_inside: int = 0
    decided: int = 0
    _inside: set[tuple[str, int]] = field(default_factory=set)
    _last: str = ""

    def run(self, address: Address, scripts: Sequence[Planned]) -> str:
        """Run all scripts; return why it stopped, nothing when it did not."""
        chance = random.Random(self.seed)  # noqa: S311 - a seed that can be given again
        slices = sum(len(script.parts) for script in scripts) if self.reopen else len(scripts)
        for script in scripts:
            if script.error:
                return f"{script.file.name}: {script.error}"
            try:
                self._run_script(address, script, chance, 2 * self.kills / max(slices, 1))
            except WorkFailed as error:
                return f"{script.file.name}: {str(error)[:600]}"
        return ""

    def _run_script(self, address: Address, script: Planned, chance: random.Random, often: float) -> None:
        decision = None
        while True:
            self.sessions += 1
            dies = self.killed < self.kills and chance.random() < often
            after = chance.randrange(1, 4 if self.reopen else 40) if dies else 0
            try:
                if self._slice(address, script, _Death(after, chance), decision):
                    return
                decision = None
            except KilledError:
                pass
            except WorkFailed as failed:
                if decision is not None or "catalog cannot show" not in str(failed):
                    raise
                decision = "again" if self._last == "intent" else "applied"
                self.decided += 1

    def _slice(self, address: Address, script: Planned, death: "_Death", decision: str | None) -> bool:
        budget = Budget.of(0 if self.reopen else 3600, 3600)
        passed = 0

        def point(reached: str) -> None:
            nonlocal passed
            passed += 1
            self._last = reached
            if passed == death.after:
                self.killed_inside += death.inside
                self.killed += not death.inside
                raise KilledError

        with databases_of(address, 1).writer(budget) as session:
            if self.kills:
                with session.transaction() as connection:
                    known = ScriptJournal(_SCOPE, script.name, "REPLAY").entries(connection)
                done = {ordinal for ordinal, entry in known.items() if entry.state is State.DONE}
                self._die_inside(script, done, death)
            runner = ScriptRunner(session, _SCOPE, "REPLAY", budget, not self.reopen, decision, point)
            return runner.run(Script(script.name, script.statements)).finished

    def _die_inside(self, script: Planned, done: set[int], death: "_Death") -> None:
        """Let the worker die inside the part that comes next, when it is bound and none has yet."""
        waiting = (part for part in script.parts if not done.issuperset(one.ordinal for one in part.statements))
        part = next(waiting, None)
        if part is None or len(part.statements) == 1:
            return
        place = (script.name, part.statements[0].ordinal)
        if place not in self._inside:
            self._inside.add(place)
            death.after = death.chance.randrange(1, len(part.statements))
            death.inside = True


@dataclass(slots=True)
class _Death:
    """After how many points a worker dies; 0 is never."""

    after: int
    chance: random.Random
    inside: bool = False


def _journal_differences(address: Address, scripts: Sequence[Planned]) -> list[str]:
    """The journal must hold every statement once, as done."""
    expected = Counter(
        (script.name, one.ordinal, one.digest, State.DONE.value) for script in scripts for one in script.statements
    )
    engine = sa.create_engine(address.url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        table = STATEMENTS.c
        query = sa.select(table.script, table.ordinal, table.digest, table.state).where(table.scope == _SCOPE)
        found = Counter(tuple(row) for row in connection.execute(query))
    engine.dispose()
    return [f"the journal lacks {entry}" for entry in expected - found] + [
        f"the journal has {entry}" for entry in found - expected
    ]


def _print_dangers(files: Sequence[Path], dialect: Dialect) -> None:
    counts: Counter[str] = Counter()
    for file in files:
        try:
            statements = split(file.read_text("utf-8"), dialect)
        except SplitError:
            continue
        counts.update(finding.danger.value for finding in findings(file.name, statements, dialect))
    print("lint: " + (", ".join(f"{danger} {count}" for danger, count in counts.most_common()) or "nothing"))


if __name__ == "__main__":
    sys.exit(main())
