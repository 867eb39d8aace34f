"""Creates, rebuilds and drops indexes, and measures what that does to declared queries (UPG-17)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from enghub.core.i18n import Text
from enghub.core.wire import Unfit
from enghub.kit.sql.dialect import Dialect
from enghub.kit.sql.gate import is_single_query
from enghub.kit.work.errors import WorkFailed
from enghub.kit.work.slices import Cursor, Progress, Slice, done, more
from enghub.upgrade.problems import Problem
from enghub.upgrade.stepping.migration_rules import Identifier
from enghub.upgrade.stepping.step import BaseStep, StepContext, Takes
from enghub.upgrade.steps import parameters as read

if TYPE_CHECKING:
    from enghub.kit.databases.indexes import Index
    from enghub.kit.databases.session import WriteSession
    from enghub.upgrade.gateways.databases.tasks import StagedTask, TaskState

FAILED = Text("Index {index} on {table}: {error}", "表 {table} 的索引 {index}：{error}")
MISSING = Text("Index {index} on {table} does not exist", "表 {table} 上没有索引 {index}")
OTHER = Text(
    "Index {index} on {table} exists with other columns ({columns}): drop it first",
    "表 {table} 上的索引 {index} 已存在但列不同（{columns}），请先删除",
)
NOT_READ_ONLY = Text(
    "The query {query} is refused: it is not one plain SELECT", "查询 {query} 被拒绝：不是单条只读查询"
)
TASK = "indexes"
CREATE_COLUMNS = Text("create needs columns", "create 须填写 columns")
NO_COLUMNS = Text("{action} takes no columns", "{action} 不接受 columns")


class IndexRule(BaseModel):
    """What happens to one index."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    action: Literal["create", "rebuild", "drop"] = "create"
    table: Identifier
    name: Identifier
    columns: tuple[Identifier, ...] = ()
    unique: bool = False

    @model_validator(mode="after")
    def _columns_to_create(self) -> Self:
        if (self.action == "create") != bool(self.columns):
            raise Unfit(CREATE_COLUMNS if self.action == "create" else NO_COLUMNS, action=self.action)
        return self


class Probe(BaseModel):
    """A query whose time is taken before and after."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(min_length=1, max_length=100)]
    sql: Annotated[str, Field(min_length=1, max_length=20_000)]
    times: Annotated[int, Field(ge=1, le=20)] = 3
    timeout_seconds: Annotated[int, Field(ge=1, le=600)] = 60


class IndexOptimisation(BaseStep):
    """Figures before, the indexes one by one, statistics, figures after. A failure puts the indexes back."""

    takes: ClassVar[Takes] = frozenset({"indexes", "analyze", "index_probes"})
    rehearsable: ClassVar[bool] = True
    summary: ClassVar[str] = "Indexes with figures before and after; parameters `indexes`, `analyze`, `index_probes`"

    def validate(self, parameters: Mapping[str, Any]) -> tuple[Problem, ...]:
        """See `Step.validate`."""
        found = [*read.problems(parameters, "indexes", IndexRule), *read.problems(parameters, "index_probes", Probe)]
        tables = parameters.get("analyze", [])
        if not isinstance(tables, list | tuple) or not all(isinstance(item, str) and item for item in tables):
            found.append(Problem("analyze", read.TABLES))
        return tuple(found)

    def run(self, context: StepContext, cursor: Cursor) -> Slice:
        """Go on where the journal says."""
        from enghub.upgrade.gateways.databases.tasks import DONE, StagedTask, TaskState, digest_of  # noqa: PLC0415

        rules = read.read_list(context.parameters, "indexes", IndexRule)
        task = StagedTask(context.facts.scope, TASK, context.facts.execution_id)
        with context.databases.writer(context.budget) as session:
            with session.transaction() as connection:
                reached = task.read(connection)
            if reached is None:
                facts = {"before": _figures(context, session), "had": _present(session, rules)}
                reached = TaskState("work", digest_of(facts["had"]), facts, 0, len(rules))
                with session.transaction() as connection:
                    task.write(connection, reached)
            context.point("before figures")
            for number, rule in enumerate(rules[reached.done :], reached.done + 1):
                self._apply(context, session, rule, task, reached)
                reached = replace(reached, stage=DONE if number == len(rules) else "work", done=number)
                with session.transaction() as connection:
                    task.write(connection, reached)
                context.point("index recorded")
                if context.budget.spent and not reached.is_done:
                    return more({"index": number}, Progress(number, len(rules), "indexes"))
            _analyse(context, session, rules)
            after = _figures(context, session)
        return done(_effect(rules, reached.data["before"], after), Progress(len(rules), len(rules), "indexes"))

    def _apply(
        self, context: StepContext, session: "WriteSession", rule: IndexRule, task: "StagedTask", reached: "TaskState"
    ) -> None:
        try:
            _apply(context, session, rule)
        except WorkFailed:
            with session.transaction() as connection:  # first: what is put back has to be done again
                task.write(connection, replace(reached, stage="work", done=0))
            _put_back(context, session, read.read_list(context.parameters, "indexes", IndexRule), reached.data["had"])
            context.log("warning", "the indexes are as they were before the step")
            raise

    def rollback(self, context: StepContext, cursor: Cursor) -> Slice:
        """Put the indexes back as they were before the step."""
        from enghub.upgrade.gateways.databases.tasks import StagedTask  # noqa: PLC0415

        rules = read.read_list(context.parameters, "indexes", IndexRule)
        task = StagedTask(context.facts.scope, TASK, context.facts.execution_id)
        with context.databases.writer(context.budget) as session:
            with session.transaction() as connection:
                reached = task.read(connection)
            if reached is None:
                return done({"rollback": "nothing to undo"})
            _put_back(context, session, rules, reached.data["had"])
            with session.transaction() as connection:
                task.forget(connection)
        return done({"rolledBack": [rule.name for rule in rules]})


def _figures(context: StepContext, session: "WriteSession") -> dict[str, Any]:
    from enghub.kit.databases import indexes  # noqa: PLC0415

    probes = {}
    for probe in read.read_list(context.parameters, "index_probes", Probe):
        if not is_single_query(probe.sql, session.dialect):
            raise WorkFailed(NOT_READ_ONLY, query=probe.name)
        try:
            with context.databases.reader(probe.timeout_seconds) as reader:
                probes[probe.name] = indexes.measure(reader, probe.sql, probe.times)
        except WorkFailed as failure:
            probes[probe.name] = {"milliseconds": None, "plan": [failure.text.en]}
    rules = read.read_list(context.parameters, "indexes", IndexRule)
    tables = sorted({rule.table for rule in rules} | set(read.texts(context.parameters, "analyze")))
    with session.transaction() as connection:
        return {"probes": probes, "sizes": indexes.sizes(connection, session.dialect, tables)}


def _present(session: "WriteSession", rules: tuple[IndexRule, ...]) -> dict[str, Any]:
    """Return the indexes of every named table as they are: MariaDB drops some by itself when others replace them."""
    from enghub.kit.databases import indexes  # noqa: PLC0415

    with session.transaction() as connection:
        tables = dict.fromkeys(rule.table for rule in rules)
        return {table: [index.to_json() for index in indexes.all_of(connection, table)] for table in tables}


def _apply(context: StepContext, session: "WriteSession", rule: IndexRule) -> None:
    from enghub.kit.databases import indexes  # noqa: PLC0415
    from enghub.kit.databases.failures import refused_as  # noqa: PLC0415

    wanted = indexes.Index(rule.table, rule.name, rule.columns, rule.unique)
    with refused_as(FAILED, index=rule.name, table=rule.table):
        present = _valid(session, wanted)
        if rule.action == "create" and present is not None and present.columns != rule.columns:
            raise WorkFailed(OTHER, index=rule.name, table=rule.table, columns=", ".join(present.columns))
        if rule.action == "rebuild" and present is None:
            raise WorkFailed(MISSING, index=rule.name, table=rule.table)
        with session.autocommit() as connection:
            if rule.action == "create" and present is None:
                indexes.create(connection, session.dialect, wanted)
            elif rule.action == "rebuild" and present is not None:
                indexes.rebuild(connection, session.dialect, present)
            elif rule.action == "drop" and present is not None:
                indexes.drop(connection, session.dialect, present)
        context.point("index changed")


def _valid(session: "WriteSession", index: "Index") -> "Index | None":
    """Return an index if it is there and whole; half of one, left by a killed worker, is removed."""
    from enghub.kit.databases import indexes  # noqa: PLC0415

    with session.transaction() as connection:
        found = indexes.find(connection, index.table, index.name)
        half = found is not None and session.dialect is Dialect.POSTGRESQL and indexes.half_built(connection, index)
    if found is not None and half:
        with session.autocommit() as connection:
            indexes.drop(connection, session.dialect, found)
        return None
    return found


def _put_back(
    context: StepContext, session: "WriteSession", rules: tuple[IndexRule, ...], had: Mapping[str, Any]
) -> None:
    """Make what is missing first (a foreign key may need it), then drop what the step made."""
    from enghub.kit.databases import indexes  # noqa: PLC0415

    for table, stored in had.items():
        before = [indexes.Index.of_json(index) for index in stored]
        made = [indexes.Index(table, rule.name, rule.columns, rule.unique) for rule in rules if rule.table == table]
        known = {index.name.lower() for index in before}
        for index in before:
            if _valid(session, index) is None:
                with session.autocommit() as connection:
                    indexes.create(connection, session.dialect, index)
                context.point("index put back")
        for index in made:
            if index.name.lower() not in known and _valid(session, index) is not None:
                with session.autocommit() as connection:
                    indexes.drop(connection, session.dialect, index)
                context.point("index dropped")


def _analyse(context: StepContext, session: "WriteSession", rules: tuple[IndexRule, ...]) -> None:
    from enghub.kit.databases import indexes  # noqa: PLC0415

    tables = sorted({rule.table for rule in rules} | set(read.texts(context.parameters, "analyze")))
    with session.autocommit() as connection:
        for table in tables:
            indexes.analyse(connection, session.dialect, table)
    context.point("analysed")


def _effect(rules: tuple[IndexRule, ...], before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    probes = []
    for name, figures in after["probes"].items():
        was, now = before["probes"].get(name, {}).get("milliseconds"), figures["milliseconds"]
        better = None if not was or now is None else round((was - now) * 100 / was, 1)
        probes.append(
            {
                "query": name,
                "beforeMs": was,
                "afterMs": now,
                "improvementPercent": better,
                "planBefore": before["probes"].get(name, {}).get("plan"),
                "planAfter": figures["plan"],
            }
        )
    changed = [{"index": rule.name, "table": rule.table, "action": rule.action} for rule in rules]
    timed = [probe for probe in probes if probe["improvementPercent"] is not None]
    was, now = (sum(float(probe[name]) for probe in timed) for name in ("beforeMs", "afterMs"))
    return {
        "indexes": changed,
        "optimised": len(changed),
        "queries": probes,
        "improvementPercent": round((was - now) * 100 / was, 1) if was else None,
        "sizesBefore": before["sizes"],
        "sizesAfter": after["sizes"],
    }
