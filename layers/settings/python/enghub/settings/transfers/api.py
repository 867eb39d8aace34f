"""Requests and answers of /api/v1/system-config/import and /export (REQ-008 8.2.2)."""

import base64
import hashlib
from collections import Counter
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from enghub.core import wire
from enghub.core.multipart import Uploaded
from enghub.kit.sheets import files
from enghub.kit.sheets.model import Format, Limits, Row, SheetRefused
from enghub.settings.approvals.api import Comment
from enghub.settings.configs.model import Config, Layer
from enghub.settings.templates.requests import TemplateId
from enghub.settings.transfers import texts
from enghub.settings.transfers.columns import COLUMNS, KEY, VALUE, row_of
from enghub.settings.transfers.errors import ExportTooLarge, FileUnreadable
from enghub.settings.transfers.service import MAX_ROWS, Outcome, Taken

MAX_FILE_BYTES = 4 * 1024 * 1024
"""Of a file in a request or an answer: Lambda takes 6 MB, of which base64 costs a third."""
LIMITS = Limits(file_bytes=MAX_FILE_BYTES, unpacked_bytes=64 * 1024 * 1024, rows=MAX_ROWS)
MEDIA = {
    Format.EXCEL: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Format.CSV: "text/csv",
    Format.JSON: "application/json",
    Format.YAML: "application/yaml",
    Format.XML: "application/xml",
    Format.PROPERTIES: "text/x-java-properties",
}
SUFFIX = {Format.EXCEL: "xlsx"}
FormFlag = Annotated[wire.Flag, BeforeValidator(lambda text: _FLAGS.get(str(text).lower(), text))]
"""true or false, as a form has it."""
_FLAGS = {"true": True, "false": False}


class ImportRequest(wire.Request):
    """A file of items: .xlsx, .csv, .json, .yaml, .xml or .properties, told by its name."""

    file: Uploaded
    overwrite_existing: FormFlag = False
    """Whether items that are there are changed; else they are left alone."""
    dry_run: FormFlag = False
    """Only say what would happen."""
    change_reason: Comment = ""
    template_id: TemplateId | None = None
    """Takes rows of this template's items alone; new ones get their type, rule and description from it."""

    def rows(self) -> tuple[Row, ...]:
        """Return the file's rows.

        Raises:
            FileUnreadable: it is no file of rows, or too large.
        """
        try:
            kind = files.format_of(self.file.file_name)
            rows = files.read(self.file.content, kind, (KEY, VALUE), LIMITS).rows
        except SheetRefused as error:
            raise FileUnreadable(field="file", problem=error.said, place=error.place) from error
        if not rows:
            raise FileUnreadable(field="file", problem=texts.NO_ROWS, place="")
        return rows


class ImportedShown(wire.Response):
    """What became of one row."""

    config_key: str
    place: str
    """Where it stands: ``row 2`` of a sheet, ``/0`` of a list, ``line 7``."""
    outcome: Outcome
    version: int | None
    """The item's version that was made; null where none was."""


class ImportResponse(wire.Response):
    """What an import did, or would do, row by row."""

    layer: Layer
    dry_run: bool
    needs_approval: bool
    """Of a dry run: whether people would have to agree first."""
    created: int
    updated: int
    """Merged ones included."""
    unchanged: int
    skipped: int
    items: Annotated[list[ImportedShown], Field(max_length=MAX_ROWS)]

    @classmethod
    def of(cls, layer: Layer, taken: Taken, *, dry_run: bool) -> "ImportResponse":
        """Return the answer for an import."""
        counts = Counter(line.outcome for line in taken.lines)
        return cls(
            layer=layer,
            dry_run=dry_run,
            needs_approval=taken.needs_approval,
            created=counts[Outcome.CREATED],
            updated=counts[Outcome.UPDATED] + counts[Outcome.MERGED],
            unchanged=counts[Outcome.UNCHANGED],
            skipped=counts[Outcome.SKIPPED],
            items=[
                ImportedShown(config_key=one.config_key, place=one.place, outcome=one.outcome, version=one.version)
                for one in taken.lines
            ],
        )


class ExportResponse(wire.Response):
    """A layer's items as a file."""

    layer: Layer
    format: Format
    file_name: str
    content_type: str
    items: int
    encoding: Literal["utf-8", "base64"]
    """How ``content`` holds the file's bytes."""
    content: str
    sha256: str
    """Of the file's bytes, as hex."""

    @classmethod
    def of(cls, layer: Layer, kind: Format, configs: list[Config]) -> "ExportResponse":
        """Return the answer for an export.

        Raises:
            ExportTooLarge
        """
        rows: list[list[Any]] = [row_of(config) for config in configs]
        data = files.write(kind, COLUMNS, rows)
        if len(data) > MAX_FILE_BYTES:
            raise ExportTooLarge(size_bytes=len(data), limit_bytes=MAX_FILE_BYTES)
        binary = kind is Format.EXCEL
        return cls(
            layer=layer,
            format=kind,
            file_name=f"{layer}-config.{SUFFIX.get(kind, kind)}",
            content_type=MEDIA[kind],
            items=len(configs),
            encoding="base64" if binary else "utf-8",
            content=base64.b64encode(data).decode() if binary else data.decode("utf-8"),
            sha256=hashlib.sha256(data).hexdigest(),
        )
