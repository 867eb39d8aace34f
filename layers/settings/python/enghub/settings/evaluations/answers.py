"""Explanations, impact, statistics and stale flags on the wire (CFG-09, CFG-29, CFG-30)."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from enghub.core import wire
from enghub.settings.evaluations.service import Explained, Impact, Stale
from enghub.settings.flags.model import FlagLayer
from enghub.settings.flags.requests import UpdateFlagRequest
from enghub.settings.usage.model import Day
from enghub_flags.explaining import Step
from enghub_flags.reading import percent, plain

Context = Annotated[dict[str, Any], Field(max_length=200)]


class ExplainRequest(wire.Request):
    """For whom, and at which time; now when left out."""

    context: Context = {}  # noqa: RUF012 - pydantic copies it
    at: wire.Instant | None = None

    @property
    def plain(self) -> dict[str, Any]:
        """The context with numbers as the engine compares them."""
        found: dict[str, Any] = plain(self.context)
        return found


class ClauseResponse(wire.Response):
    """A condition with what it saw."""

    attribute: str
    operator: str
    values: list[Any]
    actual: Any
    holds: bool


class DrawResponse(wire.Response):
    """Where somebody lies in the draw: in when ``position`` is below ``limit``, both of ``scale``."""

    attribute: str
    unit: str
    position: float | None
    limit: float
    scale: int
    which: float | None


class StepResponse(wire.Response):
    """One stage of the evaluation."""

    stage: str
    name: str
    decides: bool
    clauses: list[ClauseResponse]
    draw: DrawResponse | None

    @classmethod
    def of(cls, step: Step) -> "StepResponse":
        """Return the answer for a step."""
        drawn = step.drawn
        return cls(
            stage=step.stage,
            name=step.name,
            decides=step.decides,
            clauses=[
                ClauseResponse(
                    attribute=one.clause.attribute,
                    operator=one.clause.operator,
                    values=list(one.clause.values),
                    actual=one.actual,
                    holds=one.holds,
                )
                for one in step.clauses
            ],
            draw=None
            if drawn is None
            else DrawResponse(
                attribute=drawn.attribute,
                unit=drawn.unit,
                position=drawn.position,
                limit=drawn.limit,
                scale=drawn.scale,
                which=drawn.which,
            ),
        )


class ExplainResponse(wire.Response):
    """Why the flag answers what it does: the version that counts and its author, then step by step."""

    flag_key: str
    value: Any
    variant: str
    reason: str
    rule: str
    layer: FlagLayer
    version: int
    changed_by: str
    changed_at: wire.Instant | None
    change_request_id: str
    approved_by: list[str]
    at: wire.Instant | None
    steps: list[StepResponse]

    @classmethod
    def of(cls, found: Explained) -> "ExplainResponse":
        """Return the answer for an explanation."""
        result, flag = found.explanation.result, found.flag
        return cls(
            flag_key=flag.flag_key,
            value=result.value,
            variant=result.variant,
            reason=result.reason.value,
            rule=result.rule,
            layer=flag.at.layer,
            version=flag.version,
            changed_by=flag.updated_by,
            changed_at=flag.updated_at,
            change_request_id=flag.change_request,
            approved_by=list(flag.approved_by),
            at=found.at,
            steps=list(map(StepResponse.of, found.explanation.steps)),
        )


class ImpactRequest(UpdateFlagRequest):
    """The change that is thought of, and for whom; who was seen lately when no contexts are given."""

    contexts: Annotated[tuple[Context, ...], Field(max_length=500)] = ()


class MoveResponse(wire.Response):
    """How many go from one variant to another."""

    variant: str
    to_variant: str
    subjects: int


class ExampleResponse(wire.Response):
    """One of the caller's tenant who would see another value."""

    context: dict[str, Any]
    variant: str
    to_variant: str


class ImpactResponse(wire.Response):
    """Whom the change would hit, of ``subjects`` looked at."""

    subjects: int
    tenants: int
    changed_subjects: int
    changed_tenants: int
    percentage_before: float | None
    percentage_after: float | None
    moves: list[MoveResponse]
    examples: list[ExampleResponse]
    dependants: list[str]
    is_sample: bool
    """Whether the subjects are those seen in the last seven days, at most 200, rather than those given."""

    @classmethod
    def of(cls, found: Impact, shares: tuple[int, int], *, is_sample: bool) -> "ImpactResponse":
        """Return the answer for an impact."""
        moves = [MoveResponse(variant=old, to_variant=new, subjects=n) for (old, new), n in sorted(found.moves.items())]
        return cls(
            subjects=found.looked_at,
            tenants=found.tenants,
            changed_subjects=found.changed,
            changed_tenants=found.changed_tenants,
            percentage_before=percent(shares[0]),
            percentage_after=percent(shares[1]),
            moves=moves,
            examples=[ExampleResponse(context=dict(c), variant=old, to_variant=new) for c, old, new in found.examples],
            dependants=list(found.dependants),
            is_sample=is_sample,
        )


class DayResponse(wire.Response):
    """What a flag answered on a day (UTC)."""

    day: wire.Day
    variants: Mapping[str, int]
    total: int


class StatisticsResponse(wire.Response):
    """How often a flag was asked for, by day and variant."""

    flag_key: str
    total: int
    variants: dict[str, int]
    days: list[DayResponse]

    @classmethod
    def of(cls, flag_key: str, days: list[Day]) -> "StatisticsResponse":
        """Return the answer for some days."""
        sums: dict[str, int] = {}
        for day in days:
            for name, number in day.counts.items():
                sums[name] = sums.get(name, 0) + number
        shown = [DayResponse(day=one.day, variants=one.counts, total=sum(one.counts.values())) for one in days]
        return cls(flag_key=flag_key, total=sum(sums.values()), variants=sums, days=shown)


class StaleResponse(wire.Response):
    """A flag that may go: NOT_EVALUATED, DISABLED or SAME_FOR_ALL for as long as was asked."""

    flag_key: str
    flag_name: str
    layer: FlagLayer
    owner_id: str
    reasons: list[str]
    last_evaluated: wire.Day | None
    updated_at: wire.Instant | None

    @classmethod
    def of(cls, found: Stale) -> "StaleResponse":
        """Return the answer for a flag."""
        flag = found.flag
        return cls(
            flag_key=flag.flag_key,
            flag_name=flag.flag_name,
            layer=flag.at.layer,
            owner_id=flag.owner_id,
            reasons=list(found.reasons),
            last_evaluated=found.last_day,
            updated_at=flag.updated_at,
        )


class StaleFlagsResponse(wire.Response):
    """The flags that may go."""

    items: list[StaleResponse]
