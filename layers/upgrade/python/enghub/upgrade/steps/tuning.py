"""Tunes the database by declared statements, and takes back what does not help (UPG-18)."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from enghub.core.i18n import Text
from enghub.kit.sql.gate import is_single_query
from enghub.kit.sql.splitter import split
from enghub.kit.work.errors import WorkFailed
from enghub.kit.work.slices import Cursor, Progress, Slice, done, more
from enghub.upgrade.problems import Problem
from enghub.upgrade.stepping.step import BaseStep, StepContext, Takes
from enghub.upgrade.steps import parameters as read

if TYPE_CHECKING:
    from enghub.kit.databases.session import WriteSession
    from enghub.upgrade.gateways.databases.tasks import TaskState

BAD_MEASURE = Text("Tuning {name}: its measure fails: {error}", "调优 {name}：度量查询失败：{error}")
USELESS = Text(
    "Tuning {name} brought {percent} % and was taken back: look for another way",
    "调优 {name} 仅提升 {percent}%，已回滚：请重新分析并制定新的优化策略",
)
Sql = Annotated[str, Field(min_length=1, max_length=20_000)]


class Tuning(BaseModel):
    """One change with its way back, and the query that tells whether it helped."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[A-Za-z0-9][\w.-]*$")]
    apply: Annotated[tuple[Sql, ...], Field(min_length=1)]
    revert: Annotated[tuple[Sql, ...], Field(min_length=1)]
    measure: Sql
    """A plain SELECT; its time is taken."""
    times: Annotated[int, Field(ge=1, le=20)] = 5
    timeout_seconds: Annotated[int, Field(ge=1, le=600)] = 60
    min_improvement_percent: Annotated[float, Field(ge=-10_000, le=100)] = 5.0


class PerformanceTuning(BaseStep):
    """Measure, change, measure again, keep or take back; each statement is journalled as a script's is."""

    takes: ClassVar[Takes] = frozenset({"tuning"})
    rehearsable: ClassVar[bool] = True
    summary: ClassVar[str] = "Tuning statements, taken back when they do not help; parameter `tuning`"

    def validate(self, parameters: Mapping[str, Any]) -> tuple[Problem, ...]:
        """See `Step.validate`."""
        found = read.problems(parameters, "tuning", Tuning)
        return found or read.repeated([t.name for t in read.read_list(parameters, "tuning", Tuning)], "tuning")

    def run(self, context: StepContext, cursor: Cursor) -> Slice:
        """Go on where the journal says."""
        rules = read.read_list(context.parameters, "tuning", Tuning)
        results = []
        with context.databases.writer(context.budget) as session:
            for number, rule in enumerate(rules):
                reached = _Work(context, session, rule).run()
                if reached is None:
                    return more({"tuning": rule.name}, Progress(number, len(rules), "changes"))
                results.append({"name": rule.name, **reached.data})
                context.log("info", f"tuning {rule.name}: {reached.data['outcome']}")
        useless = [_attention(result) for result in results if result["outcome"] == "taken back"]
        return done({"tuning": results, "attention": useless}, Progress(len(rules), len(rules), "changes"))

    def rollback(self, context: StepContext, cursor: Cursor) -> Slice:
        """Take back what was kept, last first."""
        rules = read.read_list(context.parameters, "tuning", Tuning)
        with context.databases.writer(context.budget) as session:
            for rule in reversed(rules):
                if not _Work(context, session, rule).undo():
                    return more({"tuning": rule.name})
        return done({"rolledBack": [rule.name for rule in rules]})


def _attention(result: Mapping[str, Any]) -> dict[str, str]:
    values = {"name": result["name"], "percent": result["improvementPercent"]}
    return {"en": USELESS.render("en", **values), "zh": USELESS.render("zh", **values)}


class _Work:
    """One change, on one session. Stages: apply (with the figure before), judge, revert, done."""

    def __init__(self, context: StepContext, session: "WriteSession", rule: Tuning) -> None:
        from enghub.upgrade.gateways.databases.tasks import StagedTask  # noqa: PLC0415

        self.context = context
        self.session = session
        self.rule = rule
        self.task = StagedTask(context.facts.scope, f"tuning:{rule.name}", context.facts.execution_id)

    def run(self) -> "TaskState | None":
        """Return the end, None when there is more to do."""
        with self.session.transaction() as connection:
            reached = self.task.read(connection)
        if reached is None:
            reached = self._write("apply", {"beforeMs": self._measure()})
            self.context.point("measured")
        if reached.stage == "apply":
            if not self._execute("apply", self.rule.apply):
                return None
            reached = self._write("judge", reached.data)
        if reached.stage == "judge":
            reached = self._judge(reached)
        if reached.stage == "revert":
            if not self._execute("revert", self.rule.revert):
                return None
            reached = self._write("done", reached.data)
        return reached

    def undo(self) -> bool:
        """Take back a change that was begun; True when that is done."""
        with self.session.transaction() as connection:
            reached = self.task.read(connection)
        if reached is None:
            return True
        if reached.data.get("outcome") != "taken back" and not self._execute("revert", self.rule.revert):
            return False
        from enghub.upgrade.gateways.databases.journal import ScriptJournal  # noqa: PLC0415

        facts = self.context.facts
        with self.session.transaction() as connection:
            for part in ("apply", "revert"):
                ScriptJournal(facts.scope, self._path(part), facts.execution_id).mark_undone(connection)
            self.task.forget(connection)
        return True

    def _judge(self, reached: "TaskState") -> "TaskState":
        before, after = float(reached.data["beforeMs"]), self._measure()
        percent = round((before - after) * 100 / before, 1) if before else 0.0
        helped = percent >= self.rule.min_improvement_percent
        outcome = "kept" if helped else "taken back"
        data = {**reached.data, "afterMs": after, "improvementPercent": percent, "outcome": outcome}
        return self._write("done" if helped else "revert", data)

    def _write(self, stage: str, data: Mapping[str, Any]) -> "TaskState":
        from enghub.upgrade.gateways.databases.tasks import TaskState, digest_of  # noqa: PLC0415

        reached = TaskState(stage, digest_of(self.rule.model_dump(mode="json")), data)
        with self.session.transaction() as connection:
            self.task.write(connection, reached)
        self.context.point(f"reached {stage}")
        return reached

    def _measure(self) -> float:
        from enghub.kit.databases import indexes  # noqa: PLC0415
        from enghub.kit.databases.failures import refused_as  # noqa: PLC0415

        if not is_single_query(self.rule.measure, self.session.dialect):
            raise WorkFailed(BAD_MEASURE, name=self.rule.name, error="it is not one plain SELECT")
        with (
            self.context.databases.reader(self.rule.timeout_seconds) as reader,
            refused_as(BAD_MEASURE, name=self.rule.name),
        ):
            return float(indexes.measure(reader, self.rule.measure, self.rule.times)["milliseconds"])

    def _path(self, part: str) -> str:
        return f"tuning:{self.rule.name}:{part}"

    def _execute(self, part: str, statements: Sequence[str]) -> bool:
        from enghub.upgrade.gateways.databases.scripts import Script, ScriptRunner  # noqa: PLC0415

        facts, context = self.context.facts, self.context
        text = ";\n".join(statement.rstrip().rstrip(";") for statement in statements)
        runner = ScriptRunner(
            self.session,
            facts.scope,
            facts.execution_id,
            context.budget,
            whole_script=False,
            decision=context.decision,
            point=context.point,
        )
        return runner.run(Script(self._path(part), split(text, self.session.dialect))).finished
