"""Runbooks and runs of them on the wire: what is asked (OPS-13)."""

from dataclasses import replace
from decimal import Decimal
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path
from pydantic import Field

from enghub.core import wire
from enghub.core.setup.api import Name, Version
from enghub.golive.forms import BASE, Id, Measured, Reason
from enghub.golive.probes.api import CriterionPart, MeasureName, ProbePart
from enghub.golive.probes.model import Criterion, Operator
from enghub.golive.runbooks.builtin import built_in
from enghub.golive.runbooks.errors import NothingBuiltIn, StepNotFound
from enghub.golive.runbooks.model import Action, Recovery, Runbook, Step, StepKind
from enghub.golive.smoke.api import ScenarioPart

RUNS = f"{BASE}/runbook-runs"
RunbookId = Annotated[Name, Path()]
RunId = Annotated[Id, Path()]
StepId = Annotated[Id, Path()]
Minutes = Annotated[wire.Count, Field(le=20_160)]
Said = Annotated[str, Field(max_length=1000)]
ONE_IN_A_THOUSAND = Decimal("0.1")
"""Of the source document: errors below 0.1 %."""


class ActionPart(wire.Request):
    """One thing to do, in both languages."""

    en: wire.ShortText
    zh: wire.ShortText

    def to_action(self) -> Action:
        """Return the action."""
        return Action(self.en, self.zh)


class AutomaticPart(wire.Request):
    """What the hub does in a step of a built-in runbook: HTTP calls, or a probe with what it has to read."""

    scenario: ScenarioPart | None = None
    probe: ProbePart | None = None
    criteria: Annotated[tuple[CriterionPart, ...], Field(max_length=5)] = ()
    command: Said = ""

    def on(self, step: Step) -> Step:
        """Return the step with what the hub does; without anything it stays a person's, with a command to type."""
        kind = StepKind.SCENARIO if self.scenario else StepKind.PROBE if self.probe else step.kind
        return replace(
            step,
            kind=kind,
            scenario=self.scenario.to_scenario() if self.scenario else None,
            probe=self.probe.to_probe() if self.probe else None,
            criteria=tuple(one.to_criterion() for one in self.criteria),
            command=self.command or step.command,
        )


class StepPart(wire.Request):
    """One step; ``minutes`` is its limit, none when left out."""

    step_id: Id
    en: wire.ShortText
    zh: wire.ShortText
    minutes: Minutes = 0
    kind: StepKind = StepKind.MANUAL
    actions: Annotated[tuple[ActionPart, ...], Field(max_length=20)] = ()
    command: Said = ""
    scenario: ScenarioPart | None = None
    probe: ProbePart | None = None
    criteria: Annotated[tuple[CriterionPart, ...], Field(max_length=5)] = ()

    def to_step(self) -> Step:
        """Return the step."""
        return Step(
            step_id=self.step_id,
            en=self.en,
            zh=self.zh,
            minutes=self.minutes,
            kind=self.kind,
            actions=tuple(one.to_action() for one in self.actions),
            command=self.command,
            scenario=self.scenario.to_scenario() if self.scenario else None,
            probe=self.probe.to_probe() if self.probe else None,
            criteria=tuple(one.to_criterion() for one in self.criteria),
        )


class RecoveryPart(wire.Request):
    """What proves recovery; ``errorRatePercent < 0.1`` when left out. The probe has to read ``measure``."""

    measure: MeasureName = "errorRatePercent"
    operator: Operator = Operator.LESS
    value: Measured | None = None
    probe: ProbePart | None = None

    def to_recovery(self, before: Recovery | None) -> Recovery:
        """Return what proves recovery; the built-in criterion where none is said."""
        probe = self.probe.to_probe() if self.probe else None
        if self.value is None and before is not None:
            return Recovery(before.criterion, probe)
        value = ONE_IN_A_THOUSAND if self.value is None else self.value
        return Recovery(Criterion(self.measure, self.operator, value), probe)


class PutRunbookRequest(wire.Request):
    """A runbook of one's own; without steps the built-in one of this name, with what the hub does in its steps."""

    en: wire.ShortText | None = None
    zh: wire.ShortText | None = None
    minutes: Annotated[wire.Count, Field(ge=1, le=20_160)] | None = None
    recovery: RecoveryPart = RecoveryPart()
    steps: Annotated[tuple[StepPart, ...], Field(max_length=50)] = ()
    automatic: Annotated[dict[Id, AutomaticPart], Field(max_length=50, default_factory=dict)]
    alert: Annotated[str, Field(max_length=200)] = ""
    symptoms: Annotated[tuple[ActionPart, ...], Field(max_length=20)] = ()
    version: Version | None = None

    def to_runbook(self, tenant_id: str, runbook_id: str) -> Runbook:
        """Return the runbook.

        Raises:
            NothingBuiltIn, StepNotFound
        """
        known = {one.runbook_id: one for one in built_in(tenant_id)}
        base = known.get(runbook_id)
        if base is None or self.steps:
            return self._own(tenant_id, runbook_id, ", ".join(known))
        for name in self.automatic:
            base.step(name)
        return replace(
            base,
            en=self.en or base.en,
            zh=self.zh or base.zh,
            minutes=self.minutes or base.minutes,
            recovery=self.recovery.to_recovery(base.recovery),
            steps=tuple(
                self.automatic[one.step_id].on(one) if one.step_id in self.automatic else one for one in base.steps
            ),
            alert=self.alert or base.alert,
        )

    def _own(self, tenant_id: str, runbook_id: str, known: str) -> Runbook:
        needed = {"en": self.en, "zh": self.zh, "minutes": self.minutes, "steps": self.steps}
        for name, value in needed.items():
            if not value:
                raise NothingBuiltIn(field=name, known=known)
        for name in self.automatic:
            raise StepNotFound(step_id=name)
        return Runbook(
            tenant_id=tenant_id,
            runbook_id=runbook_id,
            en=self.en or "",
            zh=self.zh or "",
            minutes=self.minutes or 0,
            recovery=self.recovery.to_recovery(None),
            steps=tuple(one.to_step() for one in self.steps),
            alert=self.alert,
            symptoms=tuple(one.to_action() for one in self.symptoms),
        )


class StartRunRequest(wire.Request):
    """Follow a runbook; its newest version when none is said, 0 is the built-in one."""

    runbook_id: Name
    version: wire.Count | None = None


class EndStepRequest(wire.Request):
    """What became of a step."""

    passed: wire.Flag
    result: Said = ""


class ReasonRequest(wire.Request):
    """Why."""

    reason: Reason


class RecoveredRequest(wire.Request):
    """It is over: measure it, by the runbook's probe or by this one."""

    probe: ProbePart | None = None
