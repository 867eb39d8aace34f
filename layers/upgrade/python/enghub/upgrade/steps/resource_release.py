"""Releases what an upgrade needed only for a time: declared temporary tables and files (UPG-18)."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from enghub.core.i18n import Text
from enghub.kit.files.store import site_path
from enghub.kit.work.errors import WorkFailed
from enghub.kit.work.slices import Cursor, Slice, done, more
from enghub.upgrade.problems import Problem
from enghub.upgrade.stepping.migration_rules import Identifier
from enghub.upgrade.stepping.step import BaseStep, StepContext, Takes
from enghub.upgrade.steps import parameters as read

REFUSED = Text("{what} is not released: {error}", "{what} 未释放：{error}")


class Temporary(BaseModel):
    """What is released."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tables: tuple[Identifier, ...] = ()
    paths: tuple[Annotated[str, Field(min_length=1, max_length=500)], ...] = ()
    """Files, or folders with all that is in them."""
    caches: tuple[Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[\w.:-]+$")], ...] = ()
    """Caches whose generations that no reader uses are cleared."""


class ResourceRelease(BaseStep):
    """Only what is declared, by its whole name; what is gone already is fine."""

    takes: ClassVar[Takes] = frozenset({"temporary"})
    summary: ClassVar[str] = "Release of declared temporary tables and files; parameter `temporary`"

    def validate(self, parameters: Mapping[str, Any]) -> tuple[Problem, ...]:
        """See `Step.validate`."""
        found = list(read.problems_of_one(parameters, "temporary", Temporary))
        if not found:
            for path in read.read_one(parameters, "temporary", Temporary).paths:
                try:
                    site_path(path)
                except WorkFailed as failure:
                    found.append(Problem("temporary.paths", failure.text))
        return tuple(found)

    def run(self, context: StepContext, cursor: Cursor) -> Slice:
        """Drop the tables, then the files, then what no reader of a cache uses."""
        rules = read.read_one(context.parameters, "temporary", Temporary)
        tables: list[str] = list(cursor.get("tables", []))
        freed, files = int(cursor.get("freedBytes", 0)), int(cursor.get("files", 0))
        if rules.tables:
            for table, size in _drop_tables(rules, context):
                tables, freed = [*tables, table], freed + size
        for path in rules.paths:
            for info in [*context.ports.files.list(path), *filter(None, [context.ports.files.info(path)])]:
                context.ports.files.delete(info.path)
                context.point("file released")
                freed, files = freed + info.size_bytes, files + 1
                if context.budget.spent:
                    return more({"tables": tables, "freedBytes": freed, "files": files})
        cleared = [f"{name}: {generation}" for name in rules.caches for generation in _clear_unused(name, context)]
        return done({"tables": tables, "files": files, "caches cleared": cleared, "freedBytes": freed})

    def rollback(self, context: StepContext, cursor: Cursor) -> Slice:
        """What was temporary is not brought back."""
        return done({"rollback": "nothing to undo"})


def _clear_unused(name: str, context: StepContext) -> list[str]:
    cache = context.ports.cache(name)
    unused = [generation for generation in cache.generations() if generation != cache.active()]
    for generation in unused:
        cache.clear(generation)
        context.point("generation cleared")
    return unused


def _drop_tables(rules: Temporary, context: StepContext) -> list[tuple[str, int]]:
    """Drop what is there; return each table with the bytes it took, as far as its database tells."""
    from enghub.kit.databases import indexes, structure  # noqa: PLC0415
    from enghub.kit.databases.failures import refused_as  # noqa: PLC0415
    from enghub.upgrade.gateways.databases.journal import OWN_TABLES  # noqa: PLC0415

    dropped = []
    with context.databases.writer(context.budget) as session:
        for table in rules.tables:
            if table.rpartition(".")[2].lower() in OWN_TABLES:
                raise WorkFailed(REFUSED, what=table, error="it is a table of this software")
            with session.transaction() as connection:
                there = structure.exists(connection, table)
                sizes = indexes.sizes(connection, session.dialect, [table]) if there else {}
            if not there:
                continue
            with refused_as(REFUSED, what=table), session.autocommit() as connection:
                connection.exec_driver_sql(f"DROP TABLE IF EXISTS {structure.quote(connection, table)}")
            context.point("table released")
            size = sizes.get(table, {})  # SQLite tells the whole file's size only
            dropped.append((table, size.get("dataBytes", 0) + size.get("indexBytes", 0)))
    return dropped
