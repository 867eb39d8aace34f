"""Sessions on a database: one writer at a time, fenced, and readers that cannot write (UPG-10, UPG-14, UPG-19).

The writer holds a lock *inside* the database, on the very connection it works with. When a worker dies, the server
keeps the lock until the statement it was running has ended; so whoever resumes waits for that statement instead of
guessing.
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event, exc
from sqlalchemy.pool import NullPool

from enghub.core.i18n import Text
from enghub.kit.databases.errors import DatabaseUnreachable
from enghub.kit.databases.failures import failure_of, reason
from enghub.kit.databases.fence import Fence
from enghub.kit.databases.locks import lock
from enghub.kit.sql.dialect import Dialect
from enghub.kit.work.errors import WorkFailed
from enghub.kit.work.slices import Budget

CONNECT_TRIES = 3
CONNECT_SECONDS = 5
SQLITE_VALUE_BYTES = 64 << 20
"""A value of SQLite is made in this process; its own bound is a gigabyte."""
_DRIVERS = {
    Dialect.SQLITE: "sqlite+pysqlite",
    Dialect.MARIADB: "mariadb+pymysql",
    Dialect.MYSQL: "mysql+pymysql",
    Dialect.POSTGRESQL: "postgresql+psycopg",
    Dialect.CLICKHOUSE: "clickhousedb+connect",
}
_BACKENDS = {
    Dialect.SQLITE: {"sqlite"},
    Dialect.MARIADB: {"mysql", "mariadb"},
    Dialect.MYSQL: {"mysql", "mariadb"},
    Dialect.POSTGRESQL: {"postgresql", "postgres"},
    Dialect.CLICKHOUSE: {"clickhouse", "clickhousedb"},
}


@dataclass(frozen=True, slots=True, repr=False)
class Address:
    """Where a database is and who we are there; never logged."""

    dialect: Dialect
    url: sa.URL

    @classmethod
    def of(cls, dialect: Dialect, secret: Mapping[str, Any]) -> "Address":
        """Read a secret: `{"url": "mysql://user:pw@host/db"}` or its parts username, password, host, port, database.

        Raises:
            WorkFailed: the secret has neither, or names another kind of database.
        """
        if isinstance(secret.get("url"), str):
            try:
                url = sa.make_url(secret["url"])
            except (exc.ArgumentError, ValueError) as error:
                raise WorkFailed(BAD_SECRET) from error
            if url.get_backend_name() not in _BACKENDS[dialect]:
                raise WorkFailed(WRONG_DIALECT, found=url.get_backend_name(), dialect=dialect.value)
            return cls(dialect, url.set(drivername=_DRIVERS[dialect]))
        if "database" not in secret:
            raise WorkFailed(BAD_SECRET)
        try:
            url = sa.URL.create(
                _DRIVERS[dialect],
                username=secret.get("username"),
                password=secret.get("password"),
                host=secret.get("host"),
                port=int(secret["port"]) if secret.get("port") else None,
                database=secret["database"],
            )
        except (TypeError, ValueError) as error:
            raise WorkFailed(BAD_SECRET) from error
        return cls(dialect, url)


BAD_SECRET = Text(
    'The site\'s database secret is not usable: write {"url": "mysql://USER:PASSWORD@HOST:3306/DATABASE"} '
    "(postgresql:// and clickhouse:// alike, no jdbc:), or an object with host, port, username, password and database",
    '局点数据库密钥不可用：请写成 {"url": "mysql://用户:密码@主机:3306/库名"}'
    "（postgresql://、clickhouse:// 同理，不用 jdbc:），或包含 host、port、username、password、database 的对象",
)
WRONG_DIALECT = Text(
    "The site's database secret is for {found}, the site is declared as {dialect}",
    "局点数据库密钥对应 {found}，与局点声明的 {dialect} 不一致",
)
ACCESS_DENIED = Text(
    "The database refuses the user or password of the site's secret: correct the secret, then resume",
    "数据库拒绝了局点密钥中的用户名或密码：请更正密钥后继续",
)
NO_DATABASE = Text(
    "The server has no database of the name in the site's secret: correct the secret, then resume",
    "服务器上没有局点密钥中所指的数据库：请更正密钥后继续",
)
REFUSED = Text("The site's database refuses: {error}", "局点数据库拒绝执行：{error}")
_MYSQL_REFUSALS = {1044: ACCESS_DENIED, 1045: ACCESS_DENIED, 1698: ACCESS_DENIED, 1049: NO_DATABASE}
_REFUSALS = (
    (
        re.compile(
            'AUTHENTICATION_FAILED|password authentication failed|no password supplied|role ".*" does not exist'
        ),
        ACCESS_DENIED,
    ),
    (re.compile("is not permitted to log in|no pg_hba.conf entry|permission denied for database"), ACCESS_DENIED),
    (re.compile('database ".*" does not exist'), NO_DATABASE),
)
"""In words: while it connects, the driver knows no SQLSTATE. A server of another language is only tried longer."""


class ReadSession:
    """A connection whose transaction the server itself keeps from writing."""

    def __init__(self, connection: sa.Connection, dialect: Dialect) -> None:
        self.connection = connection
        self.dialect = dialect

    def scalar(self, sql: str | sa.Executable) -> Any:
        """Return the first column of the first row; None when there is none."""
        row = (
            execute_raw(self.connection, sql).first() if isinstance(sql, str) else self.connection.execute(sql).first()
        )
        return None if row is None else row[0]


class WriteSession:
    """The one connection that changes the database."""

    def __init__(self, connection: sa.Connection, dialect: Dialect, fence: Fence) -> None:
        self.connection = connection
        self.dialect = dialect
        self._fence = fence
        self.ours: Callable[[], AbstractContextManager[None]] = nullcontext
        """Keeps what a script has set on this connection away from our own statements."""

    @contextmanager
    def transaction(self, isolation: str = "") -> Iterator[sa.Connection]:
        """Run what is inside as one transaction, after making sure that nobody took over.

        Raises:
            Superseded: a newer run holds the fence.
        """
        with self.connection.begin():
            if isolation:
                self.connection.exec_driver_sql(f"SET TRANSACTION {isolation}")
            with self.ours():
                self._check_fence()
            yield self.connection

    @contextmanager
    def strict(self) -> Iterator[None]:
        """Refuse values that do not fit, whatever the site's own mode is: nothing of ours may be cut silently.

        What is made for good (a routine, a trigger) keeps the mode that it is made under: never make it in here.
        """
        if not self.dialect.is_mysql:
            yield
            return
        mode = self.connection.exec_driver_sql("SELECT @@SESSION.sql_mode").scalar() or ""
        self.connection.exec_driver_sql("SET SESSION sql_mode = CONCAT_WS(',', @@sql_mode, 'STRICT_ALL_TABLES')")
        self.connection.commit()
        try:
            yield
        finally:
            if not self.connection.invalidated:
                self.connection.rollback()
                self.connection.exec_driver_sql("SET SESSION sql_mode = %s", (str(mode),))
                self.connection.commit()

    @contextmanager
    def autocommit(self) -> Iterator[sa.Connection]:
        """Run statements that commit by themselves (MySQL DDL, PostgreSQL CONCURRENTLY)."""
        with self.transaction():
            pass
        level = "AUTOCOMMIT"
        plain = self.connection.default_isolation_level
        self.connection.execution_options(isolation_level=level)
        try:
            yield self.connection
            self.connection.commit()
        finally:
            if not self.connection.invalidated:
                self.connection.rollback()
                self.connection.execution_options(isolation_level=plain)

    def take_fence(self) -> None:
        """Make this session's token the newest.

        Raises:
            Superseded: there is a newer one.
        """
        with self.connection.begin():
            self._fence.take(self.connection)

    def _check_fence(self) -> None:
        self._fence.check(self.connection)


def execute_raw(connection: sa.Connection, sql: str) -> sa.CursorResult[Any]:
    """Send a statement exactly as written: no parameter marks are looked for."""
    return connection.execution_options(no_parameters=True).exec_driver_sql(sql)


@contextmanager
def reading(
    address: Address, timeout_seconds: int, on_refused: Callable[[], None] = lambda: None
) -> Iterator[ReadSession]:
    """Open a read-only session on a database; a statement may take at most `timeout_seconds`.

    Raises:
        WorkFailed, DatabaseUnreachable: see `connected`.
    """
    engine = engine_of(address, timeout_seconds + CONNECT_SECONDS, read_only=True)
    with connected(engine, on_refused) as connection:
        dialect = address.dialect
        _limit(connection, dialect, timeout_seconds)
        with connection.begin():
            if dialect is Dialect.POSTGRESQL:
                connection.exec_driver_sql("SET TRANSACTION READ ONLY")
            yield ReadSession(connection, dialect)


class DatabaseSessions:
    """Opens sessions on one database."""

    def __init__(self, address: Address, fence: Fence, on_refused: Callable[[], None] = lambda: None) -> None:
        self._address = address
        self._fence = fence
        self._on_refused = on_refused
        """Called when the credentials are refused, so that a kept secret is read again."""

    @contextmanager
    def reader(self, timeout_seconds: int) -> Iterator[ReadSession]:
        """Open a read-only session; a statement may take at most `timeout_seconds`."""
        with reading(self._address, timeout_seconds, self._on_refused) as session:
            yield session

    @contextmanager
    def writer(self, budget: Budget) -> Iterator[WriteSession]:
        """Open the one writing session, and make the fence's tables where they are missing.

        Raises:
            DatabaseBusy: a statement of an earlier worker is still running in the server.
            Superseded: a newer worker took over.
        """
        engine = engine_of(self._address, max(5, int(budget.seconds_to_hard) - 5), read_only=False)
        with connected(engine, self._on_refused) as connection:
            dialect = self._address.dialect
            lock(connection, dialect, wait_seconds=5)
            if dialect is Dialect.POSTGRESQL:  # whatever search_path a script sets, our tables stay where they are
                home = connection.exec_driver_sql("SELECT current_schema()").scalar()
                connection.rollback()
                connection.execution_options(schema_translate_map={None: home})
            self._fence.create(connection)
            session = WriteSession(connection, dialect, self._fence)
            session.take_fence()
            yield session


def engine_of(address: Address, read_seconds: int, *, read_only: bool) -> sa.Engine:
    """Return an engine without a pool; the server may be silent for `read_seconds` at most."""
    arguments: dict[str, Any] = {}
    if address.dialect.is_mysql:
        arguments = {"connect_timeout": CONNECT_SECONDS, "read_timeout": read_seconds, "charset": "utf8mb4"}
    elif address.dialect is Dialect.POSTGRESQL:
        arguments = {"connect_timeout": CONNECT_SECONDS, "application_name": "enghub-upgrade"}
        if read_only:  # the extended protocol takes one statement at a time
            arguments["prepare_threshold"] = 0
    else:
        arguments = {"timeout": CONNECT_SECONDS, "isolation_level": None}
    engine = sa.create_engine(address.url, poolclass=NullPool, connect_args=arguments)
    if address.dialect is Dialect.SQLITE:
        _sqlite_transactions(engine, read_only=read_only)
    elif read_only and address.dialect.is_mysql:

        @event.listens_for(engine, "begin")
        def begin(connection: sa.Connection) -> None:
            connection.exec_driver_sql("START TRANSACTION READ ONLY")

    return engine


def _sqlite_transactions(engine: sa.Engine, *, read_only: bool) -> None:
    """Begin explicitly (the driver would only begin before DML, never before DDL), and know regular expressions."""

    import sqlite3  # noqa: PLC0415 - embedded sites alone

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _: Any) -> None:
        connection.create_function("regexp", 2, _regexp, deterministic=True)
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, SQLITE_VALUE_BYTES)
        if read_only:
            connection.execute("PRAGMA query_only = ON")

    @event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def _regexp(pattern: str, value: object) -> bool:
    return value is not None and bool(_matcher(pattern).isinstance_python(str(value)))


@lru_cache(maxsize=32)
def _matcher(pattern: str) -> Any:
    """Return what finds a pattern in linear time; Python's own engine can be kept busy for ever by one value.

    Raises:
        SchemaError: it cannot be read, or looks around or back.
    """
    from pydantic_core import SchemaValidator, core_schema  # noqa: PLC0415 - for SQLite alone

    return SchemaValidator(core_schema.str_schema(pattern=pattern, regex_engine="rust-regex"))


@contextmanager
def connected(engine: sa.Engine, on_refused: Callable[[], None]) -> Iterator[sa.Connection]:
    """Connect, and close everything afterwards; no error of the database leaves as such.

    Raises:
        WorkFailed, DatabaseUnreachable: see `_connect` and `failure_of`.
    """
    connection = _connect(engine, on_refused)
    try:
        yield connection
    except exc.DBAPIError as error:  # one that no step expected: what passes is waited for, without counting a try
        failure = failure_of(REFUSED, error)
        passes = isinstance(failure, WorkFailed) and failure.retryable
        raise (DatabaseUnreachable(reason(error)) if passes else failure) from error
    finally:
        connection.close()
        engine.dispose()


def _connect(engine: sa.Engine, on_refused: Callable[[], None]) -> sa.Connection:
    """Connect, three times at most (UPG-14).

    Raises:
        DatabaseUnreachable: no answer.
        WorkFailed: the credentials are refused; trying again would lock the account.
    """
    for attempt in range(CONNECT_TRIES):
        try:
            return engine.connect()
        except exc.OperationalError as error:
            refused = _refusal(error)
            if refused is not None:
                on_refused()
                raise WorkFailed(refused) from error
            if attempt == CONNECT_TRIES - 1:
                on_refused()  # the address itself may be wrong: read the secret again before the next try
                raise DatabaseUnreachable(f"{_where(engine.url)}: {reason(error)}") from error
            time.sleep(0.5 * 2**attempt)
    raise AssertionError


def _where(url: sa.URL) -> str:
    """Return host and port, never the credentials."""
    return f"{url.host or 'localhost'}:{url.port}" if url.port else str(url.host or url.database or "")


def _refusal(error: exc.OperationalError) -> Text | None:
    """Return why the server will never let us in, None when it may in a moment."""
    code = error.orig.args[0] if error.orig is not None and error.orig.args else None
    if isinstance(code, int):
        return _MYSQL_REFUSALS.get(code)
    return next((text for words, text in _REFUSALS if words.search(str(error.orig))), None)


def _limit(connection: sa.Connection, dialect: Dialect, seconds: int) -> None:
    if dialect is Dialect.MARIADB:
        connection.exec_driver_sql(f"SET SESSION max_statement_time = {seconds}")
        connection.rollback()
    elif dialect is Dialect.MYSQL:
        connection.exec_driver_sql(f"SET SESSION max_execution_time = {seconds * 1000}")
        connection.rollback()
    elif dialect is Dialect.POSTGRESQL:
        connection.exec_driver_sql(f"SET statement_timeout = {seconds * 1000}")
        connection.commit()
    else:
        end = time.monotonic() + seconds
        raw: Any = connection.connection.dbapi_connection
        raw.set_progress_handler(lambda: 1 if time.monotonic() > end else 0, 100_000)
