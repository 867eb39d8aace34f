"""Whether a statement that was begun and never recorded took effect, as far as the catalog can tell (UPG-08)."""

from enghub.kit.databases import catalog
from enghub.kit.databases.session import WriteSession, execute_raw
from enghub.kit.sql.classify import again_is_harmless, cannot_be_probed, exchanges, writes_rows_at_once
from enghub.kit.sql.dialect import Dialect
from enghub.kit.sql.splitter import Statement


def took_effect(session: WriteSession, seen: Statement, before: str) -> bool | None:
    """Return whether it did; None where only a person can tell. What is half done is taken back or ended.

    Args:
        session: of the writer.
        seen: the statement.
        before: fingerprint of the catalog, taken before it ran.
    """
    dialect = session.dialect
    if again_is_harmless(seen):
        return False
    if cannot_be_probed(seen):
        return None
    in_part = writes_rows_at_once(seen, dialect)
    with session.transaction() as connection:
        same = catalog.same_as(connection, dialect, seen.words, before, rows=in_part)
        told = not exchanges(seen) or catalog.tells_tables_apart(connection, dialect, seen.words)
        is_postgresql = dialect is Dialect.POSTGRESQL
        broken = catalog.invalid_indexes(connection, seen.words) if is_postgresql else ()
        half = catalog.half_detached(connection, seen.words) if is_postgresql else ()
    if same and told:
        return False
    if in_part or not told:
        return None
    for sql in (*(f"DROP INDEX {index}" for index in broken), *half):
        with session.autocommit() as connection:
            execute_raw(connection, sql)
    return not broken
