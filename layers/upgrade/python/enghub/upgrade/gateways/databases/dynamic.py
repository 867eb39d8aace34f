"""Statements that a script makes while it runs: what MySQL prepared, what procedures do inside (UPG-16)."""

import re
from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from enghub.kit.databases.session import execute_raw
from enghub.kit.sql.classify import commits_inside
from enghub.kit.sql.dialect import Dialect
from enghub.kit.sql.splitter import SplitError, Statement, split

_PREPARE = re.compile(r"(?is)^PREPARE\s+(?P<name>`[^`]+`|[\w$]+)\s+FROM\s+(?P<source>.+)$")
_EXECUTE = re.compile(r"(?is)^EXECUTE\s+(?P<name>`[^`]+`|[\w$]+)")
_IMMEDIATE = re.compile(r"(?is)^EXECUTE\s+IMMEDIATE\s+(?P<source>.+?)(?:\s+USING\s+.+)?$")
_FORGET = re.compile(r"(?is)^(?:DEALLOCATE|DROP)\s+PREPARE\s+(?P<name>`[^`]+`|[\w$]+)")
_CALL = re.compile(r'(?is)\bCALL\s+(?:(?:"[^"]+"|\w+)\s*\.\s*)?("[^"]+"|\w+)\s*\(')
_DEEP = 5
"""Procedures that call procedures."""


def prepared_text(connection: sa.Connection, statement: Statement) -> tuple[str, str] | None:
    """Return name and text of what a PREPARE of MySQL is about to prepare, None for another statement."""
    found = _PREPARE.match(statement.text)
    if found is None:
        return None
    text = execute_raw(connection, f"SELECT {found['source']}").scalar()
    return found["name"].strip("`").lower(), str(text)


def forgotten_name(statement: Statement) -> str | None:
    """Return the name that a DEALLOCATE PREPARE frees."""
    found = _FORGET.match(statement.text)
    return None if found is None else found["name"].strip("`").lower()


def executed_statement(
    connection: sa.Connection, statement: Statement, prepared: Mapping[str, str], dialect: Dialect
) -> Statement | None:
    """Return what an EXECUTE of MySQL is about to run, None where nobody can tell; reads user variables."""
    immediate = _IMMEDIATE.match(statement.text)
    if immediate is not None:
        text = execute_raw(connection, f"SELECT {immediate['source']}").scalar()
        connection.rollback()
    else:
        named = _EXECUTE.match(statement.text)
        text = None if named is None else prepared.get(f"prepared {named['name'].strip('`').lower()}")
    try:
        found = () if text is None else split(str(text), dialect)
    except SplitError:
        return None
    return found[0] if len(found) == 1 else None


def committing_calls(connection: sa.Connection, statements: Sequence[Statement]) -> frozenset[int]:
    """Return the ordinals of the CALLs whose procedure ends transactions itself (PostgreSQL)."""
    made = [one.text for one in statements if one.words[:1] == ("CREATE",) and "PROCEDURE" in one.words[:5]]
    calls = [one for one in statements if one.verb == "CALL"]
    return frozenset(one.ordinal for one in calls if _commits(connection, one.text, made, _DEEP))


def _commits(connection: sa.Connection, text: str, made: Sequence[str], deep: int) -> bool:
    for quoted in _CALL.findall(text) if deep else ():
        name = str(quoted).strip('"')
        query = sa.text("SELECT prosrc FROM pg_catalog.pg_proc WHERE lower(proname) = lower(:name) AND prokind = 'p'")
        bodies = [str(body) for body in connection.execute(query, {"name": name}).scalars()]
        bodies += [body for body in made if re.search(rf"(?i)\b{re.escape(name)}\b", body)]
        if any(commits_inside(body) or _commits(connection, body, made, deep - 1) for body in bodies):
            return True
    return False
