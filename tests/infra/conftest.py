"""The application, synthesised with cdk-nag watching; once per session as the stage ``prod``."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from aws_cdk import App

from infra.app import build, context_from_file
from infra.rules import Template, add_checks
from infra.sources import Sources
from infra.stage import STAGES, Stage

PROD = replace(
    STAGES["prod"],
    alarm_emails=("ops@enghub.example",),
    cors_origins=("https://app.enghub.example",),
    domain="api.enghub.example",
    certificate_arn="arn:aws:acm:eu-central-1:123456789012:certificate/a",
)
"""The stage ``prod`` with what its owner still has to fill in."""


@dataclass(frozen=True)
class Assembly:
    """A synthesised application."""

    folder: Path
    templates: Mapping[str, Template]


@pytest.fixture(scope="session")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """All stacks of the stage ``prod``."""
    return assembled(PROD, tmp_path_factory)


def assembled(stage: Stage, folders: pytest.TempPathFactory, *, checked: bool = True) -> Assembly:
    """Synthesise ``stage``, with cdk-nag unless told otherwise."""
    app = App(outdir=str(folders.mktemp("cdk.out")), context=context_from_file())
    build(app, stage, Sources(built=built_layers(folders)))
    if checked:
        add_checks(app)
    return synthesised(app)


def built_layers(folders: pytest.TempPathFactory) -> Path:
    """Return a folder of third-party layers; they are empty, since no rule looks into them."""
    built = folders.mktemp("layers")
    (built / "vendor" / "python").mkdir(parents=True)
    return built


def synthesised(app: App) -> Assembly:
    """Return the templates of ``app`` by stack."""
    app.synth()
    folder = Path(app.outdir)
    files = sorted(folder.glob("*.template.json"))
    return Assembly(folder, {file.name.split(".")[0]: json.loads(file.read_text("utf-8")) for file in files})
