"""Parameters that a step does not take are refused, with what was probably meant (UPG-02)."""

import re
from typing import Any

import pytest

from enghub.upgrade.steps.parameters import unknown
from enghub.upgrade.steps.registry import known_classes, step_class
from enghub.upgrade.steps.sql_scripts import SqlScripts

PHASE_3 = "com.ft.upgrade.steps.StartupPreProcessStep"


@pytest.mark.parametrize(
    ("class_name", "parameters", "problem"),
    [
        ("enghub.SqlScripts", {"sql_script": ["a.sql"]}, "sql_script: .* did you mean sql_scripts"),
        (PHASE_3, {"sql_scripts": [], "migration": []}, "migration: .* did you mean migrations"),
        ("enghub.Backup", {"tables": ["orders"]}, "tables: .* it takes backup "),
        (PHASE_3, {"shell_scripts": ["a.sh"]}, "shell scripts are not run"),
        ("enghub.StopService", {"force": True}, "force: .* it takes none"),
    ],
)
def test_a_parameter_that_is_not_taken_is_refused(class_name: str, parameters: dict[str, Any], problem: str) -> None:
    (found,) = unknown(parameters, step_class(class_name).takes)  # type: ignore[attr-defined]
    assert re.search(problem, str(found)), found


def test_notes_and_the_documents_own_key_are_no_parameters() -> None:
    takes = step_class(PHASE_3).takes  # type: ignore[attr-defined]
    assert unknown({"x_ticket": "FT-1", "site_specific": False, "sql_scripts": []}, takes) == ()


def test_every_class_says_what_it_takes() -> None:
    assert [name for name in known_classes() if getattr(step_class(name), "takes", None) is None] == []


@pytest.mark.parametrize("path", ["fix.sh", "fix.PS1", "v/2.16.5/fix.bat"])
def test_a_shell_script_is_no_sql_script(path: str) -> None:
    (found,) = SqlScripts().validate({"sql_scripts": ["a.sql", path]})
    assert str(found) == f"sql_scripts: {path} is no SQL script, and no other kind is run"
