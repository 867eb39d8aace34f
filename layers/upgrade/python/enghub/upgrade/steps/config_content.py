"""What a configuration file will hold: its template, filled and checked (UPG-15)."""

from collections.abc import Callable, Mapping
from typing import Any

from enghub.core.i18n import Text
from enghub.kit.files.store import FileMissing
from enghub.kit.work.errors import WorkFailed
from enghub.upgrade.problems import Problem
from enghub.upgrade.stepping.ports import NotConfigured
from enghub.upgrade.stepping.step import StepContext
from enghub.upgrade.steps import parameters as read
from enghub.upgrade.steps.config_rules import ConfigFile, check, fill

NO_TEMPLATE = Text(
    "{file}: neither the manifest's bundle has {template} nor the artifact store {stored}",
    "{file}：升级配置包中没有 {template}，制品存储中也没有 {stored}",
)
NO_FILE = Text("{file} does not exist at the site, so it cannot be changed in place", "局点没有 {file}，无法就地修改")
NOT_TEXT = Text("{file} is not {encoding} text", "{file} 不是 {encoding} 文本")
VALUES_FORM = Text(
    "must map placeholders to texts, numbers or true and false", "须为占位符到文本、数字或 true、false 的映射"
)


def problems(parameters: Mapping[str, Any]) -> tuple[Problem, ...]:
    """Return what is wrong with `config_files` and `config_values`."""
    found = read.problems(parameters, "config_files", ConfigFile)
    if found:
        return found
    values = parameters.get("config_values", {})
    if not isinstance(values, Mapping) or not all(isinstance(v, str | int | float) for v in values.values()):
        return (Problem("config_values", VALUES_FORM),)
    return read.repeated([file.path for file in read.read_list(parameters, "config_files", ConfigFile)], "config_files")


def goes_by_hook(context: StepContext) -> bool:
    """Tell whether the site's files are out of reach, so that whole files are handed to its `config` hook instead."""
    plain = len(read.texts(context.parameters, "config_files")) == len(context.parameters.get("config_files") or ())
    return plain and isinstance(context.ports.files, NotConfigured)


def rendered(file: ConfigFile, context: StepContext, present: Callable[[], bytes | None] = lambda: None) -> bytes:
    """Return the new content.

    Args:
        file: the rules.
        context: of the step.
        present: reads the site's file as it was before the step, for one that is changed in place.

    Raises:
        WorkFailed: there is no template, a placeholder has no value, or the result is not well-formed.
    """
    facts = context.facts
    values = {
        "site_id": facts.site_id,
        "environment": facts.environment,
        "source_version": facts.source_version,
        "target_version": facts.target_version,
        "version": facts.version,
        **{name: _plain(value) for name, value in (context.parameters.get("config_values") or {}).items()},
        **{name: _plain(value) for name, value in file.values.items()},
        **{name: context.ports.secret(key) for name, key in file.secrets.items()},
    }
    text = fill(file, _template(file, context, present), values)
    check(file, text)
    return text.encode(file.encoding)


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _template(file: ConfigFile, context: StepContext, present: Callable[[], bytes | None]) -> str:
    if file.in_place:
        content = present()
        if content is None:
            raise WorkFailed(NO_FILE, file=file.path)
    else:
        name = file.template or file.path
        try:
            return context.script(name)
        except KeyError:
            stored = f"config/{context.facts.version}/{name}"
        try:
            content = context.ports.artifacts.read(stored)
        except FileMissing as error:
            raise WorkFailed(NO_TEMPLATE, file=file.path, template=name, stored=stored) from error
    try:
        return content.decode(file.encoding)
    except UnicodeDecodeError as error:
        raise WorkFailed(NOT_TEXT, file=file.path, encoding=file.encoding) from error
