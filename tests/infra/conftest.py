"""The application, synthesised with cdk-nag watching; once per session as the stage ``prod``."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from aws_cdk import App

from infra.app import build, context_from_file
from infra.document import Route
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


def assembled(stage: Stage, folders: pytest.TempPathFactory, routes: Sequence[Route] = ()) -> Assembly:
    """Synthesise ``stage`` with cdk-nag; third-party layers are empty, since no rule looks into them."""
    built = folders.mktemp("layers")
    (built / "vendor" / "python").mkdir(parents=True)
    folder = folders.mktemp("cdk.out")
    app = App(outdir=str(folder), context=context_from_file())
    build(app, stage, Sources(built=built), routes)
    add_checks(app)
    app.synth()
    files = sorted(folder.glob("*.template.json"))
    return Assembly(folder, {file.name.split(".")[0]: json.loads(file.read_text("utf-8")) for file in files})
