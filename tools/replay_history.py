"""Runs the same SQL files through EngHub's script runner and through the database's own client, and compares.

    python tools/replay_history.py mariadb FILE_OR_FOLDER ...

Folders are taken in the order of their file names. Both ways start from an empty database of the test servers (see
tests/databases.py); afterwards the catalogs and the row counts must be the same, EngHub's own tables aside. The tool
also says what the lint finds. Exits with 1 on a difference, or when only one of the two ways fails.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), *(str(path) for path in ROOT.glob("layers/*/python"))]

import sqlalchemy as sa  # noqa: E402

from enghub.kit.databases.session import Address  # noqa: E402
from enghub.kit.sql.dialect import Dialect  # noqa: E402
from enghub.kit.sql.lint import findings  # noqa: E402
from enghub.kit.sql.splitter import SplitError, split  # noqa: E402
from enghub.kit.work.errors import WorkFailed  # noqa: E402
from enghub.kit.work.slices import Budget  # noqa: E402
from enghub.upgrade.gateways.databases.journal import OWN_TABLES  # noqa: E402
from enghub.upgrade.gateways.databases.kinds import databases_of  # noqa: E402
from enghub.upgrade.gateways.databases.scripts import Script, ScriptRunner  # noqa: E402
from tests import databases  # noqa: E402

_MARIADB = {
    "columns": "SELECT TABLE_NAME, ORDINAL_POSITION, COLUMN_NAME, COLUMN_DEFAULT, IS_NULLABLE, COLUMN_TYPE, "
    "COLLATION_NAME, EXTRA, COLUMN_COMMENT FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()",
    "indexes": "SELECT TABLE_NAME, INDEX_NAME, NON_UNIQUE, SEQ_IN_INDEX, COLUMN_NAME, SUB_PART "
    "FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE()",
    "keys": "SELECT TABLE_NAME, CONSTRAINT_NAME, CONSTRAINT_TYPE "
    "FROM information_schema.TABLE_CONSTRAINTS WHERE TABLE_SCHEMA = DATABASE()",
    "references": "SELECT TABLE_NAME, CONSTRAINT_NAME, REFERENCED_TABLE_NAME, UPDATE_RULE, DELETE_RULE "
    "FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = DATABASE()",
    "routines": "SELECT ROUTINE_NAME, ROUTINE_TYPE, ROUTINE_DEFINITION "
    "FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE()",
    "triggers": "SELECT EVENT_OBJECT_TABLE, TRIGGER_NAME, ACTION_STATEMENT "
    "FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()",
}
_POSTGRESQL = {
    "columns": "SELECT table_name, ordinal_position, column_name, column_default, is_nullable, data_type, "
    "character_maximum_length, numeric_precision FROM information_schema.columns WHERE table_schema = 'public'",
    "indexes": "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "keys": "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
    "WHERE connamespace = 'public'::regnamespace AND conrelid <> 0",
    "routines": "SELECT proname, proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
    "triggers": "SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
}
Catalog = dict[str, Counter[str]]


def main() -> int:
    """Compare both ways."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dialect", choices=[Dialect.MARIADB.value, Dialect.POSTGRESQL.value])
    parser.add_argument("paths", nargs="+", type=Path)
    arguments = parser.parse_args()
    dialect = Dialect(arguments.dialect)
    files = [file for path in arguments.paths for file in (sorted(path.rglob("*.sql")) if path.is_dir() else [path])]
    with tempfile.TemporaryDirectory() as folder:
        with databases.database(dialect, Path(folder)) as address:
            client_problem = _by_client(address, files)
            expected = _catalog(address)
        with databases.database(dialect, Path(folder)) as address:
            statements, problem = _by_enghub(address, files)
            found = _catalog(address)
    differences = _differences(expected, found)
    print(f"{len(files)} files, {statements} statements, {sum(map(len, expected.values()))} catalog entries")
    _print_dangers(files, dialect)
    for title, text in (("client", client_problem), ("EngHub", problem)):
        print(f"{title}: {text or 'ran to the end'}")
    for line in differences[:40]:
        print(line)
    print(f"{len(differences)} differences")
    return int(bool(differences) or bool(problem) != bool(client_problem))


def _by_client(address: Address, files: Sequence[Path]) -> str:
    url = address.url
    password = {"MYSQL_PWD": url.password or "", "PGPASSWORD": url.password or ""}
    if address.dialect is Dialect.MARIADB:
        command = ["mariadb", "--skip-ssl", f"-h{url.host}", f"-P{url.port or 3306}", f"-u{url.username}"]
        command += ["--default-character-set=utf8mb4", str(url.database)]
    else:
        command = ["psql", "-q", "-v", "ON_ERROR_STOP=1", "-h", str(url.host), "-p", str(url.port or 5432)]
        command += ["-U", str(url.username), "-d", str(url.database)]
    for file in files:
        with file.open("rb") as script:
            done = subprocess.run(
                command, stdin=script, capture_output=True, text=True, check=False, env={**os.environ, **password}
            )
        if done.returncode:
            return f"{file.name}: {' '.join(done.stderr.split())[:300]}"
    return ""


def _by_enghub(address: Address, files: Sequence[Path]) -> tuple[int, str]:
    count = 0
    budget = Budget.of(3600, 3600)
    with databases_of(address, 1).writer(budget) as session:
        runner = ScriptRunner(session, "replay/step", "REPLAY", budget, whole_script=True)
        for number, file in enumerate(files):
            try:
                statements = split(file.read_text("utf-8"), address.dialect)
                runner.run(Script(f"{number:03d}/{file.name}", statements))
            except (SplitError, WorkFailed) as error:
                return count, f"{file.name}: {str(error)[:300]}"
            count += len(statements)
    return count, ""


def _catalog(address: Address) -> Catalog:
    engine = sa.create_engine(address.url, poolclass=sa.NullPool)
    queries = _MARIADB if address.dialect is Dialect.MARIADB else _POSTGRESQL
    with engine.connect() as connection:
        found = {
            part: Counter(repr(tuple(row)) for row in connection.execute(sa.text(sql)) if row[0] not in OWN_TABLES)
            for part, sql in queries.items()
        }
        names = sorted(set(sa.inspect(connection).get_table_names()) - OWN_TABLES)
        quote = connection.dialect.identifier_preparer.quote_identifier
        counts = {}
        for name in names:
            sql = f"SELECT COUNT(*) FROM {quote(name)}"  # noqa: S608 - a quoted name of the catalog
            counts[name] = f"{name}: {connection.exec_driver_sql(sql).scalar()}"
        found["rows"] = Counter(counts.values())
    engine.dispose()
    return found


def _differences(expected: Catalog, found: Catalog) -> list[str]:
    lines = []
    for part, entries in expected.items():
        lines += [f"only the client has {part}: {entry[:200]}" for entry in entries - found[part]]
        lines += [f"only EngHub has {part}: {entry[:200]}" for entry in found[part] - entries]
    return lines


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
