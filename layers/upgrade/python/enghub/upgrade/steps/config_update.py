"""Prepares and replaces configuration files, with a history of every change (UPG-15, UPG-16).

Everything is filled and checked before the first file is written. What a file was before is stored beside it, under
`.enghub/history`, before the file changes; so a killed step goes on, and a failed or rolled-back one puts files back.
Sites whose files are out of reach get theirs by the `config` hook (`config_files`).
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from enghub.core.clock import system_clock, to_text
from enghub.kit.files.store import FileMissing
from enghub.kit.work.errors import WorkFailed
from enghub.kit.work.slices import Cursor, Progress, Slice, done
from enghub.upgrade.problems import Problem
from enghub.upgrade.stepping.step import BaseStep, StepContext, Takes
from enghub.upgrade.steps import parameters as read
from enghub.upgrade.steps.config_content import goes_by_hook, problems, rendered
from enghub.upgrade.steps.config_files import GIVEN_UP, MEDDLED, ConfigFiles
from enghub.upgrade.steps.config_rules import ConfigFile
from enghub.upgrade.steps.tries import tried

HISTORY: Final = ".enghub/history"
KEPT: Final = 20


@dataclass(frozen=True, slots=True)
class _Change:
    file: ConfigFile
    content: bytes


class ConfigUpdate(BaseStep):
    """All files or none."""

    takes: ClassVar[Takes] = frozenset({"config_files", "config_values"})
    transactions: ClassVar[bool] = False
    summary: ClassVar[str] = (
        "Configuration files from templates, checked, with history; parameters `config_files`, `config_values`"
    )

    def validate(self, parameters: Mapping[str, Any]) -> tuple[Problem, ...]:
        """See `Step.validate`."""
        return problems(parameters)

    def run(self, context: StepContext, cursor: Cursor) -> Slice:
        """Fill and check all, then write one after the other; a failure puts back what was written."""
        if goes_by_hook(context):
            return ConfigFiles().run(context, cursor)
        return tried(context, cursor, lambda: self._run(context), GIVEN_UP, lambda: self.rollback(context, {}))

    def _run(self, context: StepContext) -> Slice:
        files = read.read_list(context.parameters, "config_files", ConfigFile)
        changes = [_Change(file, _content(file, context)) for file in files]
        changed = []
        for change in changes:
            if _apply(change, context):
                changed.append(change.file.path)
            context.point("file changed")
        context.log("info", f"configuration files changed: {', '.join(changed) or 'none'}")
        result = {"files": [change.file.path for change in changes], "changed": _recorded(context, files)}
        return done(result, Progress(len(changes), len(changes), "files"))

    def rollback(self, context: StepContext, cursor: Cursor) -> Slice:
        """Put back what each file was before this execution's step.

        Raises:
            WorkFailed: somebody changed a file since.
        """
        if goes_by_hook(context):
            return ConfigFiles().rollback(context, cursor)
        files = read.read_list(context.parameters, "config_files", ConfigFile)
        restored = [file.path for file in reversed(files) if _put_back(file.path, context)]
        return done({"restored": restored})


def _content(file: ConfigFile, context: StepContext) -> bytes:
    return rendered(file, context, lambda: _before(file.path, context))


# --- history ----------------------------------------------------------------------------------------------------------


def _entry(path: str, context: StepContext) -> str:
    facts = context.facts
    return f"{HISTORY}/{path}/{facts.execution_id}-{facts.version}-{facts.step_id}"


def _record(path: str, context: StepContext) -> dict[str, Any] | None:
    content = _read(f"{_entry(path, context)}.json", context)
    return None if content is None else dict(json.loads(content))


def _before(path: str, context: StepContext) -> bytes | None:
    """Return a file as it was before this step, however often the step was begun."""
    record = _record(path, context)
    if record is None:
        return _read(path, context)
    return None if record["before"] is None else _read(f"{_entry(path, context)}.before", context)


def _apply(change: _Change, context: StepContext) -> bool:
    path, wanted = change.file.path, _sha(change.content)
    record = _record(path, context)
    present = _read(path, context)
    if record is None:
        if present == change.content:
            return False
        record = _remember(path, present, wanted, context)
    now = None if present is None else _sha(present)
    if now == wanted:
        return False
    if now not in (record["before"], record["after"]):
        raise WorkFailed(MEDDLED, file=path, history=f"{_entry(path, context)}.before")
    context.ports.files.write(path, change.content)
    return True


def _remember(path: str, present: bytes | None, wanted: str, context: StepContext) -> dict[str, Any]:
    """Store the content first and the record last: with the record, everything is there."""
    entry, facts = _entry(path, context), context.facts
    if present is not None:
        context.ports.files.write(f"{entry}.before", present)
    record = {
        "file": path,
        "executionId": facts.execution_id,
        "version": facts.version,
        "stepId": facts.step_id,
        "before": None if present is None else _sha(present),
        "after": wanted,
        "changed_at": to_text(system_clock()),
    }
    context.ports.files.write(f"{entry}.json", json.dumps(record, sort_keys=True).encode())
    _forget_old(path, context)
    return record


def _forget_old(path: str, context: StepContext) -> None:
    entries = sorted(
        (info for info in context.ports.files.list(f"{HISTORY}/{path}") if info.path.endswith(".json")),
        key=lambda info: (info.modified_at, info.path),
    )
    for info in entries[:-KEPT]:
        context.ports.files.delete(info.path)
        context.ports.files.delete(info.path.removesuffix(".json") + ".before")


def _put_back(path: str, context: StepContext) -> bool:
    record = _record(path, context)
    if record is None:
        return False
    entry = _entry(path, context)
    present = _read(path, context)
    now = None if present is None else _sha(present)
    if now not in (record["before"], record["after"]):
        raise WorkFailed(MEDDLED, file=path, history=f"{entry}.before")
    if now != record["before"]:
        content = _read(f"{entry}.before", context)
        if content is None:
            context.ports.files.delete(path)
        else:
            context.ports.files.write(path, content)
    context.point("file put back")
    context.ports.files.delete(f"{entry}.before")
    context.ports.files.move(f"{entry}.json", f"{entry}.undone.json")
    return True


def _recorded(context: StepContext, files: tuple[ConfigFile, ...]) -> list[dict[str, Any]]:
    records = [(file.path, _record(file.path, context)) for file in files]
    return [{"file": path, "before": r["before"], "after": r["after"]} for path, r in records if r is not None]


def _read(path: str, context: StepContext) -> bytes | None:
    try:
        return context.ports.files.read(path)
    except FileMissing:
        return None


def _sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
