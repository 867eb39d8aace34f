"""What the steps that migrate rows have in common: their failures' reports, and whether rows can be taken back."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from enghub.core.i18n import Text
from enghub.kit.work.errors import WorkFailed
from enghub.kit.work.slices import Slice, done
from enghub.upgrade.phases import Phase
from enghub.upgrade.stepping.migration_rules import Migration
from enghub.upgrade.stepping.ports import NotConfigured
from enghub.upgrade.stepping.step import StepContext
from enghub.upgrade.steps import parameters as read
from enghub.upgrade.steps.sql_scripts import SqlScripts


@contextmanager
def reported(finished: Sequence[Mapping[str, Any]]) -> Iterator[None]:
    """Let a failure of one migration also report those that were finished before it."""
    try:
        yield
    except WorkFailed as failure:
        failure.result = {"migrations": [*finished, *failure.result.get("migrations", ())]}
        raise


NO_WAY_BACK = Text(
    "Migrated rows of {tables} cannot be taken back: declare rollback_scripts, or a backup of the target in the phase "
    "startup_pre_process",
    "{tables} 中已迁移的数据无法撤销：请声明 rollback_scripts，或在 startup_pre_process 阶段备份目标表",
)


def why_irreversible(
    migrations: Sequence[Migration], parameters: Mapping[str, Any], copies: frozenset[str]
) -> Text | None:
    """Return why moved rows cannot be taken back: neither scripts undo it, nor does a backup of the targets."""
    if read.texts(parameters, "rollback_scripts"):
        return None
    lost = sorted({migration.target for migration in migrations} - copies)
    values = {"tables": ", ".join(lost)}
    return Text(NO_WAY_BACK.render("en", **values), NO_WAY_BACK.render("zh", **values)) if lost else None


def undo(migrations: Sequence[Migration], context: StepContext) -> Slice:
    """Let the migrations run again; their rows are taken back by scripts or by the backup of their targets.

    Raises:
        WorkFailed: nothing takes them back.
    """
    from enghub.upgrade.gateways.databases.journal import TaskJournal  # noqa: PLC0415 - SQLAlchemy

    facts = context.facts
    journals = [(migration, TaskJournal(facts.scope, migration.name, facts.execution_id)) for migration in migrations]
    with context.databases.writer(context.budget) as session, session.transaction() as connection:
        begun = [(migration, journal) for migration, journal in journals if journal.read(connection) is not None]
    if not begun:
        return done({"rollback": "nothing to undo"})
    why = why_irreversible([migration for migration, _ in begun], context.parameters, _backed_up(context))
    if why is not None:
        raise WorkFailed(why)
    if read.texts(context.parameters, "rollback_scripts") and not read.texts(context.parameters, "sql_scripts"):
        ended = SqlScripts().rollback(context, {})
        if ended.state == "more":
            return ended
    with context.databases.writer(context.budget) as session, session.transaction() as connection:
        for migration, journal in begun:
            journal.forget(connection)
            TaskJournal(facts.scope, migration.rest, facts.execution_id).forget(connection)
    context.point("migration forgotten")
    return done({"forgotten": [migration.name for migration, _ in begun]})


def _backed_up(context: StepContext) -> frozenset[str]:
    """Return the tables that this execution backed up in the outage: their own step's rollback brings them back."""
    from enghub.upgrade.gateways.backups.archive import of_execution  # noqa: PLC0415 - SQLAlchemy

    if isinstance(context.ports.artifacts, NotConfigured):
        return frozenset()
    made = of_execution(context.ports.artifacts, context.facts.site_id, context.facts.execution_id)
    in_outage = (manifest for _, manifest in made if manifest.phase == Phase.STARTUP_PRE_PROCESS)
    return frozenset(table.made.table for manifest in in_outage for table in manifest.tables)
