"""The use cases of dropped files: take one into a run of the same pipeline as everything else, report it (PLM-21).

A file is read once, from end to end, into parts of records that a run's batches then take. What cannot be read at all
is refused before anything has landed. The run's id follows from the object and its version: an event that comes twice,
or again after a crash, is the same run.
"""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import islice
from tempfile import SpooledTemporaryFile
from typing import IO, Any, cast

from enghub.core.clock import Clock
from enghub.core.commits import Commit
from enghub.core.i18n import Language
from enghub.core.identity import Origin
from enghub.core.paging import pages
from enghub.plm.boms.grouping import Grouping
from enghub.plm.connections.numbers import formatted
from enghub.plm.connections.rules import ConnectionRules, NumberFormat
from enghub.plm.exchange import texts
from enghub.plm.exchange.model import MOST_BYTES, REPORT, Dropped, Entry, FileRefused, work_key
from enghub.plm.exchange.reading import NEEDED, Shape, entries
from enghub.plm.exchange.repository import Bucket
from enghub.plm.mappings.applying import IDENTITY, Around, CompiledMapping, LeftOut
from enghub.plm.mappings.model import MappingKind
from enghub.plm.mappings.repository import PagePlace, SourceRecords
from enghub.plm.products.model import Rejection
from enghub.plm.products.reading import PLACE, PROBLEM
from enghub.plm.syncs.model import BOMS, PRODUCTS, BatchType, Mode, SyncRun, Trigger, file_of
from enghub.plm.syncs.repository import SyncRuns
from enghub.plm.syncs.service import existing, to_launch
from enghub.plm.syncs.steps import ended_event

PART = 500
"""Records of one part: a page of a batch."""
INDEX = "index.json"
LANGUAGES: tuple[Language, ...] = ("en", "zh")
WORKER = "system:file-exchange"
NEEDED_OF_LINES = ("productCode", "component", "quantity")
MOST_ROWS = 50_000
"""Of a part list: its BOMs are put together in memory."""
PAGE = 100
_RISKY = re.compile(r"\s*[=+\-@]|[\t\r]")
COLUMNS = ("place", "objectId", "productCode", "field", "value", "reason", "message", "消息")


def part_name(number: int) -> str:
    """Return the name of the part with the records from ``number * PART + 1`` on."""
    return f"{number:06d}.json"


@dataclass(frozen=True, slots=True)
class Intake:
    """Takes dropped files, and reports what became of their records."""

    runs: SyncRuns
    bucket: Bucket
    owner: Callable[[str, str], str | None]
    """Returns the factory of a tenant's connection; None where the tenant has no such connection."""
    rules: Callable[[str, str], ConnectionRules]
    clock: Clock
    mapping: Callable[[str, str, MappingKind], CompiledMapping] = lambda _, __, kind: IDENTITY[kind]
    """Returns the mapping rules in force of a tenant's connection."""
    sources: SourceRecords | None = None
    """Where rows of part lists are kept as they came; products are kept by their batches."""
    told: Callable[[SyncRun], None] = lambda _: None
    """Hears of a run that ended before it began."""

    def take(self, dropped: Dropped) -> SyncRun | None:
        """Read a file and ask for the run that takes it; once, however often it is told.

        A file of nobody's is left alone: None. One that cannot be read is a run that failed, with its report.

        Raises:
            Unavailable: the store does not answer; repeating is safe.
        """
        factory_id = self.owner(dropped.connection, dropped.tenant_id)
        if factory_id is None or self.runs.get(dropped.tenant_id, dropped.run_id) is not None:
            return None
        now = self.clock()
        kind = MappingKind.BOM_LINE if dropped.is_of_boms else MappingKind.PRODUCT
        mapping = self.mapping(dropped.tenant_id, dropped.connection, kind)
        run = _run(dropped, factory_id, dropped.told_at or now, mapping.version)
        origin = Origin(dropped.tenant_id, factory_id, WORKER, now, run.run_id)
        try:
            self._read(dropped, run, mapping)
        except FileRefused as error:
            return self._refused(run, error, origin)
        self.runs.request(Commit(origin, "requested", run, commands=(to_launch(run),), reason=run.source))
        return run

    def _read(self, dropped: Dropped, run: SyncRun, mapping: CompiledMapping) -> None:
        if dropped.size > MOST_BYTES:
            raise FileRefused(texts.TOO_LARGE.filled(most=MOST_BYTES))
        rules = self.rules(dropped.tenant_id, dropped.connection)
        needed = mapping.columns(NEEDED_OF_LINES if dropped.is_of_boms else NEEDED)
        with self.bucket.opened(dropped.key, dropped.version) as file:
            if file is None:
                raise FileRefused(texts.GONE)
            found = entries(file, dropped.kind, Shape(rules.file_encoding, needed, mapping.rules.records))
            held: Iterator[dict[str, Any]] = (held_of(settled(one, mapping, rules.number_format)) for one in found)
            if dropped.is_of_boms:
                held = self._grouped(held, run, mapping, rules)
            records = keep_parts(self.bucket, run, held)
        if not records:
            raise FileRefused(texts.EMPTY)

    def _grouped(
        self, rows: Iterator[dict[str, Any]], run: SyncRun, mapping: CompiledMapping, rules: ConnectionRules
    ) -> Iterator[dict[str, Any]]:
        """Yield the BOMs of a part list; its rows are kept as they came."""
        grouping, around, name = Grouping(rules), Around.of(rules, file_of(run)), file_of(run)
        count, page = 0, 0
        while part := [record_of(one) for one in islice(rows, PART)]:
            count, page = count + len(part), page + 1
            if count > MOST_ROWS:
                raise FileRefused(texts.TOO_MANY.filled(most=MOST_ROWS))
            if self.sources is not None:
                place = PagePlace(run.tenant_id, run.connection, MappingKind.BOM_LINE, run.run_id, 0, page)
                self.sources.keep(place, run.requested_at, part, name)
            for row in part:
                made = mapping.apply(row, around) if mapping.version else row
                grouping.leave_out() if isinstance(made, LeftOut) else grouping.add(made)
        for group in grouping.groups.values():
            yield {"place": "", "record": group.record(), "problem": None}

    def _refused(self, run: SyncRun, error: FileRefused, origin: Origin) -> SyncRun:
        rows = [[error.place, "", "", "", "", "REFUSED", *(error.said.render(language) for language in LANGUAGES)]]
        self._report(run, iter(rows))
        failure = f"the file is refused: {error.place}: {error}" if error.place else f"the file is refused: {error}"
        failed = run.refused(failure[:500], origin.at)
        self.runs.request(
            Commit(origin, "refused", failed, events=(ended_event(failed, origin),), reason=failed.failure or "")
        )
        self.told(failed)
        return failed

    def report(self, tenant_id: str, run_id: str) -> str:
        """Write what became of a file's records beside it; returns where. Safe to repeat."""
        run = existing(self.runs, tenant_id, run_id).value
        return self._report(run, (_row(one) for one in self._rejections(run)))

    def _rejections(self, run: SyncRun) -> Iterator[Rejection]:
        for page in pages(lambda cursor: self.runs.rejected(run.tenant_id, run.run_id, PAGE, cursor)):
            yield from (one.rejection for one in page.rejected)

    def _report(self, run: SyncRun, rows: Iterator[list[str]]) -> str:
        key = f"{run.source}{REPORT}"
        with SpooledTemporaryFile(max_size=5_000_000) as file:
            text = io.TextIOWrapper(cast("IO[bytes]", file), "utf-8-sig", newline="", write_through=True)
            lines = csv.writer(text)
            lines.writerow(COLUMNS)
            for row in rows:
                lines.writerow([_safe(cell) for cell in row])
            text.flush()
            text.detach()
            file.seek(0)
            self.bucket.write(key, cast("IO[bytes]", file))  # type: ignore[arg-type]
        return key


def _run(dropped: Dropped, factory_id: str, now: datetime, version: int) -> SyncRun:
    of_lines = dropped.is_of_boms
    return SyncRun(
        tenant_id=dropped.tenant_id,
        factory_id=factory_id,
        run_id=dropped.run_id,
        connection=dropped.connection,
        mode=Mode.INCREMENTAL,  # only a complete run of the PLM itself can tell what is gone
        batch_type=BatchType.MEDIUM,
        trigger=Trigger.FILE,
        requested_by=WORKER,
        requested_at=now,
        source=dropped.key,
        mapping_version=0 if of_lines else version,
        bom_mapping_version=version if of_lines else 0,
        content=BOMS if of_lines else PRODUCTS,
    )


def keep_parts(bucket: Bucket, run: SyncRun, held: Iterator[dict[str, Any]]) -> int:
    """Keep what was read for a run, part by part, then how many records there are; returns that."""
    records = 0
    while part := list(islice(held, PART)):
        content = json.dumps(part, ensure_ascii=False, default=str)
        name = work_key(run.tenant_id, run.run_id, part_name(records // PART))
        bucket.write(name, content.encode("utf-8", "backslashreplace"))
        records += len(part)
    if records:
        bucket.write(work_key(run.tenant_id, run.run_id, INDEX), json.dumps({"records": records}).encode())
    return records


def settled(entry: Entry, mapping: CompiledMapping, written: NumberFormat) -> Entry:
    """Return an entry with its numbers as the connection writes them, where a field reads a number there.

    A number in the place of a text is a problem: nobody can tell 1.1 from the revision 1.10, nor 123 from 00123.
    """
    problem, record = entry.problem, dict(entry.record)
    for name, value in entry.record.items():
        if isinstance(value, Decimal):
            record[name] = formatted(value, written)
            if problem is None and name not in mapping.numbers:
                problem = ("NOT_TEXT", name, str(value))
    return Entry(entry.place, record, problem)


def record_of(held: dict[str, Any]) -> dict[str, Any]:
    """Return a record as a run takes it, from what was kept of an entry."""
    problem = {PROBLEM: held["problem"]} if held["problem"] else {}
    return {**held["record"], PLACE: held["place"], **problem}


def held_of(entry: Entry) -> dict[str, Any]:
    """Return an entry as it is kept for a run."""
    return {"place": entry.place, "record": dict(entry.record), "problem": entry.problem}


def _row(found: Rejection) -> list[str]:
    said = (found.message(language) for language in LANGUAGES)
    return [found.place, found.object_id, found.code, found.field, found.value, found.reason.value, *said]


def _safe(cell: str) -> str:
    """Return a cell that no spreadsheet executes."""
    return f"'{cell}" if _RISKY.match(cell) else cell
