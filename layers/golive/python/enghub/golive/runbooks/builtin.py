"""The built-in runbooks of the source document, as runbooks of a tenant (OPS-13)."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from enghub.golive.content.model import content
from enghub.golive.probes.model import Criterion, Operator
from enghub.golive.runbooks.model import Action, Recovery, Runbook, Step, StepKind

BUILT_IN = 0
"""The version of what came with the product."""


def built_in(tenant_id: str) -> Iterator[Runbook]:
    """Yield the runbooks that come with the product, in the document's order."""
    for one in content("runbooks")["runbooks"]:
        wanted = one["recovered"]
        yield Runbook(
            tenant_id=tenant_id,
            runbook_id=one["id"],
            en=one["en"],
            zh=one["zh"],
            minutes=one["recoveryMinutes"],
            recovery=Recovery(Criterion(wanted["measure"], Operator(wanted["operator"]), Decimal(wanted["value"]))),
            steps=tuple(_step(number, step) for number, step in enumerate(one["steps"], 1)),
            alert=one["alert"],
            symptoms=tuple(_action(symptom) for symptom in one["symptoms"]),
            line=one["line"],
        )


def _step(number: int, said: dict[str, Any]) -> Step:
    return Step(
        step_id=f"step-{number}",
        en=said["en"],
        zh=said["zh"],
        minutes=said.get("minutes", 0),
        kind=StepKind(said.get("kind", "manual")),
        actions=tuple(map(_action, said["actions"])),
        line=said["line"],
    )


def _action(said: dict[str, Any]) -> Action:
    return Action(said["en"], said["zh"])
