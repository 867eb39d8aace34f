"""Plans on the wire (UPG-04)."""

from dataclasses import dataclass

from enghub.core import wire
from enghub.core.i18n import Language
from enghub.upgrade.drift.model import Drift
from enghub.upgrade.drift.shown import DriftResponse
from enghub.upgrade.planning.forecast import Forecast, StepForecast
from enghub.upgrade.planning.needs import Verdict
from enghub.upgrade.planning.plan import LastRehearsal, PlannedStep
from enghub.upgrade.planning.script_modes import ScriptMode
from enghub.upgrade.planning.service import Planned, Risk
from enghub.upgrade.planning.undo import AFTER_SUCCESS


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


class LockResponse(wire.Response):
    """A statement that keeps a table locked for as long as it is big."""

    script: str
    statement: str
    line: int
    instead: str
    """Why it locks, and the way that does not."""


class BoundResponse(wire.Response):
    """Statements that run on one connection without a stop in between."""

    first_line: int
    last_line: int
    reason: str


class ScriptModeResponse(wire.Response):
    """How a script will run."""

    script: str
    transaction: str
    """`script`: as one transaction; `statement`: part by part, each committed by itself."""
    bound: tuple[BoundResponse, ...]
    refused: tuple[BoundResponse, ...]
    """Statements that would be refused before anything runs."""


class ElsewhereResponse(wire.Response):
    """What a step took at other sites: the middle of them, the fastest and the slowest, without waiting."""

    sites: int
    seconds: float
    fastest_seconds: float
    slowest_seconds: float

    @classmethod
    def of(cls, found: StepForecast | None) -> "ElsewhereResponse | None":
        """Return the answer for a step."""
        if found is None:
            return None
        return cls(
            sites=found.sites, seconds=found.middle, fastest_seconds=found.fastest, slowest_seconds=found.slowest
        )


class ForecastResponse(wire.Response):
    """What the whole will take, from other sites; a step that ran nowhere yet counts with its estimate."""

    sites: int
    seconds: float
    fastest_seconds: float
    slowest_seconds: float
    outage_seconds: float
    """While the business system stands."""
    unknown_steps: tuple[str, ...]

    @classmethod
    def of(cls, found: Forecast | None) -> "ForecastResponse | None":
        """Return the answer for a forecast."""
        if found is None:
            return None
        return cls(
            sites=found.sites,
            seconds=found.middle,
            fastest_seconds=found.fastest,
            slowest_seconds=found.slowest,
            outage_seconds=found.outage,
            unknown_steps=found.unknown,
        )


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
    long_locks: tuple[LockResponse, ...]
    script_modes: tuple[ScriptModeResponse, ...]
    rehearsed_up_seconds: float | None
    """In the last rehearsal; null when it did not run there."""
    rehearsed_down_seconds: float | None
    elsewhere: ElsewhereResponse | None
    """What it took at other sites; null when it ran at none."""


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


class VariableResponse(wire.Response):
    """What stands for a variable of a version's manifest."""

    version: str
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class SeenSite:
    """What a plan says of its site besides the steps."""

    drift: Drift
    forecast: Forecast | None


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
    """As the manifests and the steps' classes say."""
    forecast: ForecastResponse | None
    """Null: no other site with the same kind of database ran any of the steps."""
    point_of_no_return: str | None
    """The first step that cannot be undone."""
    after_success: str
    """Whether and how an upgrade that succeeded is undone."""
    variables: tuple[VariableResponse, ...]
    required_resources: tuple[RequiredResourceResponse, ...]
    """What is not stated has to be checked by hand; with less than enough, execute refuses."""
    required_components: tuple[RequiredComponentResponse, ...]
    rehearsal: LastRehearsalResponse | None
    """Null: this upgrade of the site was never rehearsed."""
    drift: DriftResponse
    """How the site differs from what the last upgrade here left; execute refuses what nobody accepts."""

    @classmethod
    def of(
        cls, planned: Planned, risks: tuple[Risk, ...], last: LastRehearsal | None, site: SeenSite, language: Language
    ) -> "PlanResponse":
        """Return the answer for a plan, with the last rehearsal of it, its site's drift and what it took elsewhere."""
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
            steps=tuple(_planned(step, risk, last, site.forecast, language) for step, risk in pairs),
            skipped_steps=tuple(step.key for step in plan.skipped),
            estimated_seconds=plan.estimate_seconds,
            forecast=ForecastResponse.of(site.forecast),
            point_of_no_return=next((step.key for step, risk in pairs if not risk.reversible), None),
            after_success=AFTER_SUCCESS.render(language),
            variables=tuple(
                VariableResponse(version=version, name=name, value=value)
                for version, values in planned.variables.items()
                for name, value in values.items()
            ),
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
            drift=DriftResponse.of(site.drift, language),
        )


def _mode(mode: ScriptMode, language: Language) -> ScriptModeResponse:
    return ScriptModeResponse(
        script=mode.script,
        transaction=mode.transaction,
        bound=tuple(
            BoundResponse(first_line=first, last_line=last, reason=why.render(language))
            for first, last, why in mode.bound
        ),
        refused=tuple(
            BoundResponse(first_line=line, last_line=line, reason=why.render(language)) for line, why in mode.refused
        ),
    )


def _planned(
    step: PlannedStep, risk: Risk, last: LastRehearsal | None, forecast: Forecast | None, language: Language
) -> PlannedStepResponse:
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
        long_locks=tuple(
            LockResponse(
                script=one.script, statement=one.statement, line=one.line, instead=one.instead.render(language)
            )
            for one in risk.locks
        ),
        script_modes=tuple(_mode(mode, language) for mode in risk.transactions),
        rehearsed_up_seconds=up,
        rehearsed_down_seconds=down,
        elsewhere=ElsewhereResponse.of(None if forecast is None else forecast.steps.get(step.key)),
    )
