"""Hands configuration files to the site's `config` hook, keeping what they were before (UPG-15, UPG-16)."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, ClassVar, Final
from urllib.parse import quote

from enghub.core.clock import system_clock, to_text
from enghub.core.i18n import Text
from enghub.kit.files.store import FileMissing
from enghub.kit.work.errors import WorkFailed
from enghub.kit.work.slices import Cursor, Progress, Slice, done, more
from enghub.upgrade.problems import Problem
from enghub.upgrade.stepping.hooks import expect
from enghub.upgrade.stepping.ports import NOT_CONFIGURED
from enghub.upgrade.stepping.step import BaseStep, StepContext, Takes
from enghub.upgrade.steps import parameters as read
from enghub.upgrade.steps.config_content import problems, rendered
from enghub.upgrade.steps.config_rules import ConfigFile
from enghub.upgrade.steps.tries import tried

NO_TEXT = Text("The `config` hook's answer for {file} has no text", "config 钩子对 {file} 的应答没有 text")
MEDDLED = Text(
    "{file} was changed by somebody else since this step changed it: it is left as it is. Put it right by hand, its "
    "earlier content is in {history}",
    "{file} 在本步骤修改后又被他人改动，已保持现状。请手工处理，修改前内容见 {history}",
)
GIVEN_UP = Text("{reason} (tries: {tries}; the files are as before)", "{reason}（尝试 {tries} 次，文件已恢复原状）")
HISTORY: Final = "config-history"
"""Folder of the artifact store: the site keeps nothing that this software could look up."""


class ConfigFiles(BaseStep):
    """Templates of the bundle, filled and checked by their format.

    The hook gets `PUT <config>/<file>` with `{"text", "sha256", "executionId"}` and answers `GET` with `{"text"}`, 404
    where there is none. What a file was is in the artifact store before it changes, so that a failure or a rollback can
    put it back; one that was not there stays, for the hook cannot remove it.
    """

    takes: ClassVar[Takes] = frozenset({"config_files", "config_values"})
    summary: ClassVar[str] = "Configuration files from templates; parameters `config_files`, `config_values`"

    def validate(self, parameters: Mapping[str, Any]) -> tuple[Problem, ...]:
        """See `Step.validate`."""
        return problems(parameters)

    def run(self, context: StepContext, cursor: Cursor) -> Slice:
        """Fill and check every file before the first is delivered; a failure puts back what was delivered."""
        return tried(context, cursor, lambda: self._run(context), GIVEN_UP, lambda: self.rollback(context, {}))

    def _run(self, context: StepContext) -> Slice:
        files = read.read_list(context.parameters, "config_files", ConfigFile)
        texts = [rendered(file, context).decode() for file in files]
        hook = _Hook(context)
        for number, (file, text) in enumerate(zip(files, texts, strict=True), 1):
            if hook.deliver(file.path, text) and context.budget.spent and number < len(files):
                return more({"files": number}, Progress(number, len(files), "files"))
        shown = [{"file": file.path, "sha256": _sha(text)} for file, text in zip(files, texts, strict=True)]
        context.log("info", f"configuration files delivered: {', '.join(file.path for file in files)}")
        return done({"delivery": "done", "files": shown}, Progress(len(files), len(files), "files"))

    def rollback(self, context: StepContext, cursor: Cursor) -> Slice:
        """Put back what the files held before.

        Raises:
            WorkFailed: somebody changed a file since.
        """
        del cursor
        hook = _Hook(context)
        files = read.read_list(context.parameters, "config_files", ConfigFile)
        return done({"restored": [file.path for file in reversed(files) if hook.put_back(file.path)]})


class _Hook:
    """The site's `config` hook, with the history of this step."""

    def __init__(self, context: StepContext) -> None:
        url = context.hooks.url("config")
        if url is None:
            raise WorkFailed(NOT_CONFIGURED, what="file store and no `config` hook", what_zh="文件存储或 config 钩子")
        self._context, self._url = context, url
        facts = context.facts
        self._folder = f"{HISTORY}/{facts.site_id}/{facts.execution_id}-{facts.version}-{facts.step_id}"

    def deliver(self, path: str, text: str) -> bool:
        """Store what a file is, deliver what it will be, then note that; False when an earlier slice did."""
        found = self._record(path)
        if found is not None and found["delivered"]:
            return False
        if found is None:
            found = {
                "file": path,
                "before": self._get(path),
                "after": _sha(text),
                "at": to_text(system_clock()),
                "delivered": False,
            }
            self._keep(path, found)
        if found["before"] != text:
            self._put(path, text)
        self._context.point("config file")
        self._keep(path, {**found, "delivered": True})
        return True

    def _keep(self, path: str, record: dict[str, Any]) -> None:
        self._context.ports.artifacts.write(self._place(path), json.dumps(record, sort_keys=True).encode())

    def _put(self, path: str, text: str) -> None:
        body = {"text": text, "sha256": _sha(text), "executionId": self._context.facts.execution_id}
        address = f"{self._url}/{quote(path)}"
        expect("config", address, self._context.hooks.call("config", "PUT", address, body=body))

    def put_back(self, path: str) -> bool:
        """Restore a file, then let the history tell that it was; False when there is nothing to restore."""
        found = self._record(path)
        if found is None:
            return False
        now, before = self._get(path), found["before"]
        if now != before and (now is None or _sha(now) != found["after"]):
            raise WorkFailed(MEDDLED, file=path, history=self._place(path))
        if before is None and now is not None:
            self._context.log("warning", f"{path} was not there before: the config hook cannot remove it")
        elif now != before:
            self._put(path, before)
        self._context.point("config file put back")
        self._context.ports.artifacts.move(self._place(path), f"{self._place(path)}.undone")
        return before is not None

    def _get(self, path: str) -> str | None:
        address = f"{self._url}/{quote(path)}"
        answer = self._context.hooks.call("config", "GET", address)
        if answer.status == 404:
            return None
        expect("config", address, answer)
        try:
            return str(json.loads(answer.text)["text"])
        except (ValueError, KeyError, TypeError) as error:
            raise WorkFailed(NO_TEXT, file=path) from error

    def _place(self, path: str) -> str:
        return f"{self._folder}/{path}.json"

    def _record(self, path: str) -> dict[str, Any] | None:
        try:
            return dict(json.loads(self._context.ports.artifacts.read(self._place(path))))
        except FileMissing:
            return None


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
