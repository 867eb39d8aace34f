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
from enghub.core.i18n import Text
from enghub.upgrade.steps import parameters as read
from enghub.upgrade.steps.base import BaseStep, Cursor, Progress, Slice, StepContext, StepFailed, done
from enghub.upgrade.steps.config_files import ConfigFiles
from enghub.upgrade.steps.config_rules import ConfigFile, check, fill
from enghub.upgrade.steps.ports import FileMissing, NotConfigured
from enghub.upgrade.steps.tries import tried

NO_TEMPLATE = Text(
    "{file}: neither the manifest's bundle has {template} nor the artifact store {stored}",
    "{file}：升级配置包中没有 {template}，制品存储中也没有 {stored}",
)
NO_FILE = Text("{file} does not exist at the site, so it cannot be changed in place", "局点没有 {file}，无法就地修改")
NOT_TEXT = Text("{file} is not {encoding} text", "{file} 不是 {encoding} 文本")
MEDDLED = Text(
    "{file} was changed by somebody else since this step changed it: it is left as it is. Put it right by hand, its "
    "earlier content is in {history}",
    "{file} 在本步骤修改后又被他人改动，已保持现状。请手工处理，修改前内容见 {history}",
)
GIVEN_UP = Text("{reason} (tries: {tries}; the files are as before)", "{reason}（尝试 {tries} 次，文件已恢复原状）")
HISTORY: Final = ".enghub/history"
KEPT: Final = 20


@dataclass(frozen=True, slots=True)
class _Change:
    file: ConfigFile
    content: bytes


class ConfigUpdate(BaseStep):
    """All files or none."""

    transactions: ClassVar[bool] = False
    summary: ClassVar[str] = (
        "Configuration files from templates, checked, with history; parameters `config_files`, `config_values`"
    )

    def validate(self, parameters: Mapping[str, Any]) -> tuple[str, ...]:
        """See `Step.validate`."""
        found = read.problems(parameters, "config_files", ConfigFile)
        if found:
            return found
        values = parameters.get("config_values", {})
        if not isinstance(values, Mapping) or not all(isinstance(v, str | int | float) for v in values.values()):
            return ("config_values: must map placeholders to texts, numbers or true and false",)
        return read.repeated(
            [file.path for file in read.read_list(parameters, "config_files", ConfigFile)], "config_files"
        )

    def run(self, context: StepContext, cursor: Cursor) -> Slice:
        """Fill and check all, then write one after the other; a failure puts back what was written."""
        if _goes_by_hook(context):
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
            StepFailed: somebody changed a file since.
        """
        if _goes_by_hook(context):
            return ConfigFiles().rollback(context, cursor)
        files = read.read_list(context.parameters, "config_files", ConfigFile)
        restored = [file.path for file in reversed(files) if _put_back(file.path, context)]
        return done({"restored": restored})


def _goes_by_hook(context: StepContext) -> bool:
    """Tell whether the site's files are out of reach, so that whole files are handed to its `config` hook instead."""
    plain = len(read.texts(context.parameters, "config_files")) == len(context.parameters.get("config_files") or ())
    return plain and isinstance(context.ports.files, NotConfigured)


def _content(file: ConfigFile, context: StepContext) -> bytes:
    facts = context.facts
    values = {
        "site_id": facts.site_id, "environment": facts.environment, "source_version": facts.source_version,
        "target_version": facts.target_version, "version": facts.version,
        **{name: _plain(value) for name, value in (context.parameters.get("config_values") or {}).items()},
        **{name: _plain(value) for name, value in file.values.items()},
        **{name: context.ports.secret(key) for name, key in file.secrets.items()},
    }  # fmt: skip
    text = fill(file, _template(file, context), values)
    check(file, text)
    return text.encode(file.encoding)


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _template(file: ConfigFile, context: StepContext) -> str:
    if file.in_place:
        content = _before(file.path, context)
        if content is None:
            raise StepFailed(NO_FILE, file=file.path)
    else:
        name = file.template or file.path
        try:
            return context.script(name)
        except KeyError:
            stored = f"config/{context.facts.version}/{name}"
        try:
            content = context.ports.artifacts.read(stored)
        except FileMissing as error:
            raise StepFailed(NO_TEMPLATE, file=file.path, template=name, stored=stored) from error
    try:
        return content.decode(file.encoding)
    except UnicodeDecodeError as error:
        raise StepFailed(NOT_TEXT, file=file.path, encoding=file.encoding) from error


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
        raise StepFailed(MEDDLED, file=path, history=f"{_entry(path, context)}.before")
    context.ports.files.write(path, change.content)
    return True


def _remember(path: str, present: bytes | None, wanted: str, context: StepContext) -> dict[str, Any]:
    """Store the content first and the record last: with the record, everything is there."""
    entry, facts = _entry(path, context), context.facts
    if present is not None:
        context.ports.files.write(f"{entry}.before", present)
    record = {
        "file": path, "executionId": facts.execution_id, "version": facts.version, "stepId": facts.step_id,
        "before": None if present is None else _sha(present), "after": wanted, "changed_at": to_text(system_clock()),
    }  # fmt: skip
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
        raise StepFailed(MEDDLED, file=path, history=f"{entry}.before")
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
