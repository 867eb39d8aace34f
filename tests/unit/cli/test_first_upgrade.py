"""The page of a first upgrade types only what the commands take, and writes manifests that the hub takes."""

import json
import re
import shlex
from pathlib import Path

import pytest

from enghub.upgrade.manifests.model import parse
from enghub.upgrade.steps.registry import known_classes
from enghub_cli.main import imported

TEXT = (Path(__file__).parents[3] / "docs/first-upgrade.md").read_text("utf-8")
BLOCKS = re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL)
WRITTEN = dict(re.findall(r"cat > (\S+) <<'EOF'\n(.*?)EOF\n", "".join(BLOCKS), re.DOTALL))
COMMANDS = [
    found
    for line in re.sub(r"<<'EOF'\n.*?\nEOF\n", "\n", "".join(BLOCKS), flags=re.DOTALL).splitlines()
    for found in re.findall(r"enghub upgrade [^|)]+", line)
]


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_has_only_options_that_it_takes(line: str) -> None:
    words = shlex.split(line)[2:]
    command = imported("upgrade")
    while words and hasattr(command, "commands"):
        command = command.commands[words.pop(0)]
    options = {name for option in command.params for name in option.opts}
    assert {word for word in words if word.startswith("--")} <= options
    assert {option.opts[0] for option in command.params if option.required and option.opts[0].startswith("--")} <= set(
        words
    )


@pytest.mark.parametrize("name", [name for name in WRITTEN if name.endswith(".json")])
def test_a_manifest_of_the_page_is_taken_with_its_scripts(name: str) -> None:
    manifest = parse(json.loads(WRITTEN[name]), known_classes())
    assert set(manifest.script_paths) <= WRITTEN.keys()


def test_the_page_is_followed_block_by_block() -> None:
    assert (len(BLOCKS), len(COMMANDS)) == (8, 18)
