"""Burn rates, objectives and counts on the wire (OPS-18)."""

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Self

from aws_lambda_powertools.event_handler.openapi.params import Path
from pydantic import AfterValidator, Field, model_validator

from enghub.core import wire
from enghub.core.commits import Kept
from enghub.core.i18n import Text
from enghub.core.setup.api import Name, Version
from enghub.golive.forms import BASE
from enghub.golive.slo.model import RATES, Answer, Counts, Verdict, judge, rate_of
from enghub.golive.slo.objectives import BUCKET, Bucket, Objective, ObjectiveKind, Standing

OBJECTIVES = f"{BASE}/slo/objectives"
ObjectiveId = Annotated[Name, Path()]
LONG_MINUTES = tuple(int(rate.long.total_seconds() // 60) for rate in RATES)
_MORE_BAD = Text("there are more bad events than events", "失败事件数不能大于事件总数")
_WINDOW = Text("a long window has 60, 360, 1440 or 4320 minutes", "长窗口须为 60、360、1440 或 4320 分钟")
_QUERIES = Text("give url, total and bad together, or none where counts are reported", "url、total、bad 须同填或都不填")
_LIMIT = Text("a latency objective says its milliseconds, others none", "延迟目标须填写 milliseconds，其他目标不得填写")
_START = Text("counts are of five minutes that begin at :00, :05, :10 and so on", "计数区间须从 5 分钟整点开始")


class CountsPart(wire.Request):
    """Events of one window."""

    bad: wire.Count
    total: wire.Count

    @model_validator(mode="after")
    def _bad_is_part_of_total(self) -> Self:
        if self.bad > self.total:
            raise wire.Unfit(_MORE_BAD, field="bad")
        return self


class WindowPart(wire.Request):
    """A long window in minutes, with what was counted in it and in the short one that belongs to it."""

    long_minutes: wire.Count
    short: CountsPart
    long: CountsPart

    @model_validator(mode="after")
    def _is_one_of_the_table(self) -> Self:
        if self.long_minutes not in LONG_MINUTES:
            raise wire.Unfit(_WINDOW, field="longMinutes")
        return self


class JudgeBurnRequest(wire.Request):
    """An objective in percent, and what was counted."""

    objective: Annotated[wire.Measure, Field(gt=0, lt=100)]
    windows: Annotated[tuple[WindowPart, ...], Field(min_length=1, max_length=4)]
    least_events: Annotated[wire.Count, Field(ge=1)] = 100
    age_minutes: Annotated[wire.Count, Field(ge=1)] | None = None
    """How old the service is."""

    def verdicts(self) -> list[tuple[int, Verdict]]:
        """Return what each pair of windows says, by its long window.

        Raises:
            NeverFires
        """
        age = None if self.age_minutes is None else timedelta(minutes=self.age_minutes)
        found = []
        for one in self.windows:
            counts = (Counts(one.short.bad, one.short.total), Counts(one.long.bad, one.long.total))
            rate = rate_of(timedelta(minutes=one.long_minutes))
            found.append((one.long_minutes, judge(self.objective, rate, counts, self.least_events, age)))
        return found


class BurnResponse(wire.Response):
    """What one pair of windows says; at this pace a full budget of 30 days lasts ``budgetLastsHours``."""

    long_minutes: int
    answer: Answer
    short_burn: wire.Ratio | None
    long_burn: wire.Ratio | None
    budget_lasts_hours: wire.Ratio | None
    is_partial: bool

    @classmethod
    def of(cls, long_minutes: int, verdict: Verdict) -> "BurnResponse":
        """Return the answer for a pair of windows."""
        lasts = verdict.budget_lasts
        return cls(
            long_minutes=long_minutes,
            answer=verdict.answer,
            short_burn=_shown(verdict.short_burn),
            long_burn=_shown(verdict.long_burn),
            budget_lasts_hours=None if lasts is None else Decimal(int(lasts / timedelta(hours=0.1))) / 10,
            is_partial=verdict.is_partial,
        )


class BurnsResponse(wire.Response):
    """What every pair of windows says."""

    items: tuple[BurnResponse, ...]


class PutObjectiveRequest(wire.Request):
    """What a service promises over 30 days; ``total`` and ``bad`` are queries of Prometheus over ``$window``."""

    service_id: Name
    name: wire.ShortText
    kind: ObjectiveKind
    target: Annotated[wire.Measure, Field(gt=0, lt=100)]
    since: wire.Instant
    url: Annotated[str, Field(max_length=2000), AfterValidator(wire.printable)] = ""
    total: Annotated[str, Field(max_length=2000)] = ""
    bad: Annotated[str, Field(max_length=2000)] = ""
    milliseconds: Annotated[wire.Count, Field(ge=1, le=600_000)] | None = None
    least_events: Annotated[wire.Count, Field(ge=1)] = 100
    version: Version | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if len({bool(self.url), bool(self.total), bool(self.bad)}) > 1:
            raise wire.Unfit(_QUERIES, field="total" if self.url else "url")
        if (self.kind is ObjectiveKind.LATENCY) != (self.milliseconds is not None):
            raise wire.Unfit(_LIMIT, field="milliseconds")
        return self

    def to_objective(self, tenant_id: str, objective_id: str) -> Objective:
        """Return the objective."""
        return Objective(
            tenant_id=tenant_id,
            objective_id=objective_id,
            service_id=self.service_id,
            name=self.name,
            kind=self.kind,
            target=self.target,
            since=self.since,
            url=self.url,
            total=self.total,
            bad=self.bad,
            milliseconds=self.milliseconds or 0,
            least_events=self.least_events,
        )


class ReportCountsRequest(CountsPart):
    """What was counted in the five minutes from ``start`` on; another count of the same takes its place."""

    start: wire.Instant

    @model_validator(mode="after")
    def _begins_on_the_grid(self) -> Self:
        if self.start.timestamp() % BUCKET.total_seconds():
            raise wire.Unfit(_START, field="start")
        return self

    def to_bucket(self) -> Bucket:
        """Return the count."""
        return Bucket(self.start, self.bad, self.total)


class ObjectiveResponse(wire.Response):
    """An objective."""

    objective_id: str
    service_id: str
    name: str
    kind: ObjectiveKind
    target: wire.Measure
    since: wire.Instant
    url: str | None
    total: str | None
    bad: str | None
    milliseconds: int | None
    least_events: int
    version: int

    @classmethod
    def of(cls, kept: Kept[Objective]) -> "ObjectiveResponse":
        """Return the answer for an objective."""
        one = kept.value
        return cls(
            objective_id=one.objective_id,
            service_id=one.service_id,
            name=one.name,
            kind=one.kind,
            target=one.target,
            since=one.since,
            url=one.url or None,
            total=one.total or None,
            bad=one.bad or None,
            milliseconds=one.milliseconds or None,
            least_events=one.least_events,
            version=kept.revision,
        )


class RateResponse(wire.Response):
    """One pair of windows: what it says, and how fast its short and its long one burn."""

    long_minutes: int
    answer: Answer
    burns: str
    fires: bool


class StandingResponse(wire.Response):
    """How an objective stood at its last look; ``budgetPercent`` is what is left of 30 days."""

    at: wire.Instant
    severity: Answer
    rates: tuple[RateResponse, ...]
    budget_percent: wire.Ratio | None
    gone_at: wire.Instant | None
    problem: str | None

    @classmethod
    def of(cls, one: Standing) -> "StandingResponse":
        """Return the answer for a standing."""
        rates = tuple(
            RateResponse(long_minutes=long, answer=answer, burns=one.burns.get(long, "-"), fires=long in one.fired)
            for long, answer in sorted(one.answers.items())
        )
        return cls(
            at=one.at,
            severity=one.severity,
            rates=rates,
            budget_percent=one.budget,
            gone_at=one.gone_at,
            problem=one.problem or None,
        )


class ObjectiveDetail(ObjectiveResponse):
    """An objective and how it stands; nothing before its first look."""

    standing: StandingResponse | None

    @classmethod
    def whole(cls, kept: Kept[Objective], found: Standing | None) -> "ObjectiveDetail":
        """Return the answer for an objective with its standing."""
        standing = None if found is None else StandingResponse.of(found)
        return cls(**dict(ObjectiveResponse.of(kept)), standing=standing)


class ObjectivesResponse(wire.Response):
    """A page of objectives; it may hold fewer, also none, while there is a cursor."""

    items: tuple[ObjectiveResponse, ...]
    cursor: str | None


class CountResponse(wire.Response):
    """What was reported."""

    start: wire.Instant
    bad: int
    total: int


def _shown(burn: Fraction | None) -> Decimal | None:
    return None if burn is None else Decimal(int(burn * 100)) / 100
