"""Kinds of databases; apart from the lexer, whose patterns only readers of scripts should pay for."""

from enum import StrEnum


class Dialect(StrEnum):
    """Databases whose scripts the engine understands (UPG-19)."""

    SQLITE = "sqlite"
    MARIADB = "mariadb"
    MYSQL = "mysql"
    POSTGRESQL = "postgresql"
    CLICKHOUSE = "clickhouse"

    @property
    def is_mysql(self) -> bool:
        """MySQL and MariaDB share their client syntax."""
        return self in (Dialect.MYSQL, Dialect.MARIADB)

    @property
    def rolls_back_structure(self) -> bool:
        """CREATE and ALTER are part of the transaction they stand in."""
        return self in (Dialect.POSTGRESQL, Dialect.SQLITE)

    @property
    def has_transactions(self) -> bool:
        """False for ClickHouse: what needs them is refused there when an upgrade is planned."""
        return self is not Dialect.CLICKHOUSE
