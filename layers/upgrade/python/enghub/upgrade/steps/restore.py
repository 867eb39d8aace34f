"""Brings tables and configuration files back from the execution's backup (UPG-09, UPG-15)."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from enghub.core.i18n import Text
from enghub.kit.files.store import FileMissing
from enghub.kit.work.errors import WorkFailed
from enghub.kit.work.slices import Cursor, Progress, Slice, done, more
from enghub.upgrade.problems import Problem
from enghub.upgrade.stepping.migration_rules import Identifier
from enghub.upgrade.stepping.step import BaseStep, StepContext, Takes
from enghub.upgrade.steps import parameters as read

if TYPE_CHECKING:
    from enghub.upgrade.gateways.backups.archive import Manifest

NO_BACKUP = Text(
    "There is no complete backup of execution {execution} for site {site}: nothing was changed",
    "局点 {site} 没有执行 {execution} 的完整备份，未做任何修改",
)
NOT_IN_BACKUP = Text("The backup does not hold {names}", "备份中不包含 {names}")


class RestoreRules(BaseModel):
    """What is restored; by default everything the execution backed up."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tables: tuple[Identifier, ...] | None = None
    config_files: bool = True
    execution_id: Annotated[str, Field(min_length=1, max_length=40)] | None = None
    """Whose backup; by default the running execution's."""


class RestoreBackup(BaseStep):
    """Every table is loaded and proved beside the live one before any live table is touched."""

    takes: ClassVar[Takes] = frozenset({"restore"})
    rehearsable: ClassVar[bool] = True
    summary: ClassVar[str] = "Restore of the execution's backup, proved before it takes effect; parameter `restore`"

    def validate(self, parameters: Mapping[str, Any]) -> tuple[Problem, ...]:
        """See `Step.validate`."""
        return read.problems_of_one(parameters, "restore", RestoreRules)

    def run(self, context: StepContext, cursor: Cursor) -> Slice:
        """Restore the tables, then the files."""
        if not context.data_touched:
            return done({"restored": [], "rollback": "no data had been touched"})
        rules = read.read_one(context.parameters, "restore", RestoreRules)
        return restore(context, _chosen(context, rules), rules)


def restore(context: StepContext, chosen: Sequence[tuple[str, "Manifest"]], rules: RestoreRules) -> Slice:
    """Put backups back, one after the other, until all are or the budget is spent.

    Args:
        context: the step's.
        chosen: folder and manifest of each backup.
        rules: which of what they hold.

    Raises:
        WorkFailed: a backup is damaged, or what it holds does not fit into the database; live tables are untouched.
    """
    from enghub.upgrade.gateways.backups.archive import Archive  # noqa: PLC0415
    from enghub.upgrade.gateways.backups.restoring import Restoring  # noqa: PLC0415

    results: list[dict[str, Any]] = []
    for folder, manifest in chosen:
        archive = Archive(context.ports.artifacts, folder)
        wanted = rules.tables
        tables = [table for table in manifest.tables if wanted is None or table.made.table in wanted]
        if tables:
            with context.databases.writer(context.budget) as session:
                scope = f"{context.facts.scope}#{manifest.version}/{manifest.step_id}"
                work = Restoring(
                    session,
                    archive,
                    manifest,
                    scope,
                    context.facts.execution_id,
                    context.budget,
                    context.point,
                    context.report,
                )
                if not work.run(tables):
                    return more({"backup": folder}, Progress(len(results), len(chosen), "backups"))
        files = _restore_files(context, archive, manifest) if rules.config_files else []
        rows = {table.made.table: table.sum.rows for table in tables}
        results.append({"backup": folder, "consistency": manifest.consistency, "tables": rows, "files": files})
    return done({"restored": results}, Progress(len(chosen), len(chosen), "backups"))


def _chosen(context: StepContext, rules: RestoreRules) -> "list[tuple[str, Manifest]]":
    """Return the execution's backups, oldest last: of two backups of a table the older one is the state before."""
    from enghub.upgrade.gateways.backups.archive import of_execution  # noqa: PLC0415

    execution_id = rules.execution_id or context.facts.execution_id
    found = of_execution(context.ports.artifacts, context.facts.site_id, execution_id)
    if not found:
        raise WorkFailed(NO_BACKUP, execution=execution_id, site=context.facts.site_id)
    same_version = [one for one in found if one[1].version == context.facts.version]
    chosen = sorted(same_version or found, key=lambda one: one[1].completed_at, reverse=True)
    held = {table.made.table for _, manifest in chosen for table in manifest.tables}
    missing = set(rules.tables or ()) - held
    if missing:
        raise WorkFailed(NOT_IN_BACKUP, names=", ".join(sorted(missing)))
    return chosen


def _restore_files(context: StepContext, archive: Any, manifest: "Manifest") -> list[str]:
    """Put files back as they were; one that did not exist is removed."""
    changed = []
    for file in manifest.files:
        present = _sha256(context, file.name)
        if present == file.content_sha256:
            continue
        content = archive.content(file)
        if content is None:
            context.ports.files.delete(file.name)
        else:
            context.ports.files.write(file.name, content)
        context.point("file restored")
        changed.append(file.name)
    return changed


def _sha256(context: StepContext, name: str) -> str | None:
    try:
        return hashlib.sha256(context.ports.files.read(name)).hexdigest()
    except FileMissing:
        return None
