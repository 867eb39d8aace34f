"""Real databases for tests: each test gets its own database or file, and drops it.

Addresses: ENGHUB_TEST_MARIADB_URL and ENGHUB_TEST_POSTGRES_URL, else 127.0.0.1:3306 (root, no password) and
127.0.0.1:5432 (postgres, trust). Where nothing answers, a private server is started if its binary is installed;
otherwise the test fails with the line to type. Nothing is skipped.
"""

import atexit
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from enghub.kit.databases.session import Address
from enghub.kit.sql.dialect import Dialect

MARIADB = "mariadb+pymysql://root@127.0.0.1:3306/?ssl_disabled=true"
"""Without TLS: preparing it costs the driver 0.1 s per connection, and the crash tests open hundreds."""
POSTGRES = "postgresql+psycopg://postgres@127.0.0.1:5432/test"
DIALECTS = (Dialect.SQLITE, Dialect.MARIADB, Dialect.POSTGRESQL)
START_SECONDS = 40


@contextlib.contextmanager
def database(dialect: Dialect, folder: Path) -> Iterator[Address]:
    """A fresh database, gone afterwards."""
    name = f"enghub_{uuid4().hex[:16]}"
    if dialect is Dialect.SQLITE:
        yield Address(dialect, sa.URL.create("sqlite+pysqlite", database=str(folder / f"{name}.db")))
        return
    server = _server(dialect)
    _administer(server, f"CREATE DATABASE {name}")
    try:
        yield Address(dialect, server.set(database=name))
    finally:
        force = " WITH (FORCE)" if dialect is Dialect.POSTGRESQL else ""
        _administer(server, f"DROP DATABASE {name}{force}")


@contextlib.contextmanager
def clickhouse() -> Iterator[Address]:
    """A fresh database of the real ClickHouse engine (see clickhouse_server.py), gone afterwards."""
    name = f"enghub_{uuid4().hex[:16]}"
    server = _clickhouse_server()
    _administer(server, f"CREATE DATABASE {name} ENGINE = Atomic")
    try:
        yield Address(Dialect.CLICKHOUSE, server.set(database=name))
    finally:
        _administer(server, f"DROP DATABASE {name}")


@cache
def _clickhouse_server() -> sa.URL:
    folder = Path(tempfile.mkdtemp(prefix="enghub-clickhouse-"))
    command = [sys.executable, str(Path(__file__).with_name("clickhouse_server.py")), str(folder)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    atexit.register(_stop, process, folder)
    assert process.stdout is not None
    port = int(process.stdout.readline())
    return sa.make_url(f"clickhousedb+connect://default@127.0.0.1:{port}/default")


def sql(address: Address, *statements: str) -> list[tuple[Any, ...]]:
    """Run statements as they stand, in one transaction where there is one; return the last one's rows."""
    engine = sa.create_engine(address.url, poolclass=sa.NullPool)
    rows: list[tuple[Any, ...]] = []
    with engine.begin() as connection:
        for statement in statements:
            result = connection.execution_options(no_parameters=True).exec_driver_sql(statement)
            rows = [tuple(row) for row in result] if result.returns_rows else []
    engine.dispose()
    return rows


def _administer(server: sa.URL, sql: str) -> None:
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(sql)
    engine.dispose()


@cache
def _server(dialect: Dialect) -> sa.URL:
    variable, default, start, package = {
        Dialect.MARIADB: ("ENGHUB_TEST_MARIADB_URL", MARIADB, _start_mariadb, "mariadb-server"),
        Dialect.POSTGRESQL: ("ENGHUB_TEST_POSTGRES_URL", POSTGRES, _start_postgres, "postgresql"),
    }[dialect]
    declared = os.environ.get(variable)
    url = sa.make_url(declared or default)
    if _answers(url):
        return url
    if declared is None and (own := start()) is not None:
        return own
    message = (
        f"no {dialect} answers at {url.host}:{url.port}. Install one: apt-get install {package}; or name yours: "
        f"export {variable}='{default}'"
    )
    raise RuntimeError(message)


def _answers(url: sa.URL) -> bool:
    engine = sa.create_engine(url, poolclass=sa.NullPool, connect_args={"connect_timeout": 2})
    try:
        with engine.connect():
            return True
    except sa.exc.OperationalError:
        return False
    finally:
        engine.dispose()


def _start_mariadb() -> sa.URL | None:
    daemon, install = shutil.which("mariadbd", path=_PATH), shutil.which("mariadb-install-db", path=_PATH)
    if daemon is None or install is None:
        return None
    folder, port = Path(tempfile.mkdtemp(prefix="enghub-mariadb-")), _free_port()
    owner = ["--user=mysql"] if os.geteuid() == 0 else []
    if owner:
        shutil.chown(folder, "mysql")
    common = [f"--datadir={folder / 'data'}", *owner]
    subprocess.run(
        [install, *common, "--auth-root-authentication-method=normal"], check=True, capture_output=True, timeout=120
    )
    listening = [f"--port={port}", "--bind-address=127.0.0.1", f"--socket={folder / 'socket'}", "--skip-name-resolve"]
    settings = ["--character-set-server=utf8mb4", "--innodb-flush-log-at-trx-commit=0"]
    command = [daemon, "--no-defaults", *common, *listening, *settings]
    return _started(command, sa.make_url(MARIADB).set(port=port), folder)


@cache
def postgres_with_passwords(password: str) -> sa.URL:
    """A private server that checks passwords, for what must be refused; gone with this process."""
    started = _start_postgres(password)
    assert started is not None, "install PostgreSQL's server: apt-get install postgresql"
    return started


def _start_postgres(password: str | None = None) -> sa.URL | None:
    daemon, install = shutil.which("postgres", path=_PATH), shutil.which("initdb", path=_PATH)
    if daemon is None or install is None:
        return None
    folder, port = Path(tempfile.mkdtemp(prefix="enghub-postgres-")), _free_port()
    as_owner: list[str] = []
    if os.geteuid() == 0:  # postgres refuses to run as root
        shutil.chown(folder, "postgres", "postgres")
        as_owner = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    data = str(folder / "data")
    access = ["--auth=trust"]
    if password is not None:
        (folder / "password").write_text(password)
        access = ["--auth=scram-sha-256", f"--pwfile={folder / 'password'}"]
    initialise = [*as_owner, install, "-D", data, "-U", "postgres", *access, "--no-sync"]
    subprocess.run(initialise, check=True, capture_output=True, timeout=120)
    command = [*as_owner, daemon, "-D", data, "-p", str(port), "-h", "127.0.0.1", "-k", str(folder), "-c", "fsync=off"]
    url = sa.make_url(POSTGRES).set(port=port, database="postgres", password=password)
    return _started(command, url, folder)


_PATH = os.pathsep.join(
    [
        os.environ.get("PATH", ""),
        "/usr/sbin",
        *map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)),
    ]
)


def _started(command: list[str], url: sa.URL, folder: Path) -> sa.URL:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    atexit.register(_stop, process, folder)
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        if _answers(url):
            return url
    message = f"{command[0]} did not answer within {START_SECONDS} s"
    raise RuntimeError(message)


def _stop(process: subprocess.Popen[bytes], folder: Path) -> None:
    process.send_signal(signal.SIGINT if "postgres" in folder.name else signal.SIGTERM)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
    shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
