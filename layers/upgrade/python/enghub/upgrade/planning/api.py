"""Plans on the wire (UPG-04)."""

from enghub.core import wire
from enghub.core.i18n import Language
from enghub.upgrade.planning.needs import Verdict
from enghub.upgrade.planning.plan import LastRehearsal, PlannedStep
from enghub.upgrade.planning.service import Planned, Risk


class VerdictResponse(wire.Response):
    """Why a version is in or out."""

    version: str
    included: bool
    reason: str


class DangerResponse(wire.Response):
    """A statement that destroys something."""

    script: str
    statement: str
    line: int
    danger: str


class PlannedStepResponse(wire.Response):
    """A step of the plan."""

    step: str
    name: str
    phase: str
    version: str
    revision: int
    class_name: str
    estimated_seconds: int
    requires_confirmation: bool
    reversible: bool
    undo: str
    """How the step is undone, or why it cannot be."""
    destructive_statements: tuple[DangerResponse, ...]
    unreadable_scripts: tuple[str, ...]
    rehearsed_up_seconds: float | None
    """In the last rehearsal; null when it did not run there."""
    rehearsed_down_seconds: float | None


class RequiredResourceResponse(wire.Response):
    """What a version of the plan needs at the site."""

    version: str
    name: str
    amount: str
    there: str | None
    """As the site's registration states it."""
    verdict: Verdict


class RequiredComponentResponse(wire.Response):
    """A component that a version of the plan wants to find at the site."""

    version: str
    name: str
    verdict: Verdict


class LastRehearsalResponse(wire.Response):
    """The last rehearsal of this upgrade that has ended."""

    rehearsal_id: str
    ended_at: wire.Instant | None
    succeeded: bool
    outdated: bool
    """It was made with other manifests than this plan."""
    row_limit: int

    @classmethod
    def of(cls, last: LastRehearsal) -> "LastRehearsalResponse":
        """Return the answer for a rehearsal."""
        return cls(
            rehearsal_id=last.rehearsal_id,
            ended_at=last.ended_at,
            succeeded=last.succeeded,
            outdated=last.outdated,
            row_limit=last.row_limit,
        )


class PlanResponse(wire.Response):
    """What an upgrade would do."""

    site_id: str
    source_version: str
    target_version: str
    versions: tuple[str, ...]
    verdicts: tuple[VerdictResponse, ...]
    steps: tuple[PlannedStepResponse, ...]
    skipped_steps: tuple[str, ...]
    estimated_seconds: int
    point_of_no_return: str | None
    """The first step that cannot be undone."""
    required_resources: tuple[RequiredResourceResponse, ...]
    """What is not stated has to be checked by hand; with less than enough, execute refuses."""
    required_components: tuple[RequiredComponentResponse, ...]
    rehearsal: LastRehearsalResponse | None
    """Null: this upgrade of the site was never rehearsed."""

    @classmethod
    def of(
        cls, planned: Planned, risks: tuple[Risk, ...], last: LastRehearsal | None, language: Language
    ) -> "PlanResponse":
        """Return the answer for a plan, with the last rehearsal of it."""
        plan, needs = planned.plan, planned.needs
        pairs = tuple(zip(plan.steps, risks, strict=True))
        return cls(
            site_id=plan.site_id,
            source_version=str(plan.path.source),
            target_version=str(plan.path.target),
            versions=tuple(map(str, plan.path.versions)),
            verdicts=tuple(
                VerdictResponse(version=str(v.version), included=v.included, reason=v.reason.render(language))
                for v in plan.path.verdicts
            ),
            steps=tuple(_planned(step, risk, last, language) for step, risk in pairs),
            skipped_steps=tuple(step.key for step in plan.skipped),
            estimated_seconds=plan.estimate_seconds,
            point_of_no_return=next((step.key for step, risk in pairs if not risk.reversible), None),
            required_resources=tuple(
                RequiredResourceResponse(
                    version=need.version, name=need.name, amount=need.amount, there=need.there, verdict=need.verdict
                )
                for need in needs.resources
            ),
            required_components=tuple(
                RequiredComponentResponse(version=need.version, name=need.name, verdict=need.verdict)
                for need in needs.components
            ),
            rehearsal=None if last is None else LastRehearsalResponse.of(last),
        )


def _planned(step: PlannedStep, risk: Risk, last: LastRehearsal | None, language: Language) -> PlannedStepResponse:
    definition = step.definition
    up, down = (None, None) if last is None else last.seconds.get(step.key, (None, None))
    return PlannedStepResponse(
        step=step.key,
        name=definition.name,
        phase=step.stage.value,
        version=step.version,
        revision=step.revision,
        class_name=definition.class_name,
        estimated_seconds=step.estimate_seconds,
        requires_confirmation=definition.requires_confirmation,
        reversible=risk.reversible,
        undo=risk.undo.render(language),
        destructive_statements=tuple(
            DangerResponse(script=f.script, statement=f.statement, line=f.line, danger=f.danger.value)
            for f in risk.dangers
        ),
        unreadable_scripts=risk.unreadable,
        rehearsed_up_seconds=up,
        rehearsed_down_seconds=down,
    )
