"""The snippets of docs/ci-cd.md parse, and every option in them is one that the command has (UPG-22)."""

import re
import shlex
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from enghub_cli.main import imported

TEXT = (Path(__file__).parents[3] / "docs" / "ci-cd.md").read_text("utf-8")
COMMANDS = re.findall(r"enghub upgrade execute [^\n']+", TEXT)


@pytest.mark.parametrize("snippet", re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL))
def test_a_snippet_is_yaml(snippet: str) -> None:
    assert isinstance(YAML(typ="safe").load(snippet), dict)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_line_has_only_options_of_the_command(command: str) -> None:
    group = imported("upgrade").commands["execute"]
    known = {name for option in group.params for name in option.opts}
    used = {word for word in shlex.split(command) if word.startswith("--")}
    required = {option.opts[0] for option in group.params if option.required}
    assert used <= known
    assert required <= used
    assert "--follow" in used


def test_every_system_has_its_snippet() -> None:
    assert len(COMMANDS) == 3
