"""The CDK app: one stage as sibling stacks. ``python -m infra.app``, or by ``cdk`` with ``-c stage=prod``."""

import importlib
import importlib.util
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from aws_cdk import App, Tags

from infra.constructs.context_stack import ContextStack
from infra.rules import add_checks
from infra.sources import ROOT, Sources
from infra.stacks.api import ApiStack
from infra.stacks.core import CoreStack
from infra.stacks.state import StateStack
from infra.stage import Stage, stage_named


def build(app: App, stage: Stage, sources: Sources) -> None:
    """Add all stacks of ``stage`` to ``app``: state, core, one per context, and the API over them."""
    state = StateStack(app, stage, sources)
    core = CoreStack(app, stage, state)
    contexts = [made(app, stage, state) for made in _context_stacks(stage)]
    routes = [route for stack in (core, *contexts) for route in stack.routes]
    if routes:
        api = ApiStack(app, stage, state, core.authorizer_name, routes)
        for stack in (core, *contexts):
            api.add_stack_dependency(stack)
    Tags.of(app).add("project", "enghub")
    Tags.of(app).add("stage", stage.name)


def _context_stacks(stage: Stage) -> Iterator[Callable[[App, Stage, StateStack], ContextStack]]:
    for context in stage.contexts:
        name = f"infra.stacks.{context}"
        if importlib.util.find_spec(name):
            yield getattr(importlib.import_module(name), f"{context.capitalize()}Stack")


def context_from_file() -> dict[str, Any]:
    """Return the CDK feature flags of ``cdk.json``, for a synthesis without the ``cdk`` command."""
    read: dict[str, Any] = json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))["context"]
    return read


def main() -> None:
    """Synthesise the stage named by the CDK context (``local`` if none) into the cloud assembly."""
    app = App(context=context_from_file())
    stage = stage_named(app.node.try_get_context("stage") or os.environ.get("ENGHUB_STAGE") or "local")
    account, region = app.node.try_get_context("account"), app.node.try_get_context("region")
    build(app, replace(stage, account=account or stage.account, region=region or stage.region), Sources())
    if stage.name != "local":
        add_checks(app)
    app.synth()


if __name__ == "__main__":
    main()
