"""What the account of a scratch database may do elsewhere: nothing, or a script could reach the site (UPG-09).

No reading of scripts finds every way to another database; an account without rights there has none.
"""

import re

import sqlalchemy as sa

from enghub.core.i18n import Text
from enghub.kit.databases.session import Address
from enghub.kit.sql.dialect import Dialect
from enghub.kit.work.errors import WorkFailed

TOO_MUCH = Text(
    "The account of the scratch database may do more than work in it ({what}): a script could reach the site from "
    "there. Give it an account with rights on that database alone",
    "演练库账号的权限超出该库（{what}），脚本可能借此访问局点：请使用仅对该库有权限的账号",
)
_MYSQL = (
    "SELECT PRIVILEGE_TYPE, '*' FROM information_schema.USER_PRIVILEGES WHERE PRIVILEGE_TYPE <> 'USAGE' UNION ALL "
    "SELECT PRIVILEGE_TYPE, TABLE_SCHEMA FROM information_schema.SCHEMA_PRIVILEGES UNION ALL "
    "SELECT PRIVILEGE_TYPE, TABLE_SCHEMA FROM information_schema.TABLE_PRIVILEGES UNION ALL "
    "SELECT PRIVILEGE_TYPE, TABLE_SCHEMA FROM information_schema.COLUMN_PRIVILEGES"
)
_MYSQL_ROLES = "SELECT ROLE_NAME FROM information_schema.APPLICABLE_ROLES"
_POSTGRESQL = (
    "SELECT r.rolname FROM pg_roles r WHERE (r.rolname = current_user AND r.rolsuper) OR "
    "(r.rolname IN ('pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files') "
    "AND pg_has_role(current_user, r.oid, 'MEMBER')) UNION ALL "
    "SELECT 'foreign server ' || srvname FROM pg_user_mappings WHERE usename IN (current_user, 'public')"
)


def check_rights(connection: sa.Connection, address: Address) -> None:
    """Refuse an account that reaches beyond its database.

    Raises:
        WorkFailed: naming what it may do elsewhere.
    """
    if address.dialect.is_mysql:
        what = _mysql(connection, str(address.url.database))
    elif address.dialect is Dialect.POSTGRESQL:
        what = next((f"role or server {row[0]}" for row in connection.exec_driver_sql(_POSTGRESQL)), None)
    else:
        what = None
    connection.rollback()
    if what is not None:
        raise WorkFailed(TOO_MUCH, what=what)


def _mysql(connection: sa.Connection, database: str) -> str | None:
    """The catalog shows everybody's rights only to administrators; an account always sees its own."""
    for kind, schema in connection.exec_driver_sql(_MYSQL).all():
        if not reaches_only(str(schema), database):
            return f"{kind} on {schema}"
    role = connection.exec_driver_sql(_MYSQL_ROLES).scalar()
    return None if role is None else f"role {role}"


def reaches_only(pattern: str, database: str) -> bool:
    """Tell whether a grant's pattern means one database: `%` stands for any characters, `_` for one."""
    if pattern == database:
        return True
    return re.sub(r"\\([_%])", r"\1", pattern) == database
