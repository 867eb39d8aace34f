"""Readers of the databases that a tenant named; the libraries come with the first one."""

from collections.abc import Mapping
from typing import Any

from enghub.kit.databases.errors import DatabaseUnreachable
from enghub.kit.databases.session import Address, execute_raw, reading
from enghub.kit.sql.dialect import Dialect
from enghub.kit.work.errors import WorkFailed

_DIALECTS = {
    "sqlite": Dialect.SQLITE,
    "mysql": Dialect.MYSQL,
    "mariadb": Dialect.MARIADB,
    "postgresql": Dialect.POSTGRESQL,
    "postgres": Dialect.POSTGRESQL,
}


def address_of(secret: Mapping[str, Any]) -> Address:
    """Return where a database is: the secret's ``url``, or its parts with ``dialect``.

    Raises:
        ValueError: the secret names none that is known.
    """
    name = str(secret.get("dialect") or str(secret.get("url", "")).partition(":")[0].partition("+")[0])
    if name not in _DIALECTS:
        message = "the database's secret has no url of sqlite, mysql, mariadb or postgresql"
        raise ValueError(message)
    return Address.of(_DIALECTS[name], secret)


def first_row(secret: Mapping[str, Any], query: str, seconds: int) -> Mapping[str, Any]:
    """Return the first row of a query by its columns' names, empty when there is none.

    Raises:
        ValueError: the database refuses or does not answer; its reason, never its address.
    """
    try:
        with reading(address_of(secret), seconds) as session:
            row = execute_raw(session.connection, query).mappings().first()
            return {} if row is None else dict(row)
    except (WorkFailed, DatabaseUnreachable) as error:
        message = str(error)
        raise ValueError(message) from error
