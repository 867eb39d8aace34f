"""The CDK app: one stage as sibling stacks. ``python -m infra.app``, or by ``cdk`` with ``-c stage=prod``."""

import importlib
import importlib.util
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
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


@dataclass(frozen=True, slots=True)
class Stacks:
    """The stacks of a stage that have functions, and what they stand on."""

    account: AccountStack
    state: StateStack
    core: CoreStack
    contexts: tuple[ContextStack, ...]


def build(app: App, stage: Stage, sources: Sources) -> None:
    """Add all stacks of ``stage`` to ``app``, with the routes of the published document.

    Raises:
        SystemExit: a stage that keeps its data alarms nobody.
    """
    finish(app, stage, begin(app, stage, sources), published())


def begin(app: App, stage: Stage, sources: Sources) -> Stacks:
    """Add account, state, core and contexts with all their functions; no API and no shared alarm yet.

    Raises:
        SystemExit: a stage that keeps its data alarms nobody.
    """
    if stage.retain and not stage.alarm_emails:
        message = f"Stage {stage.name} alarms nobody: name alarm_emails in infra/stage.py, or set ENGHUB_ALARM_EMAILS"
        raise SystemExit(message)
    account = AccountStack(app, stage)
    state = StateStack(app, stage, sources)
    contexts = tuple(made(app, stage, state) for made in _context_stacks(stage))
    return Stacks(account, state, CoreStack(app, stage, state), contexts)


def finish(app: App, stage: Stage, stacks: Stacks, routes: Sequence[Route]) -> None:
    """Add what needs all functions: APIs with ``routes``, shared alarms, and the edge in front of the APIs."""
    with_functions = (stacks.core, *stacks.contexts)
    for stack in with_functions:
        stack.finish(routes, stacks.core.authorizer_arn)
        stack.add_stack_dependency(stacks.account)
    for stack in stacks.contexts:
        stack.add_stack_dependency(stacks.core)
    edge = EdgeStack(app, stage, {stack.context: stack.api for stack in with_functions if stack.api})
    for part in (stacks.state, *with_functions, edge):
        Tags.of(part).add("stage", stage.name)  # not of the account's stack, which is the same for all stages
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
