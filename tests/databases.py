"""Real databases for tests: each test gets its own database or file, and drops it.

Addresses: ENGHUB_TEST_MARIADB_URL and ENGHUB_TEST_POSTGRES_URL; else a private server of this process, which need not
survive a power cut and so is several times as fast; else, where its binary is not installed, 127.0.0.1:3306 (root, no
password) and 127.0.0.1:5432 (postgres, trust); otherwise the test fails with the line to type. Nothing is skipped.
"""

import atexit
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from enghub.kit.databases.session import Address
from enghub.kit.sql.dialect import Dialect
from tests import servers
from tests.waiting import until

MARIADB = "mariadb+pymysql://root@127.0.0.1:3306/?ssl_disabled=true"
"""Without TLS: preparing it costs the driver 0.1 s per connection, and the crash tests open hundreds."""
POSTGRES = "postgresql+psycopg://postgres@127.0.0.1:5432/test"
DIALECTS = (Dialect.SQLITE, Dialect.MARIADB, Dialect.POSTGRESQL)


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
def account_of(address: Address) -> Iterator[Address]:
    """An account with every right on one database and none elsewhere, gone afterwards."""
    if address.dialect is Dialect.SQLITE:
        yield address
        return
    name, database = f"own_{uuid4().hex[:12]}", address.url.database
    if address.dialect is Dialect.POSTGRESQL:
        make = [f"CREATE ROLE {name} LOGIN PASSWORD 'x'", f"ALTER DATABASE {database} OWNER TO {name}"]
        take = [f"REASSIGN OWNED BY {name} TO CURRENT_USER", f"DROP OWNED BY {name}", f"DROP ROLE {name}"]
        sql(address, *make, f"ALTER SCHEMA public OWNER TO {name}")
    else:
        sql(address, f"CREATE USER {name} IDENTIFIED BY 'x'", f"GRANT ALL ON {database}.* TO {name}")
        take = [f"DROP USER {name}"]
    try:
        yield Address(address.dialect, address.url.set(username=name, password="x"))
    finally:
        sql(address, *take)


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


def _stop(process: subprocess.Popen[bytes], folder: Path) -> None:
    process.terminate()
    process.wait()
    shutil.rmtree(folder, ignore_errors=True)


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
    name, default = {Dialect.MARIADB: ("mariadb", MARIADB), Dialect.POSTGRESQL: ("postgresql", POSTGRES)}[dialect]
    server = servers.SERVERS[name]
    declared = os.environ.get(server.variable)
    url = sa.make_url(declared or default)
    if declared is None and (own := servers.start(name)) is not None:
        return _ready(url.set(port=own.port, **_PRIVATE[dialect]))
    if _answers(url):
        return url
    message = (
        f"no {dialect} answers at {url.host}:{url.port}. Install one: {servers.line_to_type([name])}; or name yours: "
        f"export {server.variable}='{default}'"
    )
    raise RuntimeError(message)


_PRIVATE: dict[Dialect, dict[str, Any]] = {Dialect.MARIADB: {}, Dialect.POSTGRESQL: {"database": "postgres"}}


@cache
def postgres_with_passwords(password: str) -> sa.URL:
    """A private server that checks passwords, for what must be refused; gone with this process."""
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(password)
        file.flush()
        Path(file.name).chmod(0o644)
        asked = f"--auth=scram-sha-256 --pwfile={file.name}"
        started = servers.start("postgresql", **{"--auth=trust": asked})
    assert started is not None, f"install PostgreSQL's server: {servers.line_to_type(['postgresql'])}"
    return _ready(sa.make_url(POSTGRES).set(port=started.port, database="postgres", password=password))


def _ready(url: sa.URL) -> sa.URL:
    """Wait until a server that listens also lets us in."""
    until(lambda: _answers(url))
    return url


def _answers(url: sa.URL) -> bool:
    engine = sa.create_engine(url, poolclass=sa.NullPool, connect_args={"connect_timeout": 2})
    try:
        with engine.connect():
            return True
    except sa.exc.OperationalError:
        return False
    finally:
        engine.dispose()
