"""Prepares configuration files while the system runs, without touching those it uses (UPG-15)."""

from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar, Final

from enghub.kit.files.store import FileMissing
from enghub.kit.work.slices import Cursor, Progress, Slice, done
from enghub.upgrade.problems import Problem
from enghub.upgrade.stepping.step import BaseStep, StepContext, Takes
from enghub.upgrade.steps import parameters as read
from enghub.upgrade.steps.config_content import goes_by_hook, problems, rendered
from enghub.upgrade.steps.config_rules import ConfigFile

PREPARED: Final = ".enghub/prepared"


class ConfigPreparation(BaseStep):
    """Every file is filled and checked, and laid beside the site's own to be looked at; none of these changes.

    What is wrong is found before the outage. `enghub.ConfigFiles` with the same parameters puts the files in force.
    """

    takes: ClassVar[Takes] = frozenset({"config_files", "config_values"})
    transactions: ClassVar[bool] = False
    summary: ClassVar[str] = (
        "Configuration files filled and checked, not yet in force; parameters `config_files`, `config_values`"
    )
    writes: ClassVar[bool] = False

    def validate(self, parameters: Mapping[str, Any]) -> tuple[Problem, ...]:
        """See `Step.validate`."""
        return problems(parameters)

    def run(self, context: StepContext, cursor: Cursor) -> Slice:
        """Fill and check all, then lay them down; a site that is reached by its `config` hook gets none."""
        del cursor
        files = read.read_list(context.parameters, "config_files", ConfigFile)
        by_hook = goes_by_hook(context)
        contents = {file.path: rendered(file, context, partial(_read, file.path, context)) for file in files}
        folder = f"{PREPARED}/{context.facts.version}"
        for path, content in contents.items():
            if not by_hook:
                context.ports.files.write(f"{folder}/{path}", content)
            context.point("file prepared")
        context.log("info", f"configuration files prepared, not yet in force: {', '.join(contents)}")
        result = {"prepared": list(contents), "preparedIn": None if by_hook else folder}
        return done(result, Progress(len(contents), len(contents), "files"))


def _read(path: str, context: StepContext) -> bytes | None:
    try:
        return context.ports.files.read(path)
    except FileMissing:
        return None
