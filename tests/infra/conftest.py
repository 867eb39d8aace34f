"""The application, synthesised once per session as the stage ``test``, with cdk-nag watching."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from aws_cdk import App

from infra.app import build, context_from_file
from infra.rules import Template, add_checks
from infra.sources import Sources
from infra.stage import STAGES


@dataclass(frozen=True)
class Assembly:
    """A synthesised application."""

    folder: Path
    templates: Mapping[str, Template]


@pytest.fixture(scope="session")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """All stacks of the stage ``prod``; third-party layers are empty, since no rule looks into them."""
    built = tmp_path_factory.mktemp("layers")
    (built / "vendor" / "python").mkdir(parents=True)
    folder = tmp_path_factory.mktemp("cdk.out")
    app = App(outdir=str(folder), context=context_from_file())
    build(app, STAGES["prod"], Sources(built=built))
    add_checks(app)
    app.synth()
    files = sorted(folder.glob("*.template.json"))
    return Assembly(folder, {file.name.split(".")[0]: json.loads(file.read_text("utf-8")) for file in files})
