"""Backs tables up inside the database, without blocking writers, and restores them (UPG-15, UPG-09)."""

from collections.abc import Mapping
from typing import Any, ClassVar

from enghub.core.i18n import Text
from enghub.upgrade.steps import parameters as read
from enghub.upgrade.steps.base import BaseStep, Cursor, Progress, Slice, StepContext, StepFailed, done, more

KEPT = 3
"""Backups of this many upgrades stay (source document, chapter 2)."""
NO_BACKUP = Text("There is no complete backup of table {table} by this upgrade", "本次升级没有表 {table} 的完整备份")


class BackupTables(BaseStep):
    """One table per slice: its rows as of one moment, counted and checksummed in the same transaction."""

    summary: ClassVar[str] = "Non-blocking backup of tables in the database; parameter `backup_tables`"

    def validate(self, parameters: Mapping[str, Any]) -> tuple[str, ...]:
        """See `Step.validate`."""
        tables = parameters.get("backup_tables", [])
        if not isinstance(tables, list | tuple) or not all(isinstance(t, str) and t for t in tables):
            return ("backup_tables: must be a list of table names",)
        return read.repeated(list(tables), "backup_tables")

    def run(self, context: StepContext, cursor: Cursor) -> Slice:
        """Back up what has no complete backup yet, then drop the oldest upgrades' backups."""
        from enghub.upgrade.gateways.databases import backups  # noqa: PLC0415 - SQLAlchemy

        tables = read.texts(context.parameters, "backup_tables")
        made = []
        with context.databases.writer(context.budget) as session:
            for number, table in enumerate(tables):
                facts, fresh = backups.back_up(session, context.facts.execution_id, table, context.point)
                made.append(facts)
                if fresh:
                    context.log("info", f"table {table}: {facts['rows']} rows backed up")
                if fresh and context.budget.spent and number + 1 < len(tables):
                    return more({"tables": number + 1}, Progress(number + 1, len(tables), "tables"))
            dropped = backups.drop_old(session, KEPT)
        return done({"backup": made, "dropped": dropped}, Progress(len(tables), len(tables), "tables"))

    def rollback(self, context: StepContext, cursor: Cursor) -> Slice:
        """Restore what was backed up."""
        return RestoreBackup().run(context, cursor)


class RestoreBackup(BaseStep):
    """Puts the rows of this upgrade's backups back, one table per transaction; all of them when none is named."""

    summary: ClassVar[str] = "Restore of this upgrade's table backups; parameter `backup_tables` (all when absent)"

    def validate(self, parameters: Mapping[str, Any]) -> tuple[str, ...]:
        """See `Step.validate`."""
        return BackupTables().validate(parameters)

    def run(self, context: StepContext, cursor: Cursor) -> Slice:
        """Restore the tables one after the other."""
        from enghub.upgrade.gateways.databases import backups  # noqa: PLC0415 - SQLAlchemy

        restored = []
        with context.databases.writer(context.budget) as session:
            known = backups.of_execution(session, context.facts.execution_id)
            tables = read.texts(context.parameters, "backup_tables") or tuple(known)
            for table in tables:
                if table not in known:
                    raise StepFailed(NO_BACKUP, table=table)
                restored.append({"table": table, "rows": backups.restore(session, context.facts.execution_id, table)})
                context.point("restored")
        return done({"restored": restored}, Progress(len(tables), len(tables), "tables"))
