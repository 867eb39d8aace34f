"""Moves rows inside a ClickHouse, which has no transactions: slices that the server recognises (UPG-19)."""

from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc

from enghub.core.i18n import Text
from enghub.kit.databases.keys import read_key, write_key
from enghub.kit.work.errors import WorkFailed
from enghub.upgrade.gateways.databases.journal import Checkpoint, State, TaskJournal
from enghub.upgrade.gateways.databases.rows import RowTask

NO_WINDOW = Text(
    "Migration {task}: table {table} does not recognise repeated inserts, so a slice could arrive twice: first run "
    "ALTER TABLE {table} MODIFY SETTING non_replicated_deduplication_window = 1000",
    "迁移 {task}：表 {table} 无法识别重复写入，请先执行 ALTER TABLE {table} MODIFY SETTING "
    "non_replicated_deduplication_window = 1000",
)
NOT_HERE = Text(
    "Migration {task}: ClickHouse has no {what}; {instead}", "迁移 {task}：ClickHouse 不支持 {what}；{instead}"
)
_ROW_CODES = frozenset({6, 26, 27, 38, 41, 53, 69, 70, 72, 131, 153, 321, 349, 407, 469, 675, 676})
"""Values that do not parse, do not fit, are null where they may not be, or break a constraint."""
_ONE_THREAD = {
    "insert_deduplicate": 1,
    "max_threads": 1,
    "max_insert_threads": 1,
    "min_insert_block_size_bytes": 0,
}
"""So that a slice becomes one block, the same whenever it is sent."""


@dataclass(slots=True)
class ClickHouseRowTask(RowTask):
    """Moves rows in slices that the server recognises when they arrive again.

    A slice's bounds are written down before it is sent, with a token made of them; the target drops a block whose
    token it has seen. One slice is one block, so a slice that fails leaves nothing.
    """

    def _prepare(self, connection: sa.Connection) -> None:
        rules = self.migration
        if rules.in_place:
            instead = "write ALTER TABLE ... UPDATE into sql_scripts"
            raise WorkFailed(NOT_HERE, task=rules.name, what="in-place migration", instead=instead)
        if rules.on_conflict != "fail":
            raise WorkFailed(
                NOT_HERE, task=rules.name, what=f"on_conflict {rules.on_conflict}", instead="use a ReplacingMergeTree"
            )
        RowTask._prepare(self, connection)
        if not _deduplicates(connection, rules.target):
            raise WorkFailed(NO_WINDOW, task=rules.name, table=rules.target)

    def _key_columns(self, connection: sa.Connection) -> tuple[str, ...]:
        if self.migration.key:
            return self.migration.key
        sql = "SELECT sorting_key FROM system.tables WHERE database = {database} AND name = :name"
        schema, _, name = self.migration.source.rpartition(".")
        database = ":schema" if schema else "currentDatabase()"
        values = {"name": name, **({"schema": schema} if schema else {})}
        found = connection.execute(sa.text(sql.format(database=database)), values).scalar() or ""
        return tuple(part.strip(" `") for part in str(found).split(",") if part.strip())

    def _upper(self, connection: sa.Connection, checkpoint: Checkpoint) -> tuple[Any, ...] | None:
        """Return the slice's last key: as planned before, when this slice was begun already."""
        notes = TaskJournal(self.scope, f"{self.migration.name}#slice", self.execution_id)
        begun = notes.read(connection)
        if begun is not None and (begun.digest, begun.batch) == (checkpoint.position or "", checkpoint.batch):
            return read_key(begun.position)
        upper = RowTask._upper(self, connection, checkpoint)
        planned = None if upper is None else write_key(upper)
        notes.write(
            connection,
            replace(checkpoint, digest=checkpoint.position or "", state=State.DONE, position=planned),
        )
        self.point("slice planned")
        return upper

    def _insert(self, connection: sa.Connection, insert: Any, checkpoint: Checkpoint, upper: Any, count: Any) -> int:
        last = "" if upper is None else write_key(upper)
        rows = connection.execute(count).scalar_one()
        settings = {
            **_ONE_THREAD,
            "insert_deduplication_token": f"{self.scope}/{self.migration.digest}/{checkpoint.position}/{last}",
            "min_insert_block_size_rows": max(int(rows), 1),
            "max_insert_block_size": max(int(rows), 1),
        }
        connection.execute(insert, execution_options={"settings": settings})
        return int(rows)

    def _is_row_error(self, error: exc.DBAPIError) -> bool:
        return getattr(error.orig, "code", None) in _ROW_CODES


def _deduplicates(connection: sa.Connection, table: str) -> bool:
    schema, _, name = table.rpartition(".")
    where = "database = :schema" if schema else "database = currentDatabase()"
    values = {"name": name, **({"schema": schema} if schema else {})}
    sql = f"SELECT engine_full FROM system.tables WHERE {where} AND name = :name"  # noqa: S608 - two fixed texts
    engine = str(connection.execute(sa.text(sql), values).scalar() or "")
    if engine.startswith(("Replicated", "Shared")):
        return "replicated_deduplication_window = 0" not in engine
    _, _, window = engine.partition("non_replicated_deduplication_window = ")
    return window[:1].isdigit() and window[:1] != "0"
