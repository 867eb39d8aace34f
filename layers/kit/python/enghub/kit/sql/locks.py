"""Statements that keep a table locked for as long as it is big, and how to do the same online (UPG-04). Words only.

What locks long was measured (``tests/functional/kit/test_long_locks.py``): on PostgreSQL what reads or writes every row
under a lock that keeps writers out, on MariaDB what the server refuses with LOCK=NONE. Where that depends on what the
table is like, the statement is told.
"""

import re
from itertools import pairwise

from enghub.core.i18n import Text
from enghub.kit.sql.dialect import Dialect
from enghub.kit.sql.splitter import Statement

INDEX = Text(
    "writers wait until the index is built: CREATE INDEX CONCURRENTLY",
    "建索引期间阻塞写入：改用 CREATE INDEX CONCURRENTLY",
)
REWRITE = Text(
    "the whole table is rewritten and locked (unless a varchar only gets longer): add a column, fill it in batches, "
    "then exchange the names",
    "整表重写并加锁（仅加长 varchar 除外）：改为新增列、分批填充后再切换名称",
)
FILLED = Text(
    "every row gets its own value, so the whole table is rewritten and locked: add the column without it, SET DEFAULT, "
    "then fill it in batches",
    "逐行取值，整表重写并加锁：先新增不带该子句的列，再 SET DEFAULT，然后分批填充",
)
CONSTRAINT = Text(
    "every row is checked under a lock: ADD ... NOT VALID, then VALIDATE CONSTRAINT",
    "加锁逐行校验：先 ADD ... NOT VALID，再 VALIDATE CONSTRAINT",
)
NOT_NULL = Text(
    "every row is looked at under a lock: a CHECK (... IS NOT NULL) NOT VALID, validated, makes SET NOT NULL short",
    "加锁扫描全表：先建并校验 CHECK (... IS NOT NULL) NOT VALID，再 SET NOT NULL",
)
UNIQUE = Text(
    "the index is built under a lock: CREATE UNIQUE INDEX CONCURRENTLY, then ADD CONSTRAINT ... USING INDEX",
    "加锁建索引：先 CREATE UNIQUE INDEX CONCURRENTLY，再 ADD CONSTRAINT ... USING INDEX",
)
EXCLUSIVE = Text(
    "nobody reads or writes meanwhile: the same with CONCURRENTLY, or pg_repack",
    "期间禁止读写：改用 CONCURRENTLY 或 pg_repack",
)
COPIES = Text(
    "the table is copied and writers wait: the step enghub.TableRebuild copies beside it and exchanges the names",
    "复制整表并阻塞写入：改用步骤 enghub.TableRebuild 旁路复制后切换",
)
FOREIGN = Text(
    "the table is copied to check every row: with foreign_key_checks = 0 it is added in place, after a check step",
    "为逐行校验而复制整表：先做检查步骤，再以 foreign_key_checks = 0 原地添加",
)


SHARED = Text(
    "writers wait until it is built, and the server knows no other way: give its step a window, or build it on a copy "
    "by the step enghub.TableRebuild",
    "构建期间阻塞写入且无在线方式：为该步骤设置 window，或用步骤 enghub.TableRebuild 在副本上构建",
)
PARTITIONS = Text(
    "the partitions' rows are copied and writers of the whole table wait: reorganise them while they are empty, or "
    "give the step a window",
    "复制分区数据并阻塞整表写入：请在分区为空时调整，或为该步骤设置 window",
)
ATTACHED = Text(
    "every row is checked under a lock: a CHECK of its bounds on the partition, NOT VALID and then validated, makes it "
    "short",
    "加锁逐行校验：先为分区范围建 CHECK 约束（NOT VALID 后 VALIDATE），再 ATTACH",
)
WHOLE = Text(
    "the whole table is written anew while nobody reads or writes, and there is no other way: give its step a window",
    "重写整表期间禁止读写且无在线方式：请为该步骤设置 window",
)
HELD = Text(
    "everybody else waits for as long as it is held: leave it out, or update in batches (enghub.RowMigration)",
    "持锁期间其他会话一律等待：请去掉该语句，或分批更新（enghub.RowMigration）",
)
_SERIAL = frozenset({"SERIAL", "BIGSERIAL", "SMALLSERIAL", "SERIAL2", "SERIAL4", "SERIAL8"})
_CALL = re.compile(r"(?i)\bDEFAULT\s++\(*+\s*+([a-z_][\w.]*)\s*\(")
_SAME_FOR_ALL = frozenset(
    {"now", "current_timestamp", "transaction_timestamp", "statement_timestamp", "localtimestamp", "localtime"}
    | {"current_time", "date_trunc", "to_date", "to_timestamp", "make_interval", "coalesce", "cast", "lower", "upper"}
)
"""Functions that give every row the same value: computed once, and nothing is rewritten."""


def long_lock(statement: Statement, dialect: Dialect) -> Text | None:
    """Return why a statement locks long and the way that does not, None when it does not lock long."""
    if dialect is Dialect.POSTGRESQL:
        return _postgresql(statement)
    return _mysql(statement) if dialect.is_mysql else None


def _pairs(words: tuple[str, ...]) -> set[tuple[str, str]]:
    return set(pairwise(words))


def _first(reasons: tuple[tuple[object, Text], ...]) -> Text | None:
    return next((reason for holds, reason in reasons if holds), None)


def _postgresql(statement: Statement) -> Text | None:
    words, verb = statement.words, statement.verb
    if words[:2] == ("ALTER", "TABLE"):
        return _postgresql_table(statement)
    concurrently = "CONCURRENTLY" in words
    index = verb == "CREATE" and words[1:2] in (("INDEX",), ("UNIQUE",)) and "INDEX" in words[:3]
    return _first(
        (
            (index and not concurrently, INDEX),
            (verb == "VACUUM" and "FULL" in words, EXCLUSIVE),
            (verb in ("CLUSTER", "REINDEX") and not concurrently, EXCLUSIVE),
            (words[:3] == ("REFRESH", "MATERIALIZED", "VIEW") and not concurrently, EXCLUSIVE),
            (verb == "LOCK", HELD),
        )
    )


def _postgresql_table(statement: Statement) -> Text | None:
    words, pairs = statement.words, _pairs(statement.words)
    adds = "ADD" in words
    own_value = any(name.lower().rpartition(".")[2] not in _SAME_FOR_ALL for name in _CALL.findall(statement.text))
    generated = "STORED" in words or ("IDENTITY" in words and ("ADD", "GENERATED") not in pairs)
    checks = {"FOREIGN", "CHECK"} & set(words) or {"REFERENCES", "DEFAULT"} <= set(words)
    return _first(
        (
            (("SET", "DATA") in pairs or ("TYPE" in words and "ALTER" in words[2:]), REWRITE),
            (adds and (generated or own_value or _SERIAL & set(words)), FILLED),
            (adds and checks and ("NOT", "VALID") not in pairs, CONSTRAINT),
            (adds and {"UNIQUE", "PRIMARY"} & set(words) and ("USING", "INDEX") not in pairs, UNIQUE),
            (adds and "EXCLUDE" in words, WHOLE),
            (("SET", "NOT") in pairs, NOT_NULL),
            (("ATTACH", "PARTITION") in pairs, ATTACHED),
            ({("SET", "LOGGED"), ("SET", "UNLOGGED")} & pairs, WHOLE),
            (("SET", "TABLESPACE") in pairs, EXCLUSIVE),
        )
    )


def _mysql(statement: Statement) -> Text | None:
    words, verb = statement.words, statement.verb
    if words[:2] == ("ALTER", "TABLE"):
        return _mysql_table(statement)
    built = verb == "CREATE" and {"FULLTEXT", "SPATIAL"} & set(words[1:2])
    return _first(((verb == "OPTIMIZE", COPIES), (built, SHARED), (verb == "LOCK", HELD)))


def _mysql_table(statement: Statement) -> Text | None:
    words, pairs = statement.words, _pairs(statement.words)
    if {("LOCK", "NONE"), ("ALGORITHM", "INSTANT")} & pairs:  # the server refuses rather than lock
        return None
    named, adds = set(words[2:]), "ADD" in words
    counter = adds and "AUTO_INCREMENT" in named and not re.search(r"(?i)\bAUTO_INCREMENT\s*=", statement.text)
    if {"FULLTEXT", "SPATIAL"} & named or counter:
        return SHARED
    if {("ALGORITHM", "INPLACE"), ("ALGORITHM", "NOCOPY")} & pairs:
        return None
    new_key = ("ADD", "PRIMARY") in pairs
    whole = {("CONVERT", "TO"), ("ALGORITHM", "COPY"), ("SYSTEM", "VERSIONING"), ("PARTITION", "BY")} & pairs
    return _first(
        (
            (("FOREIGN", "KEY") in pairs and adds, FOREIGN),
            ({"MODIFY", "CHANGE", "ENGINE"} & named or whole or ("REMOVE", "PARTITIONING") in pairs, COPIES),
            (("DROP", "PRIMARY") in pairs and not new_key, COPIES),
            (adds and {"CHECK", "STORED", "PERSISTENT"} & named, COPIES),
            ("PARTITION" in named and {"REORGANIZE", "COALESCE", "REBUILD"} & named, PARTITIONS),
        )
    )
