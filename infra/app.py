"""The CDK app: one stage as sibling stacks. ``python -m infra.app``, or by ``cdk`` with ``-c stage=prod``."""

import importlib
import importlib.util
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from aws_cdk import App, Tags

from infra.constructs.context_stack import ContextStack
from infra.document import Route, published
from infra.rules import add_checks
from infra.sources import ROOT, Sources
from infra.stacks.account import AccountStack
from infra.stacks.core import CoreStack
from infra.stacks.edge import EdgeStack
from infra.stacks.state import StateStack
from infra.stage import Stage, stage_named


def build(app: App, stage: Stage, sources: Sources, routes: Sequence[Route] = ()) -> None:
    """Add all stacks of ``stage`` to ``app``: account, state, core, one per context, and the edge before their APIs.

    ``routes`` are those of the published document, if none are given.

    Raises:
        SystemExit: a stage that keeps its data alarms nobody.
    """
    if stage.retain and not stage.alarm_emails:
        message = f"Stage {stage.name} alarms nobody: name alarm_emails in infra/stage.py, or set ENGHUB_ALARM_EMAILS"
        raise SystemExit(message)
    account = AccountStack(app, stage)
    state = StateStack(app, stage, sources)
    core = CoreStack(app, stage, state)
    contexts = [core, *(made(app, stage, state) for made in _context_stacks(stage))]
    for stack in contexts:
        stack.finish(routes or published(), core.authorizer_arn)
        stack.add_stack_dependency(account)
    for stack in contexts[1:]:
        stack.add_stack_dependency(core)
    edge = EdgeStack(app, stage, {stack.context: stack.api for stack in contexts if stack.api})
    for part in (state, *contexts, edge):
        Tags.of(part).add("stage", stage.name)
    Tags.of(app).add("project", "enghub")


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
    emails = tuple(os.environ.get("ENGHUB_ALARM_EMAILS", "").split()) or stage.alarm_emails
    given = replace(stage, account=account or stage.account, region=region or stage.region, alarm_emails=emails)
    build(app, given, Sources())
    if stage.name != "local":
        add_checks(app)
    app.synth()


if __name__ == "__main__":
    main()
