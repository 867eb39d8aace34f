"""Runs the rollback scripts that a manifest's `rollback_steps` name (UPG-09, UPG-16)."""

from collections.abc import Mapping
from typing import Any, ClassVar

from enghub.core.i18n import Text
from enghub.kit.work.slices import Cursor, Slice, SliceState, done
from enghub.upgrade.problems import Problem
from enghub.upgrade.stepping.step import BaseStep, StepContext, Takes
from enghub.upgrade.steps import parameters as read
from enghub.upgrade.steps.sql_scripts import SqlScripts

NO_SCRIPT = Text("must name at least one script", "至少填写一个脚本")


class RollbackScripts(BaseStep):
    """The scripts in the order given, each statement journalled; afterwards nothing of them counts as run."""

    takes: ClassVar[Takes] = frozenset({"rollback_scripts", "transaction"})
    rehearsable: ClassVar[bool] = True
    transactions: ClassVar[bool] = False
    summary: ClassVar[str] = "Rollback scripts of a version; parameter `rollback_scripts`"

    def validate(self, parameters: Mapping[str, Any]) -> tuple[Problem, ...]:
        """See `Step.validate`."""
        if not read.texts(parameters, "rollback_scripts"):
            return (Problem("rollback_scripts", NO_SCRIPT),)
        return SqlScripts().validate(parameters)

    def run(self, context: StepContext, cursor: Cursor) -> Slice:
        """Run what the journal does not show as done."""
        from enghub.upgrade.gateways.databases.journal import has_run, mark_version_undone  # noqa: PLC0415

        with context.databases.writer(context.budget) as session, session.transaction() as connection:
            if not has_run(connection, context.facts.version):
                return done({"rollback": "nothing to undo"})
        ended = SqlScripts().rollback(context, cursor)
        if ended.state is SliceState.DONE:
            with context.databases.writer(context.budget) as session, session.transaction() as connection:
                mark_version_undone(connection, context.facts.version, rollback=False)
            context.point("version undone")
        return ended
