"""Whether an upgrade could work on a site's database: secret, address, account, rights (UPG-19). Nothing is changed."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from enghub.core.i18n import Filled, Text
from enghub.kit.databases.errors import DatabaseUnreachable
from enghub.kit.sql.dialect import Dialect
from enghub.kit.work.errors import WorkFailed

if TYPE_CHECKING:
    from enghub.kit.databases.session import ReadSession

SECONDS = 10
NO_ANSWER = Text(
    "The database does not answer: {error}. Look at host, port, firewall and the server, then check again",
    "数据库无响应：{error}。请检查主机、端口、防火墙与服务器后重试",
)
NO_SCHEMA = Text(
    "No schema of the account's search_path exists, so there is no place for the journal: create one, or set the path",
    "账号 search_path 中没有存在的模式，无处存放执行记录：请创建模式或设置路径",
)
NO_CREATE = Text(
    "The account may not create tables there, and an upgrade needs to: grant it every right on that database",
    "账号无权在该库建表，而升级需要建表：请授予其该库的全部权限",
)
_VERSION = {Dialect.SQLITE: "SELECT 'SQLite ' || sqlite_version()"}
_PG_CREATE = "SELECT current_schema(), has_schema_privilege(current_schema(), 'CREATE')"
_MYSQL_CREATE = (
    "SELECT COUNT(*) FROM (SELECT PRIVILEGE_TYPE FROM information_schema.USER_PRIVILEGES UNION ALL "
    "SELECT PRIVILEGE_TYPE FROM information_schema.SCHEMA_PRIVILEGES WHERE DATABASE() LIKE TABLE_SCHEMA) AS found "
    "WHERE PRIVILEGE_TYPE = 'CREATE'"
)


class Readable(Protocol):
    """A database that can be read."""

    def reader(self, timeout_seconds: int) -> "AbstractContextManager[ReadSession]":
        """Open a session that cannot write."""


class Gateway(Protocol):
    """A site, as far as its database goes."""

    def databases(self, token: int) -> Readable:
        """Return its database; nothing is opened yet.

        Raises:
            WorkFailed: there is no usable secret.
        """


@dataclass(frozen=True, slots=True)
class SiteCheck:
    """What was found: the server's own name, None when nobody answered, and what stands in the way."""

    server: str | None
    problems: tuple[Text | Filled, ...] = ()


def check(gateway: Gateway) -> SiteCheck:
    """Return what stands in the way of upgrades."""
    try:
        with gateway.databases(0).reader(SECONDS) as session:
            server = session.scalar(_VERSION.get(session.dialect, "SELECT version()"))
            return SiteCheck(str(server)[:200], tuple(_problems(session)))
    except WorkFailed as failure:
        return SiteCheck(None, (failure.text,))
    except DatabaseUnreachable as away:
        return SiteCheck(None, (NO_ANSWER.filled(error=str(away)),))


def _problems(session: "ReadSession") -> Iterator[Text]:
    if session.dialect is Dialect.POSTGRESQL:
        schema, may = tuple(session.connection.exec_driver_sql(_PG_CREATE).one())
        if schema is None:
            yield NO_SCHEMA
        elif not may:
            yield NO_CREATE
    elif session.dialect.is_mysql and not session.scalar(_MYSQL_CREATE):
        yield NO_CREATE
