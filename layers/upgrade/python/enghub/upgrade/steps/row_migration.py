"""Migrates rows in slices, with the checkpoint in the transaction of the rows (UPG-06, UPG-16, UPG-18)."""

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from enghub.core.i18n import Text
from enghub.kit.work.slices import Cursor, Slice, done, more
from enghub.upgrade.problems import Problem
from enghub.upgrade.stepping.migration_rules import Migration
from enghub.upgrade.stepping.step import BaseStep, StepContext, Takes
from enghub.upgrade.steps import parameters as read
from enghub.upgrade.steps.migrations import reported, undo, why_irreversible

if TYPE_CHECKING:
    from enghub.kit.databases.session import WriteSession
    from enghub.upgrade.gateways.databases.rows import RowTask


class RowMigration(BaseStep):
    """Migrations one after the other, each in keyset batches."""

    takes: ClassVar[Takes] = frozenset({"migrations", "rollback_scripts"})
    rehearsable: ClassVar[bool] = True
    transactions: ClassVar[bool] = False
    summary: ClassVar[str] = "Row migration with mapping rules, failed rows kept; parameter `migrations`"

    def validate(self, parameters: Mapping[str, Any]) -> tuple[Problem, ...]:
        """See `Step.validate`."""
        found = read.problems(parameters, "migrations", Migration)
        if found:
            return found
        return read.repeated([m.name for m in read.read_list(parameters, "migrations", Migration)], "migrations")

    def run(self, context: StepContext, cursor: Cursor) -> Slice:
        """Go on where the checkpoints in the target database say; the cursor only mirrors them."""
        from enghub.upgrade.gateways.databases.arrival import left_behind, settle  # noqa: PLC0415
        from enghub.upgrade.gateways.databases.journal import State  # noqa: PLC0415
        from enghub.upgrade.gateways.databases.kinds import row_task  # noqa: PLC0415
        from enghub.upgrade.gateways.databases.rows import outcome, progress  # noqa: PLC0415

        def task(session: "WriteSession", migration: Migration) -> "RowTask":
            facts = context.facts
            return row_task(
                session, migration, facts.scope, facts.execution_id, context.budget, context.point, context.report
            )

        results: list[dict[str, Any]] = []
        attention: list[dict[str, str]] = []
        latest = None
        with context.databases.writer(context.budget) as session, reported(results):
            for migration in read.read_list(context.parameters, "migrations", Migration):
                checkpoint = task(session, migration).run()
                latest = progress(checkpoint)
                arrival = None
                if checkpoint.state is State.DONE:
                    arrival = settle(context, migration, checkpoint, partial(task, session))
                results.append({**outcome(migration, checkpoint), **(arrival.to_json() if arrival else {})})
                if arrival is None:
                    position = {"migration": migration.name, "moved": checkpoint.moved, "position": checkpoint.position}
                    return more(position, latest, result={"migrations": results})
                attention += left_behind(migration, checkpoint, arrival)
                context.log("info", f"migration {migration.name}: {checkpoint.moved} moved, {checkpoint.failed} failed")
        return done({"migrations": results, "attention": attention}, latest)

    def why_irreversible(self, parameters: Mapping[str, Any], copies: frozenset[str]) -> Text | None:
        """See `BaseStep.why_irreversible`."""
        return why_irreversible(read.read_list(parameters, "migrations", Migration), parameters, copies)

    def rollback(self, context: StepContext, cursor: Cursor) -> Slice:
        """See `migration_rules.undo`."""
        return undo(read.read_list(context.parameters, "migrations", Migration), context)
