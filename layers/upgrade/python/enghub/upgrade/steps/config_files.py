"""Prepares configuration files from templates and hands them to the site's `config` hook (UPG-15, UPG-16)."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar
from urllib.parse import quote
from xml.parsers import expat

from enghub.core.i18n import Text
from enghub.upgrade.gateways.hooks import expect
from enghub.upgrade.steps import parameters as read
from enghub.upgrade.steps.base import BaseStep, Cursor, Progress, Slice, StepContext, StepFailed, done, more
from enghub.upgrade.steps.ports import NOT_CONFIGURED

MISSING = Text("The manifest's bundle has no template {file}", "升级配置包中没有模板 {file}")
NO_VALUE = Text("{file}: no value for ${{{name}}}", "{file}：占位符 ${{{name}}} 没有取值")
MALFORMED = Text("{file} is not well-formed after substitution: {problem}", "{file} 替换后格式错误：{problem}")

_PLACE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_.-]*)\}")


class ConfigFiles(BaseStep):
    """Templates of the bundle with `${NAME}` places, filled from `config_values`, checked by their format.

    The hook gets `PUT <config>/<file>` with `{"text", "sha256", "executionId"}` and answers `GET` with `{"text"}`, so
    that a rollback can put back what was there. A site with neither files nor the hook fails the step.
    """

    summary: ClassVar[str] = "Configuration files from templates; parameters `config_files`, `config_values`"

    def validate(self, parameters: Mapping[str, Any]) -> tuple[str, ...]:
        """See `Step.validate`."""
        found = []
        for path in read.texts(parameters, "config_files"):
            if _suffix(path) not in _CHECKS:
                found.append(f"config_files: {path} has none of the known endings {', '.join(sorted(_CHECKS))}")
        values = parameters.get("config_values", {})
        if not isinstance(values, Mapping) or not all(isinstance(v, str | int | float) for v in values.values()):
            found.append("config_values: must map names to texts or numbers")
        return tuple(found)

    def run(self, context: StepContext, cursor: Cursor) -> Slice:
        """Fill and check every file before the first is delivered; then deliver one per slice."""
        paths = read.texts(context.parameters, "config_files")
        texts = [_rendered(context, path) for path in paths]
        url = context.hooks.url("config")
        if url is None:
            raise StepFailed(NOT_CONFIGURED, what="file store and no `config` hook", what_zh="文件存储或 config 钩子")
        before: dict[str, Any] = dict(cursor.get("before", {}))
        for path, text in zip(paths, texts, strict=True):
            if path not in before:
                before[path] = _current(context, url, path)
                return more({"before": before}, Progress(len(before) - 1, len(paths), "files"))
            _put(context, url, path, text)
            context.point("config file")
        result = {
            "delivery": "done",
            "files": [_shown(p, t) for p, t in zip(paths, texts, strict=True)],
            "before": before,
        }
        return done(result, Progress(len(paths), len(paths), "files"))

    def rollback(self, context: StepContext, cursor: Cursor) -> Slice:
        """Put back what the files held before, as the cursor or the step's result remembers it."""
        url = context.hooks.url("config")
        before: Mapping[str, Any] = cursor.get("before", {})
        for path, text in before.items():
            if url is not None and text is not None:
                _put(context, url, path, text)
        return done({"restored": [path for path, text in before.items() if text is not None]})


def _rendered(context: StepContext, path: str) -> str:
    try:
        template = context.script(path)
    except KeyError as error:
        raise StepFailed(MISSING, file=path) from error
    facts = context.facts
    values = {
        "site_id": facts.site_id, "environment": facts.environment, "source_version": facts.source_version,
        "target_version": facts.target_version, **context.parameters.get("config_values", {}),
    }  # fmt: skip

    def fill(match: re.Match[str]) -> str:
        if match[1] not in values:
            raise StepFailed(NO_VALUE, file=path, name=match[1])
        return str(values[match[1]])

    text = _PLACE.sub(fill, template)
    try:
        _CHECKS[_suffix(path)](text)
    except ValueError as error:
        raise StepFailed(MALFORMED, file=path, problem=str(error)) from error
    return text


def _current(context: StepContext, url: str, path: str) -> str | None:
    """Return what the file holds now, None when there is none."""
    address = f"{url}/{quote(path)}"
    answer = context.hooks.call("config", "GET", address)
    if answer.status == 404:
        return None
    expect("config", address, answer)
    try:
        text: str = json.loads(answer.text)["text"]
    except (ValueError, KeyError, TypeError) as error:
        raise StepFailed(MALFORMED, file=path, problem="the hook's answer has no text") from error
    return text


def _put(context: StepContext, url: str, path: str, text: str) -> None:
    address = f"{url}/{quote(path)}"
    body = {
        "text": text,
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "executionId": context.facts.execution_id,
    }
    expect("config", address, context.hooks.call("config", "PUT", address, body=body))


def _shown(path: str, text: str) -> dict[str, Any]:
    return {"file": path, "sha256": hashlib.sha256(text.encode()).hexdigest(), "bytes": len(text.encode())}


def _suffix(path: str) -> str:
    return path.rsplit(".", 1)[-1].lower() if "." in path else ""


def _check_json(text: str) -> None:
    json.loads(text)


def _check_xml(text: str) -> None:
    """Parse; documents that declare entities are refused before anything is expanded."""
    parser = expat.ParserCreate()

    def refuse(*_: Any) -> None:
        message = "a document type declaration is not allowed"
        raise ValueError(message)

    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        raise ValueError(str(error)) from error


def _check_properties(text: str) -> None:
    """Every line is empty, a comment, `key=value` / `key: value`, or continues the one before."""
    continued = False
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if not continued and stripped and stripped[0] not in "#!" and not re.match(r"[^\s=:]+\s*[=:]", stripped):
            message = f"line {number} is no key=value"
            raise ValueError(message)
        continued = line.endswith("\\") and not line.endswith("\\\\")


_CHECKS: Mapping[str, Callable[[str], None]] = {
    "json": _check_json,
    "xml": _check_xml,
    "properties": _check_properties,
}
