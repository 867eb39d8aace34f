"""Backs up tables and configuration files without stopping anybody (UPG-15)."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from enghub.core.clock import system_clock, to_text
from enghub.core.i18n import Text
from enghub.kit.files.store import FileMissing
from enghub.kit.work.errors import WorkFailed
from enghub.kit.work.slices import Cursor, Progress, Slice, done, more
from enghub.upgrade.phases import Phase
from enghub.upgrade.problems import Problem
from enghub.upgrade.stepping.migration_rules import Identifier
from enghub.upgrade.stepping.step import BaseStep, StepContext, Takes
from enghub.upgrade.steps import parameters as read
from enghub.upgrade.steps.restore import RestoreRules, restore
from enghub.upgrade.steps.tries import tried

if TYPE_CHECKING:
    from enghub.kit.databases.session import ReadSession
    from enghub.upgrade.gateways.backups.archive import Archive, Chunk, Manifest, TableBackup

FAILED = Text(
    "The backup was given up after {tries} tries: {reason}. Nothing of it is kept; the backups before it are untouched",
    "备份在 {tries} 次尝试后失败：{reason}。未保留不完整内容，之前的备份不受影响",
)
NO_KEY = Text(
    "Table {table} has no primary key, so it can only be backed up as a snapshot, which does not end in the time there "
    "is: give the step a longer-lived worker or the table a key",
    "表 {table} 没有主键，只能以快照方式备份，但在可用时间内无法完成：请使用更长时限的执行进程，或为该表添加主键",
)
NO_TABLE = Text("The backup's table {table} does not exist", "待备份的表 {table} 不存在")
SQL_FAILED = Text("The database refuses to be read: {error}", "备份时数据库拒绝读取：{error}")
KEPT: Final = 3
_MARGIN_SECONDS: Final = 30
_CHUNK_BYTES: Final = 32 << 20


class BackupRules(BaseModel):
    """What is backed up, how, and how many upgrades' backups stay."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tables: tuple[Identifier, ...] = ()
    config_files: tuple[Annotated[str, Field(min_length=1, max_length=500)], ...] = ()
    consistency: Literal["auto", "snapshot", "chunks"] = "auto"
    """`snapshot`: all tables as of one moment; `chunks`: each chunk as of its own moment; `auto`: a snapshot if it
    ends in one slice, else chunks."""
    keep: Annotated[int, Field(ge=1, le=50)] = KEPT
    chunk_rows: Annotated[int, Field(ge=1, le=200_000)] = 20_000


class _OutOfTime(Exception):
    """The snapshot does not fit into one slice."""


class Backup(BaseStep):
    """Rows leave the database in one consistent snapshot, or in keyset chunks when that takes too long for a slice."""

    takes: ClassVar[Takes] = frozenset({"backup"})
    summary: ClassVar[str] = "Backup of tables and configuration files, verified by reading it back; parameter `backup`"
    writes: ClassVar[bool] = False
    rehearsable: ClassVar[bool] = True

    def validate(self, parameters: Mapping[str, Any]) -> tuple[Problem, ...]:
        """See `Step.validate`."""
        found = read.problems_of_one(parameters, "backup", BackupRules)
        if found:
            return found
        rules = read.read_one(parameters, "backup", BackupRules)
        return read.repeated(rules.tables, "backup.tables") + read.repeated(rules.config_files, "backup.config_files")

    def outside_rehearsal(self, parameters: Mapping[str, Any]) -> tuple[str, ...] | None:
        """Leave the configuration files out."""
        rules = parameters.get("backup") or {}
        if not rules.get("config_files"):
            return ()
        return ("backup.config_files",) if rules.get("tables") else None

    def run(self, context: StepContext, cursor: Cursor) -> Slice:
        """Go on where the folder's own progress says."""
        archive = _own_archive(context)
        work = _Work(context, archive, read.read_one(context.parameters, "backup", BackupRules))
        return tried(context, cursor, work.run, FAILED, lambda: _clear_away(context, archive))

    def rollback(self, context: StepContext, cursor: Cursor) -> Slice:
        """Restore what was backed up in the outage. What was backed up before it lacks what was written since."""
        if not context.data_touched or context.facts.phase != Phase.STARTUP_PRE_PROCESS:
            return done({"restored": [], "rollback": "made while the system wrote on: only RestoreBackup restores it"})
        archive = _own_archive(context)
        manifest = archive.manifest()
        if manifest is None:
            return done({"restored": [], "rollback": "the backup had not been completed"})
        return restore(context, [(archive.folder, manifest)], RestoreRules())


def _own_archive(context: StepContext) -> "Archive":
    from enghub.upgrade.gateways.backups.archive import Archive, site_folder  # noqa: PLC0415

    facts = context.facts
    folder = f"{site_folder(facts.site_id)}/{facts.execution_id}/{facts.version}/{facts.step_id}"
    return Archive(context.ports.artifacts, folder)


def _clear_away(context: StepContext, archive: "Archive") -> None:
    try:
        archive.remove()
    except WorkFailed as failure:
        context.log("warning", f"what was written of the backup could not be removed: {failure.text.en}")


class _Work:
    """One slice."""

    def __init__(self, context: StepContext, archive: "Archive", rules: BackupRules) -> None:
        self.context = context
        self.archive = archive
        self.rules = rules
        self.state: dict[str, Any] = {}

    def run(self) -> Slice:
        """Dump, read back, complete, remove what is too old."""
        manifest = self.archive.manifest()
        if manifest is None:
            self.state = self.archive.progress() or self._start()
            if self.state["stage"] == "dump" and not self._dump():
                return more({"stage": "dump"}, self._shown())
            if self.state["stage"] == "verify" and not self._verify():
                return more({"stage": "verify"}, self._shown())
            manifest = self._manifest()
            self.context.point("before the manifest")
            self.archive.complete(manifest)
            self.context.point("complete")
        self.archive.tidy(manifest)
        removed = _remove_old(self.context, manifest, self.rules.keep)
        self.context.log("info", f"backup complete: {self.archive.folder}")
        return done(_result(self.archive.folder, manifest, removed))

    def _start(self) -> dict[str, Any]:
        mode = "chunks" if self.rules.consistency == "chunks" else "snapshot"
        started = to_text(system_clock())
        return {"stage": "dump", "mode": mode, "started_at": started, "tables": [], "position": {}, "verified": 0}

    def _shown(self) -> Progress:
        rows = sum(chunk["rows"] for table in self.state["tables"] for chunk in table["chunks"])
        return Progress(rows, None, "rows")

    # --- out of the database ------------------------------------------------------------------------------------------

    def _dump(self) -> bool:
        from enghub.kit.databases.failures import refused_as  # noqa: PLC0415

        if not self.rules.tables:
            return self._dumped()
        try:
            seconds = max(10, int(self.context.budget.seconds_to_hard))
            with self.context.databases.reader(seconds) as session, refused_as(SQL_FAILED, retryable=True):
                self.state["dialect"] = session.dialect.value
                _begin(session, snapshot=self.state["mode"] == "snapshot")
                ended = self._snapshot(session) if self.state["mode"] == "snapshot" else self._chunks(session)
        except _OutOfTime:
            self.context.log("warning", "the snapshot does not end in one slice: going on in chunks")
            self.state = {**self._start(), "mode": "chunks"}
            self.archive.save_progress(self.state)
            return False
        return self._dumped() if ended else False

    def _dumped(self) -> bool:
        self.state["stage"] = "verify"
        self.archive.save_progress(self.state)
        self.context.point("dumped")
        return True

    def _snapshot(self, session: "ReadSession") -> bool:
        from enghub.kit.databases import lines  # noqa: PLC0415

        for table in self.rules.tables:
            structure = _describe(session, table)
            rows = lines.read(session.connection, session.dialect, structure, table)
            chunks: list[Chunk] = []
            for part in _parts(rows, self.rules.chunk_rows):
                chunks.append(self.archive.put_rows(table, len(chunks), part))
                self.context.point("chunk")
                if self.rules.consistency == "auto" and self.context.budget.seconds_to_hard < _MARGIN_SECONDS:
                    raise _OutOfTime
            self.state["tables"].append(_table_state(structure.to_json(), chunks))
        return True

    def _chunks(self, session: "ReadSession") -> bool:
        """One chunk after the other, each recorded before the next; the keys bound it, so that none is missed."""
        for index, table in enumerate(self.rules.tables):
            if index == len(self.state["tables"]):
                self.state["tables"].append(_table_state(_describe(session, table).to_json(), []))
            while self.state["position"].get(table) != "end":
                self._chunk(session, index, table)
                self.archive.save_progress(self.state)
                self.context.point("chunk recorded")
                last = index + 1 == len(self.rules.tables) and self.state["position"].get(table) == "end"
                if self.context.budget.spent and not last:
                    return False
        return True

    def _chunk(self, session: "ReadSession", index: int, table: str) -> None:
        from enghub.kit.databases import catalog, lines  # noqa: PLC0415
        from enghub.kit.databases.keys import next_chunk, read_key, write_key  # noqa: PLC0415
        from enghub.kit.databases.structure import Structure  # noqa: PLC0415

        state = self.state["tables"][index]
        structure = Structure.of_json(state["structure"])
        if not structure.key:
            raise WorkFailed(NO_KEY, table=table)
        described = catalog.table(session.connection, table)
        assert described is not None  # noqa: S101 - its structure was read in this very slice or an earlier one
        after = read_key(self.state["position"].get(table))
        conditions, upper = next_chunk(session.connection, described, structure.key, after, self.rules.chunk_rows)
        rows = lines.read(session.connection, session.dialect, structure, table, conditions)
        for part in _parts(rows, self.rules.chunk_rows):
            chunk = self.archive.put_rows(table, len(state["chunks"]), part)
            state["chunks"].append(chunk.model_dump(mode="json"))
            self.context.point("chunk")
        self.state["position"][table] = "end" if upper is None else write_key(upper)

    # --- into the archive ---------------------------------------------------------------------------------------------

    def _verify(self) -> bool:
        """Read every chunk back from the store."""
        from enghub.upgrade.gateways.backups.archive import Chunk  # noqa: PLC0415

        chunks = [Chunk.model_validate(chunk) for table in self.state["tables"] for chunk in table["chunks"]]
        for number, chunk in enumerate(chunks[self.state["verified"] :], self.state["verified"] + 1):
            self.archive.lines(chunk)
            if self.context.budget.spent and number < len(chunks):
                self.state["verified"] = number
                self.archive.save_progress(self.state)
                return False
        return True

    def _manifest(self) -> "Manifest":
        from enghub.upgrade.gateways.backups.archive import Manifest, TableBackup  # noqa: PLC0415

        facts = self.context.facts
        files = [self.archive.put_file(name, _content(self.context, name)) for name in self.rules.config_files]
        for file in files:
            self.archive.content(file)
        return Manifest(
            site_id=facts.site_id,
            execution_id=facts.execution_id,
            version=facts.version,
            step_id=facts.step_id,
            phase=facts.phase,
            dialect=self.state.get("dialect", ""),
            consistency=self.state["mode"],
            started_at=self.state["started_at"],
            completed_at=to_text(system_clock()),
            tables=tuple(TableBackup.model_validate(table) for table in self.state["tables"]),
            files=tuple(files),
        )


def _begin(session: "ReadSession", *, snapshot: bool) -> None:
    from enghub.kit.databases import lines  # noqa: PLC0415
    from enghub.kit.sql.dialect import Dialect  # noqa: PLC0415

    if snapshot and session.dialect is Dialect.POSTGRESQL:
        session.connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    lines.prepare(session.connection, session.dialect)
    if snapshot and session.dialect.is_mysql:
        session.connection.exec_driver_sql("COMMIT")
        session.connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        session.connection.exec_driver_sql("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")


def _describe(session: "ReadSession", table: str) -> Any:
    from enghub.kit.databases import structure  # noqa: PLC0415

    if not structure.exists(session.connection, table):
        raise WorkFailed(NO_TABLE, table=table)
    return structure.describe(session.connection, session.dialect, table)


def _parts(rows: Iterator[bytes], count: int) -> Iterator[list[bytes]]:
    """Cut rows into chunks of at most `count` rows and about 32 MB."""
    while part := list(islice(rows, 1)):
        size = len(part[0])
        for line in islice(rows, count - 1):
            part.append(line)
            size += len(line)
            if size >= _CHUNK_BYTES:
                break
        yield part


def _table_state(structure: dict[str, Any], chunks: "Sequence[Chunk]") -> dict[str, Any]:
    return {"structure": structure, "chunks": [chunk.model_dump(mode="json") for chunk in chunks]}


def _content(context: StepContext, name: str) -> bytes | None:
    try:
        return context.ports.files.read(name)
    except FileMissing:
        return None


def _remove_old(context: StepContext, newest: "Manifest", keep: int) -> list[str]:
    """Keep the complete backups of the last upgrades, this one among them; remove the rest and every unfinished one."""
    from enghub.upgrade.gateways.backups.archive import Archive, backups, site_folder  # noqa: PLC0415

    store = context.ports.artifacts
    found = list(backups(store, site_folder(context.facts.site_id)))
    latest: dict[str, str] = {}
    for _, manifest in found:
        if manifest is not None:
            at = latest.get(manifest.execution_id, "")
            latest[manifest.execution_id] = max(at, manifest.completed_at)
    others = sorted((name for name in latest if name != newest.execution_id), key=latest.__getitem__, reverse=True)
    kept = {newest.execution_id, *others[: keep - 1]}
    removed = []
    for folder, manifest in found:
        execution_id = folder.split("/")[2]
        if execution_id not in kept or (manifest is None and execution_id != newest.execution_id):
            Archive(store, folder).remove()
            removed.append(folder)
            context.point("old backup removed")
    return removed


def _result(folder: str, manifest: "Manifest", removed: list[str]) -> dict[str, Any]:
    def one(table: "TableBackup") -> dict[str, Any]:
        size = table.sum
        return {"table": table.made.table, "rows": size.rows, "digest": size.digest, "chunks": len(table.chunks)}

    return {
        "backup": folder,
        "consistency": manifest.consistency,
        "checksum": manifest.digest,
        "tables": [one(table) for table in manifest.tables],
        "files": [file.name for file in manifest.files],
        "removed": removed,
    }
