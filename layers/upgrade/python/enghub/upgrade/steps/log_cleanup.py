"""Removes old log files, never younger than 7 days, archived first where a rule says so (UPG-18).

A plan is written before the first file goes: it names every file, so a killed step goes on with the same files and its
report counts all of them.
"""

import gzip
import json
import shutil
import tempfile
from collections.abc import Mapping
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Annotated, Any, ClassVar, Final

from pydantic import BaseModel, ConfigDict, Field

from enghub.core.clock import system_clock
from enghub.core.i18n import Text
from enghub.kit.files.store import FileInfo, FileMissing, site_path
from enghub.kit.work.errors import WorkFailed
from enghub.kit.work.slices import Cursor, Progress, Slice, done, more
from enghub.upgrade.problems import Problem
from enghub.upgrade.stepping.ports import LOGS
from enghub.upgrade.stepping.step import BaseStep, StepContext, Takes
from enghub.upgrade.steps import parameters as read

LEFT = Text(
    "{count} log files could not be removed, see to them by hand: {files}",
    "{count} 个日志文件无法清理，请手工处理：{files}",
)
LEAST_DAYS: Final = 7
OWN: Final = ".enghub/cleanup"


class LogRule(BaseModel):
    """Which files of a folder go, and when."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    folder: Annotated[str, Field(min_length=1, max_length=500)]
    pattern: Annotated[str, Field(min_length=1, max_length=200)] = "*.log*"
    """Of the file's name."""
    keep_days: Annotated[int, Field(ge=LEAST_DAYS, le=3650)] = 30
    size_threshold_bytes: Annotated[int, Field(ge=1)] | None = None
    """A file of at least this size goes as soon as it is 7 days old."""
    archive: bool = False
    """Compress it into the artifact store before it is removed."""

    def applies(self, info: FileInfo, now: datetime) -> bool:
        """Tell whether a file goes."""
        age = now - info.modified_at
        large = self.size_threshold_bytes is not None and info.size_bytes >= self.size_threshold_bytes
        due = timedelta(days=LEAST_DAYS if large else self.keep_days)
        return fnmatchcase(info.path.rpartition("/")[2], self.pattern) and age >= due


class LogCleanup(BaseStep):
    """File after file; one that cannot be removed is passed over and named."""

    takes: ClassVar[Takes] = frozenset({"log_cleanup"})
    transactions: ClassVar[bool] = False
    summary: ClassVar[str] = "Removal of old log files, archived by rule; parameter `log_cleanup`"

    def validate(self, parameters: Mapping[str, Any]) -> tuple[Problem, ...]:
        """See `Step.validate`."""
        found = list(read.problems(parameters, "log_cleanup", LogRule))
        if not found:
            for number, rule in enumerate(read.read_list(parameters, "log_cleanup", LogRule)):
                try:
                    site_path(rule.folder)
                except WorkFailed as failure:
                    found.append(Problem(f"log_cleanup.{number}.folder", failure.text))
        return tuple(found)

    def run(self, context: StepContext, cursor: Cursor) -> Slice:
        """Plan once, then remove what is left of the plan."""
        facts = context.facts
        place = f"{OWN}/{facts.execution_id}-{facts.version}-{facts.step_id}.json"
        plan = _plan(context, place)
        failed: list[dict[str, str]] = list(cursor.get("failed", []))
        passed_over = {failure["file"] for failure in failed}
        for number, file in enumerate(plan, 1):
            if file["path"] in passed_over or context.ports.files.info(file["path"]) is None:
                continue
            try:
                _remove(file, context)
            except WorkFailed as failure:
                failed.append({"file": file["path"], "reason": failure.text.en})
                context.log("warning", f"{file['path']} is passed over: {failure.text.en}")
            context.point("file removed")
            if context.budget.spent and number < len(plan):
                return more({"failed": failed}, Progress(number, len(plan), "files"))
        return done(_result(plan, _with_what_stayed(plan, failed, context)), Progress(len(plan), len(plan), "files"))

    def rollback(self, context: StepContext, cursor: Cursor) -> Slice:
        """Logs are not brought back; what was archived is in the artifact store."""
        return done({"rollback": "logs stay removed"})


def _plan(context: StepContext, place: str) -> list[dict[str, Any]]:
    files = context.ports.files
    try:
        return list(json.loads(files.read(place)))
    except FileMissing:
        now = system_clock()
    found: dict[str, dict[str, Any]] = {}
    for rule in read.read_list(context.parameters, "log_cleanup", LogRule):
        for info in files.list(rule.folder):
            if info.path not in found and rule.applies(info, now):
                found[info.path] = {"path": info.path, "bytes": info.size_bytes, "archive": rule.archive}
    plan = list(found.values())
    files.write(place, json.dumps(plan).encode())
    context.point("planned")
    return plan


def _remove(file: Mapping[str, Any], context: StepContext) -> None:
    if file["archive"]:
        _archive(file, context)
    context.ports.files.delete(file["path"])


def _archive(file: Mapping[str, Any], context: StepContext) -> None:
    """Compress by way of a temporary file, and look whether it arrived, before the log goes."""
    target = f"{LOGS}/{context.facts.site_id}/{context.facts.execution_id}/{file['path']}.gz"
    with context.ports.files.open(file["path"]) as source, tempfile.TemporaryFile() as packed:
        with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as sink:
            shutil.copyfileobj(source, sink, 1 << 20)
        size = packed.tell()
        packed.seek(0)
        context.ports.artifacts.write(target, packed)
    arrived = context.ports.artifacts.info(target)
    if arrived is None or arrived.size_bytes != size:
        from enghub.kit.files.store import UNAVAILABLE  # noqa: PLC0415

        raise WorkFailed(UNAVAILABLE, store="The artifact store", path=target, error="the archive did not arrive whole")


def _with_what_stayed(
    plan: list[dict[str, Any]], failed: list[dict[str, str]], context: StepContext
) -> list[dict[str, str]]:
    """Look whether what was removed is gone, and add what is not."""
    known = {failure["file"] for failure in failed}
    folders = {rule.folder for rule in read.read_list(context.parameters, "log_cleanup", LogRule)}
    present = {info.path for folder in folders for info in context.ports.files.list(folder)}
    stayed = [file["path"] for file in plan if file["path"] in present - known]
    return [*failed, *({"file": path, "reason": "it is still there"} for path in stayed)]


def _result(plan: list[dict[str, Any]], failed: list[dict[str, str]]) -> dict[str, Any]:
    names = {failure["file"] for failure in failed}
    removed = [file for file in plan if file["path"] not in names]
    return {
        "removed": len(removed),
        "archived": sum(1 for file in removed if file["archive"]),
        "freedBytes": sum(file["bytes"] for file in removed),
        "failed": failed,
        "attention": [_attention(sorted(names))] if names else [],
    }


def _attention(names: list[str]) -> dict[str, str]:
    shown = ", ".join(names[:10]) + (" ..." if len(names) > 10 else "")
    values = {"count": len(names), "files": shown}
    return {"en": LEFT.render("en", **values), "zh": LEFT.render("zh", **values)}
