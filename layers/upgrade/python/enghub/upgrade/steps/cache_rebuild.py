"""Rebuilds caches from the database: a new generation beside the old one, proved, then put in force (UPG-17)."""

import hashlib
import json
import re
import time
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from enghub.core.i18n import Text
from enghub.core.wire import Unfit
from enghub.kit.work.errors import WorkFailed
from enghub.kit.work.slices import Cursor, Progress, Slice, done, more
from enghub.upgrade.problems import Problem
from enghub.upgrade.stepping.migration_rules import Condition, Identifier
from enghub.upgrade.stepping.ports import Cache
from enghub.upgrade.stepping.step import BaseStep, StepContext, Takes
from enghub.upgrade.steps import parameters as read

if TYPE_CHECKING:
    from enghub.kit.databases.entries import KeyedRows
    from enghub.kit.databases.session import WriteSession
    from enghub.upgrade.gateways.databases.tasks import TaskState

NO_TABLE = Text("Cache {name}: table {table} or its key does not exist", "缓存 {name}：表 {table} 或其键不存在")
NO_COLUMN = Text("Cache {name}: {table} has no column {column}", "缓存 {name}：{table} 没有列 {column}")
NOT_PROVED = Text(
    "Cache {name}: {what}. The new entries were removed, readers still use the old ones; resume to build it again",
    "缓存 {name}：{what}。新缓存已清除，读取方仍使用旧缓存；可继续执行以重新构建",
)
SAMPLES = 20
_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")
NO_COLUMN = Text(
    "key names no column, so all entries would have the same key", "key 未包含任何列，所有条目将使用同一个键"
)


class CacheRules(BaseModel):
    """A cache: which rows, under which keys, as JSON objects of which columns."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[\w.:-]+$")]
    table: Identifier
    where: Condition | None = None
    key: Annotated[str, Field(min_length=1, max_length=300)]
    """Template of an entry's key, with columns in braces: `user:{id}`; it must be unique."""
    columns: tuple[Identifier, ...] = ()
    """Of the value; by default all."""
    ttl_seconds: Annotated[int, Field(ge=60)] | None = None
    batch_size: Annotated[int, Field(ge=1, le=50_000)] = 2_000

    @model_validator(mode="after")
    def _key_names_columns(self) -> Self:
        if not _PLACEHOLDER.search(self.key):
            raise Unfit(NO_COLUMN)
        return self

    @property
    def digest(self) -> str:
        """Hash of what decides the entries."""
        rules = self.model_dump(mode="json", exclude={"batch_size"})
        return hashlib.sha256(json.dumps(rules, sort_keys=True).encode()).hexdigest()


class CacheRebuild(BaseStep):
    """Caches one after the other. Readers use the old generation until the new one is complete and proved."""

    takes: ClassVar[Takes] = frozenset({"caches"})
    summary: ClassVar[str] = "Cache rebuild in batches with a generation swap; parameter `caches`"

    def validate(self, parameters: Mapping[str, Any]) -> tuple[Problem, ...]:
        """See `Step.validate`."""
        found = read.problems(parameters, "caches", CacheRules)
        return found or read.repeated([c.name for c in read.read_list(parameters, "caches", CacheRules)], "caches")

    def run(self, context: StepContext, cursor: Cursor) -> Slice:
        """Go on where the journal says."""
        results = []
        with context.databases.writer(context.budget) as session:
            for rules in read.read_list(context.parameters, "caches", CacheRules):
                work = _Rebuild(context, session, rules)
                reached, ended = work.run()
                seconds = int(reached.data["busyMs"]) / 1000
                rate = Decimal(round(reached.done / seconds, 1)) if seconds > 0 else None
                progress = Progress(reached.done, reached.total, "entries", rate)
                if not ended:
                    return more({"cache": rules.name}, progress)
                results.append(
                    {
                        "cache": rules.name,
                        "entries": reached.done,
                        "generation": work.generation,
                        "percent": 100,
                        "seconds": seconds,
                        "entriesPerSecond": None if rate is None else float(rate),
                    }
                )
                context.log("info", f"cache {rules.name} rebuilt: {reached.done} entries")
        return done({"caches": results})

    def rollback(self, context: StepContext, cursor: Cursor) -> Slice:
        """Remove what was built: the caches are cold, and their readers fall back to the database."""
        names = []
        with context.databases.writer(context.budget) as session:
            for rules in read.read_list(context.parameters, "caches", CacheRules):
                _Rebuild(context, session, rules).discard(cold=True)
                names.append(rules.name)
        return done({"cleared": names})


class _Rebuild:
    """One cache, on one session."""

    def __init__(self, context: StepContext, session: "WriteSession", rules: CacheRules) -> None:
        from enghub.upgrade.gateways.databases.tasks import StagedTask  # noqa: PLC0415

        facts = context.facts
        self.context = context
        self.session = session
        self.rules = rules
        self.cache: Cache = context.ports.cache(rules.name)
        self.task = StagedTask(facts.scope, f"cache:{rules.name}", facts.execution_id)
        mark = hashlib.sha256(f"{facts.scope}/{facts.execution_id}/{rules.digest}".encode()).hexdigest()[:8]
        self.generation = f"{facts.version}-{mark}"

    def run(self) -> "tuple[TaskState, bool]":
        """Load, prove, put in force, clear the old ones; True when that is done."""
        with self.session.transaction() as connection:
            reached = self.task.read(connection)
            source = self._source(connection)
        if reached is None or reached.data.get("generation") != self.generation:
            reached = self._begin(source)
        while reached.stage == "load":
            reached = self._load(source, reached)
            self.context.report(Progress(reached.done, reached.total, "entries"))
            if self.context.budget.spent:
                return reached, False
        if reached.stage == "prove":
            reached = self._prove(source, reached)
        if not reached.is_done:
            reached = self._put_in_force(reached)
        return reached, True

    def discard(self, *, cold: bool) -> None:
        """Clear the new generation, then forget the task."""
        if cold and self.cache.active() == self.generation:
            self.cache.activate(None)
        self.cache.clear(self.generation)
        self.context.point("generation cleared")
        with self.session.transaction() as connection:
            self.task.forget(connection)

    def _source(self, connection: Any) -> "KeyedRows":
        from enghub.kit.databases.entries import KeyedRows  # noqa: PLC0415

        rules = self.rules
        source = KeyedRows.of(connection, rules.table, rules.where)
        if source is None:
            raise WorkFailed(NO_TABLE, name=rules.name, table=rules.table)
        missing = source.lacks([*rules.columns, *_PLACEHOLDER.findall(rules.key)])
        if missing:
            raise WorkFailed(NO_COLUMN, name=rules.name, table=rules.table, column=", ".join(missing))
        return source

    def _reached(
        self, stage: str, position: str | None, count: int, total: int | None, milliseconds: int
    ) -> "TaskState":
        from enghub.upgrade.gateways.databases.tasks import TaskState  # noqa: PLC0415

        data = {"generation": self.generation, "position": position, "busyMs": milliseconds}
        return TaskState(stage, self.rules.digest, data, count, total)

    def _begin(self, source: "KeyedRows") -> "TaskState":
        self.cache.clear(self.generation)
        with self.session.transaction() as connection:
            reached = self._reached("load", None, 0, source.count(connection), 0)
            self.task.write(connection, reached)
        return reached

    def _load(self, source: "KeyedRows", reached: "TaskState") -> "TaskState":
        """Entries first, the checkpoint after them: a batch that is stored again changes nothing."""
        started = time.monotonic()
        with self.session.transaction() as connection:
            rows, position = source.batch(connection, reached.data["position"], self.rules.batch_size)
        entries = dict(map(self._entry, rows))
        if len(entries) < len(rows):
            raise self._not_proved("two rows have the same key")
        if entries:
            self.cache.put(self.generation, entries, self.rules.ttl_seconds)
        self.context.point("batch stored")
        stage = "load" if position is not None else "prove"
        busy = reached.data["busyMs"] + max(1, round((time.monotonic() - started) * 1000))
        following = self._reached(stage, position, reached.done + len(rows), reached.total, busy)
        with self.session.transaction() as connection:
            self.task.write(connection, following)
        self.context.point("batch recorded")
        return following

    def _entry(self, row: Mapping[str, Any]) -> tuple[str, bytes]:
        key = _PLACEHOLDER.sub(lambda found: str(row[found[1]]), self.rules.key)
        names = self.rules.columns or tuple(row)
        value = {name: row[name] for name in names}
        return key, json.dumps(value, ensure_ascii=False, default=_plain, separators=(",", ":")).encode()

    def _prove(self, source: "KeyedRows", reached: "TaskState") -> "TaskState":
        count = self.cache.count(self.generation)
        if count != reached.done:
            raise self._not_proved(f"it holds {count} entries instead of {reached.done}")
        with self.session.transaction() as connection:
            rows, _ = source.batch(connection, None, SAMPLES)
        samples = dict(map(self._entry, rows))
        found = self.cache.get(self.generation, list(samples))
        different = [key for key, value in zip(samples, found, strict=True) if value != samples[key]]
        if different:
            raise self._not_proved(f"{len(different)} of {len(samples)} samples differ, the first is {different[0]}")
        following = self._reached("swap", None, reached.done, reached.total, reached.data["busyMs"])
        with self.session.transaction() as connection:
            self.task.write(connection, following)
        self.context.point("proved")
        return following

    def _put_in_force(self, reached: "TaskState") -> "TaskState":
        from enghub.upgrade.gateways.databases.tasks import DONE  # noqa: PLC0415

        self.cache.activate(self.generation)
        for generation in self.cache.generations():
            if generation != self.generation:
                self.cache.clear(generation)
        following = self._reached(DONE, None, reached.done, reached.total, reached.data["busyMs"])
        with self.session.transaction() as connection:
            self.task.write(connection, following)
        return following

    def _not_proved(self, what: str) -> WorkFailed:
        """Nothing invalid stays: the generation goes, and the task begins again when resumed."""
        self.discard(cold=False)
        return WorkFailed(NOT_PROVED, retryable=True, name=self.rules.name, what=what)


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return value.hex()
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
