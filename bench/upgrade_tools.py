"""EngHub's script runner beside the database's own client, Alembic and dbmate, on the same scripts.

Alembic and dbmate are no development dependencies: they are installed into .build/bench when the benchmark runs, and
reported as missing where that is impossible.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

import sqlalchemy as sa

from bench.processes import installed
from bench.upgrade_worker import work
from enghub.kit.sql.dialect import Dialect
from tests import databases

FILES = 20


def scripts() -> dict[str, str]:
    """Twenty scripts of ten statements: tables, columns, indexes and rows."""
    made = {}
    for number in range(1, FILES + 1):
        table = f"t{number:02d}"
        lines = [f"CREATE TABLE {table} (id BIGINT PRIMARY KEY, name VARCHAR(40) NOT NULL) ENGINE=InnoDB;"]
        lines += [f"INSERT INTO {table} (id, name) VALUES ({n}, 'row {n}; 100');" for n in range(1, 6)]
        lines += [
            f"ALTER TABLE {table} ADD COLUMN note VARCHAR(20) NULL;",
            f"CREATE INDEX i_{table} ON {table} (name);",
            f"UPDATE {table} SET note = 'kept' WHERE id > 2;",
            f"DELETE FROM {table} WHERE id = 5;",
        ]
        made[f"{20260000000000 + number}_step.sql"] = "\n".join(lines) + "\n"
    return made


def compare(folder: Path) -> list[list[str]]:
    """Return a row per tool; every tool gets an empty database."""
    files = folder / "scripts"
    files.mkdir()
    for name, text in scripts().items():
        (files / name).write_text(text, "utf-8")
    rows, client = [], None
    for name, tool in {"mariadb client": _client, "EngHub": _enghub, "Alembic": _alembic, "dbmate": _dbmate}.items():
        try:
            with databases.database(Dialect.MARIADB, folder) as address:
                seconds = tool(address.url, files)
        except (OSError, subprocess.SubprocessError) as error:
            rows.append([name, "missing", "", " ".join(str(error).split())[:80]])
            continue
        client = client or seconds
        rows.append([name, f"{seconds:.2f}", f"{seconds / client:.1f}", _NOTES[name]])
    return rows


_NOTES = {
    "mariadb client": "no journal",
    "EngHub": "every statement journalled before and after",
    "Alembic": "one row per script",
    "dbmate": "one row per script",
}


def _timed(command: list[str], **options: object) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, timeout=300, **options)  # type: ignore[call-overload]
    return time.perf_counter() - started


def _client(url: sa.URL, files: Path) -> float:
    text = "".join(path.read_text("utf-8") for path in sorted(files.iterdir()))
    password = [f"--password={url.password}"] if url.password else []
    command = ["mariadb", "--skip-ssl", f"--host={url.host}", f"--port={url.port or 3306}", f"--user={url.username}"]
    return _timed([*command, *password, str(url.database)], input=text.encode())


def _enghub(url: sa.URL, files: Path) -> float:
    names = sorted(path.name for path in files.iterdir())
    seconds: float = work(url, "enghub.SqlScripts", {"sql_scripts": names}, folder=str(files))["seconds"]
    return seconds


def _alembic(url: sa.URL, files: Path) -> float:
    target = installed("alembic", lambda to: [sys.executable, "-m", "uv", "pip", "install", "--target", to, "alembic"])
    home = files.parent / "alembic"
    (home / "versions").mkdir(parents=True)
    (home / "env.py").write_text(
        "import sqlalchemy as sa\nfrom alembic import context\n"
        "engine = sa.create_engine(context.config.get_main_option('sqlalchemy.url'))\n"
        "with engine.connect() as connection:\n    context.configure(connection=connection)\n"
        "    with context.begin_transaction():\n        context.run_migrations()\n",
        "utf-8",
    )
    before: str | None = None
    for path in sorted(files.iterdir()):
        revision = path.name.split("_")[0]
        statements = [line.rstrip(";") for line in path.read_text("utf-8").splitlines()]
        (home / "versions" / f"r{revision}.py").write_text(
            f"from alembic import op\nrevision = {revision!r}\ndown_revision = {before!r}\n"
            f"def upgrade():\n    for statement in {statements!r}:\n        op.execute(statement)\n",
            "utf-8",
        )
        before = revision
    address = url.render_as_string(hide_password=False)
    (home / "alembic.ini").write_text(
        f"[alembic]\nscript_location = {home}\nsqlalchemy.url = {address.replace('%', '%%')}\n", "utf-8"
    )
    command = [sys.executable, "-c", "from alembic.config import main; main()", "-c", str(home / "alembic.ini")]
    return _timed([*command, "upgrade", "head"], env={**os.environ, "PYTHONPATH": str(target)})


def _dbmate(url: sa.URL, files: Path) -> float:
    target = installed("dbmate", lambda to: ["npm", "install", "--silent", "--no-save", "--prefix", to, "dbmate"])
    program = next((path for path in sorted(target.glob("node_modules/@dbmate/*/bin/dbmate"))), None)
    if program is None:
        raise FileNotFoundError("the package brought no program for this machine")
    migrations = files.parent / "dbmate"
    migrations.mkdir()
    for path in files.iterdir():
        (migrations / path.name).write_text(f"-- migrate:up\n{path.read_text('utf-8')}-- migrate:down\n", "utf-8")
    password = f":{url.password}" if url.password else ""
    address = f"mysql://{url.username}{password}@{url.host}:{url.port or 3306}/{url.database}"
    flags = ["--no-dump-schema", "--migrations-dir", str(migrations), "--url", address]
    return _timed([str(program), *flags, "migrate"])
