"""Rebuilds tables in a new form: create, copy, catch up, compare, exchange, drop (UPG-16)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from enghub.core.i18n import Text
from enghub.kit.work.slices import Cursor, Progress, Slice, done, more
from enghub.upgrade.problems import Problem
from enghub.upgrade.stepping.rebuild_rules import Rebuild
from enghub.upgrade.stepping.step import BaseStep, StepContext, Takes
from enghub.upgrade.steps import parameters as read

if TYPE_CHECKING:
    from enghub.kit.databases.session import WriteSession
    from enghub.upgrade.gateways.databases.rebuilding import Rebuilding

OLD_DROPPED = Text(
    "The rebuild drops the old table ({tables}): set keep_old to be able to go back",
    "重建后旧表（{tables}）被删除：如需回退请设置 keep_old",
)


class TableRebuild(BaseStep):
    """One table after the other; the live one is touched only by the exchange."""

    takes: ClassVar[Takes] = frozenset({"rebuilds"})
    rehearsable: ClassVar[bool] = True
    summary: ClassVar[str] = "Table rebuild: create, copy in batches, exchange; parameter `rebuilds`"

    def validate(self, parameters: Mapping[str, Any]) -> tuple[Problem, ...]:
        """See `Step.validate`."""
        found = read.problems(parameters, "rebuilds", Rebuild)
        if found:
            return found
        return read.repeated([rule.table for rule in read.read_list(parameters, "rebuilds", Rebuild)], "rebuilds")

    def run(self, context: StepContext, cursor: Cursor) -> Slice:
        """Go on where the journal says."""
        results = []
        with context.databases.writer(context.budget) as session:
            for rule in read.read_list(context.parameters, "rebuilds", Rebuild):
                work = _work(session, rule, context)
                reached = work.run()
                progress = Progress(reached.done, reached.total, "rows")
                if not reached.is_done:
                    return more({"table": rule.table, "stage": reached.stage}, progress)
                old = work.old if rule.keep_old else None
                results.append(
                    {
                        "table": rule.table,
                        "rows": reached.done,
                        "failed": reached.data["failed"],
                        "busySeconds": reached.data.get("busyMs", 0) / 1000,
                        "old": old,
                    }
                )
                context.log("info", f"table {rule.table} rebuilt: {reached.done} rows")
        return done({"rebuilds": results})

    def why_irreversible(self, parameters: Mapping[str, Any], copies: frozenset[str]) -> Text | None:
        """A rebuild that drops the old table cannot bring it back."""
        lost = [rule.table for rule in read.read_list(parameters, "rebuilds", Rebuild) if not rule.keep_old]
        values = {"tables": ", ".join(lost)}
        return Text(OLD_DROPPED.render("en", **values), OLD_DROPPED.render("zh", **values)) if lost else None

    def rollback(self, context: StepContext, cursor: Cursor) -> Slice:
        """Bring the old tables back, last first."""
        rules = read.read_list(context.parameters, "rebuilds", Rebuild)
        with context.databases.writer(context.budget) as session:
            for rule in reversed(rules):
                _work(session, rule, context).undo()
                context.log("info", f"table {rule.table} is the old one again")
        return done({"rolledBack": [rule.table for rule in rules]})


def _work(session: "WriteSession", rule: Rebuild, context: StepContext) -> "Rebuilding":
    from enghub.upgrade.gateways.databases.rebuilding import Rebuilding  # noqa: PLC0415

    return Rebuilding(
        session, rule, context.facts.scope, context.facts.execution_id, context.budget, context.point, context.report
    )
