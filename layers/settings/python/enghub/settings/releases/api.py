"""Gray releases on the wire (REQ-008 8.2.4, CFG-10)."""

from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field

from enghub.core import ids, wire
from enghub.core.i18n import Text
from enghub.kit.metrics.model import Verdict
from enghub.settings.flags.model import Environment, FlagLayer, FlagSet
from enghub.settings.flags.requests import Percentage, Reason, Subject, Version
from enghub.settings.releases.errors import ReleaseRefused
from enghub.settings.releases.metrics import MetricsConfig, Source
from enghub.settings.releases.model import (
    MAX_SUBJECTS,
    Condition,
    Entry,
    GrayRelease,
    Group,
    Plan,
    Status,
    Strategy,
    Why,
)
from enghub.settings.releases.repository import EntryPage, ReleasePage
from enghub.settings.releases.service import Report
from enghub_flags.model import WHOLE
from enghub_flags.reading import DefinitionRefused, percent, thousandths

BASE = "/api/v1/gray-release"
Seconds = Annotated[wire.Count, Field(ge=60, le=7 * 86_400)]
MetricName = Annotated[str, Field(min_length=1, max_length=1000)]
CONVENTION = "EngHub/Releases"
"""The namespace that is read where a release rolls back by itself and says nothing of metrics."""
NEEDS_SUBJECTS = Text("a list strategy needs subjects, others none", "名单策略需要 subjects，其他策略不得填写")
NEEDS_PLACE = Text("CLOUDWATCH needs a namespace, PROMETHEUS a url", "CLOUDWATCH 需要 namespace，PROMETHEUS 需要 url")
NOT_BEFORE = Text("let it end after it starts", "结束时间须晚于开始时间")


class StrategyConfig(wire.Request):
    """How it grows: to ``targetPercentage`` by ``incrementStep`` every ``incrementInterval`` seconds."""

    target_percentage: Percentage = Decimal(100)
    increment_step: Percentage = Decimal(10)
    increment_interval: Seconds = 3600
    analysis_interval: Annotated[wire.Count, Field(ge=10, le=3600)] | None = None
    """Seconds between two looks at the metrics; the increment's interval, a minute at most, when left out."""
    subjects: Annotated[tuple[Subject, ...], Field(max_length=MAX_SUBJECTS)] = ()
    """Users or tenants, in the order in which they come in."""

    def plan(self) -> Plan:
        """Return the plan."""
        return _plan(self.target_percentage, self.increment_step, self.increment_interval, self.analysis_interval)


class RollbackCondition(wire.Request):
    """When it goes back: a share of errors, or milliseconds on average."""

    error_rate: Annotated[Decimal, Field(ge=0, le=1, allow_inf_nan=False)] | None = None
    response_time: Annotated[Decimal, Field(gt=0, le=600_000, allow_inf_nan=False)] | None = None
    minimum_requests: Annotated[wire.Count, Field(ge=1, le=1_000_000)] = 50

    def condition(self) -> Condition:
        """Return the condition."""
        rate, time = self.error_rate, self.response_time
        return Condition(
            None if rate is None else float(rate), None if time is None else float(time), self.minimum_requests
        )


class MetricsPart(wire.Request):
    """What is measured and where."""

    source: Source
    requests: MetricName
    errors: MetricName
    response_time: Annotated[str, Field(max_length=1000)] = ""
    namespace: Annotated[str, Field(max_length=255)] = ""
    dimensions: Annotated[
        dict[Annotated[str, Field(max_length=255)], Annotated[str, Field(max_length=255)]], Field(max_length=20)
    ] = {}  # noqa: RUF012 - pydantic copies it
    variant_dimension: Annotated[str, Field(min_length=1, max_length=255)] = "Variant"
    url: Annotated[str, Field(max_length=500)] = ""

    def config(self) -> str:
        """Return it as it is kept.

        Raises:
            ReleaseRefused: the place of the metrics is missing.
        """
        if not (self.namespace if self.source is Source.CLOUDWATCH else self.url):
            raise ReleaseRefused(field="metricsConfig", problem=NEEDS_PLACE)
        return MetricsConfig(
            self.source,
            self.requests,
            self.errors,
            self.response_time,
            self.namespace,
            self.dimensions,
            self.variant_dimension,
            self.url,
        ).to_text()


class CreateReleaseRequest(wire.Request):
    """A release, kept as DRAFT until it is started."""

    release_name: Annotated[str, Field(min_length=1, max_length=100)]
    feature_key: Annotated[str, Field(min_length=1, max_length=100)]
    strategy_type: Strategy
    strategy_config: StrategyConfig = StrategyConfig()
    auto_rollback: wire.Flag = False
    rollback_condition: RollbackCondition | None = None
    metrics_config: MetricsPart | None = None
    environment: Environment = Environment.PROD
    start_time: wire.Instant | None = None
    end_time: wire.Instant | None = None

    def release(self, at: FlagSet) -> GrayRelease:
        """Return the release that is meant.

        Raises:
            ReleaseRefused: fields contradict each other.
        """
        config = self.strategy_config
        if bool(config.subjects) == (self.strategy_type is Strategy.PERCENTAGE):
            raise ReleaseRefused(field="strategyConfig.subjects", problem=NEEDS_SUBJECTS)
        if self.start_time and self.end_time and self.end_time <= self.start_time:
            raise ReleaseRefused(field="endTime", problem=NOT_BEFORE)
        condition = (self.rollback_condition or RollbackCondition()).condition()
        return GrayRelease(
            at=at,
            release_id=ids.new_id(),
            release_name=self.release_name,
            feature_key=self.feature_key,
            strategy=self.strategy_type,
            plan=config.plan(),
            condition=condition,
            metrics=self._metrics(),
            subjects=config.subjects,
            auto_rollback=self.auto_rollback,
            start_time=self.start_time,
            end_time=self.end_time,
        )

    def _metrics(self) -> str:
        """Return what is measured: with automatic rollback and nothing said, what applications report by convention."""
        if self.metrics_config is not None:
            return self.metrics_config.config()
        if not self.auto_rollback:
            return ""
        dimensions = {"FeatureKey": self.feature_key, "Environment": self.environment.value}
        names = ("Requests", "Errors", "ResponseTime")
        return MetricsConfig(Source.CLOUDWATCH, *names, namespace=CONVENTION, dimensions=dimensions).to_text()


class StrategyRequest(wire.Patch):
    """A changed plan; what is left out stays (REQ-008 8.2.4)."""

    target_percentage: Percentage | None = None
    increment_step: Percentage | None = None
    increment_interval: Seconds | None = None
    version: Version | None = None
    change_reason: Reason = ""
    break_glass: wire.Flag = False

    def plan(self, before: Plan) -> Plan:
        """Return the plan that becomes of one."""
        target, step = self.target_percentage, self.increment_step
        return _plan(
            Decimal(before.target) / 1000 if target is None else target,
            Decimal(before.step) / 1000 if step is None else step,
            self.increment_interval or before.interval,
            before.look if self.increment_interval is None else None,
        )


class ActionRequest(wire.Request):
    """What was read before; any version when left out. What opens the flag further may need an approval."""

    version: Version | None = None
    change_reason: Reason = ""
    break_glass: wire.Flag = False


class ReleaseResponse(wire.Response):
    """A release."""

    release_id: str
    release_name: str
    feature_key: str
    environment: Environment
    layer: FlagLayer
    strategy_type: Strategy
    strategy_config: dict[str, Any]
    status: Status
    current_percentage: float
    start_percentage: float
    auto_rollback: bool
    rollback_condition: dict[str, Any]
    metrics_config: dict[str, Any] | None
    start_time: wire.Instant | None
    end_time: wire.Instant | None
    begun_at: wire.Instant | None
    ended_at: wire.Instant | None
    next_at: wire.Instant | None
    verdict: Verdict | None
    why: Why
    created_by: str
    created_at: wire.Instant | None
    version: int
    change_request_id: str
    """The request by which it was let go, or go on as it does; empty where nobody had to agree."""
    approved_by: list[str]

    @classmethod
    def of(cls, found: GrayRelease) -> "ReleaseResponse":
        """Return the answer for a release."""
        plan, condition = found.plan, found.condition
        metrics = None if not found.metrics else MetricsConfig.from_text(found.metrics)
        return cls(
            release_id=found.release_id,
            release_name=found.release_name,
            feature_key=found.feature_key,
            environment=found.at.environment,
            layer=found.at.layer,
            strategy_type=found.strategy,
            strategy_config={
                "targetPercentage": percent(plan.target),
                "incrementStep": percent(plan.step),
                "incrementInterval": plan.interval,
                "analysisInterval": plan.look,
                "subjects": list(found.subjects),
            },
            status=found.status,
            current_percentage=percent(found.current),
            start_percentage=percent(found.start),
            auto_rollback=found.auto_rollback,
            rollback_condition={
                "errorRate": condition.error_rate,
                "responseTime": condition.response_time,
                "minimumRequests": condition.minimum_requests,
            },
            metrics_config=None if metrics is None else {"source": metrics.source.value, "requests": metrics.requests},
            start_time=found.start_time,
            end_time=found.end_time,
            begun_at=found.begun_at,
            ended_at=found.ended_at,
            next_at=found.next_at,
            verdict=found.verdict,
            why=found.why,
            created_by=found.created_by,
            created_at=found.created_at,
            version=found.version,
            change_request_id=found.change_request,
            approved_by=list(found.approved_by),
        )


class ReleasesResponse(wire.Response):
    """A page of releases, the newest first."""

    items: list[ReleaseResponse]
    cursor: str | None

    @classmethod
    def of(cls, page: ReleasePage) -> "ReleasesResponse":
        """Return the answer for a page."""
        return cls(items=list(map(ReleaseResponse.of, page.items)), cursor=page.cursor)


class GroupResponse(wire.Response):
    """What was measured of one group, with its size."""

    requests: int
    errors: int
    error_rate: float | None
    response_time: float | None

    @classmethod
    def of(cls, group: Group) -> "GroupResponse":
        """Return the answer for a group."""
        return cls(
            requests=group.requests, errors=group.errors, error_rate=group.error_rate, response_time=group.response_time
        )


class EntryResponse(wire.Response):
    """One line of the journal."""

    at: wire.Instant
    step: str
    verdict: Verdict | None
    why: Why
    actual_percentage: float
    planned_percentage: float
    treatment: GroupResponse
    control: GroupResponse
    problem: str
    by: str

    @classmethod
    def of(cls, line: Entry) -> "EntryResponse":
        """Return the answer for a line."""
        return cls(
            at=line.at,
            step=line.step,
            verdict=line.verdict,
            why=line.why,
            actual_percentage=percent(line.share),
            planned_percentage=percent(line.planned),
            treatment=GroupResponse.of(line.measured.treatment),
            control=GroupResponse.of(line.measured.control),
            problem=line.measured.failure,
            by=line.by,
        )


class ReportResponse(wire.Response):
    """A release live: plan against actual, the groups compared, its journal from the newest line on."""

    release: ReleaseResponse
    actual_percentage: float
    planned_percentage: float
    treatment: GroupResponse
    control: GroupResponse
    error_rate_difference: float | None
    p_value: float | None
    comparison: str
    """NOT_ENOUGH_DATA, NO_DIFFERENCE, BETTER or WORSE."""
    problem: str
    journal: list[EntryResponse]
    cursor: str | None

    @classmethod
    def of(cls, report: Report, page: EntryPage) -> "ReportResponse":
        """Return the answer for a report."""
        compared = report.comparison
        return cls(
            release=ReleaseResponse.of(report.release),
            actual_percentage=percent(report.release.current),
            planned_percentage=percent(report.planned),
            treatment=GroupResponse.of(compared.treatment),
            control=GroupResponse.of(compared.control),
            error_rate_difference=compared.difference,
            p_value=compared.p_value,
            comparison=compared.verdict,
            problem=report.problem,
            journal=list(map(EntryResponse.of, page.items)),
            cursor=page.cursor,
        )


def _plan(target: Decimal, step: Decimal, interval: int, look: int | None) -> Plan:
    try:
        share, by = thousandths(target, "targetPercentage"), thousandths(step, "incrementStep")
    except DefinitionRefused as error:
        raise ReleaseRefused(field=error.field, problem=Text(*error.problem)) from error
    return Plan(min(share, WHOLE), max(by, 1), interval, look or min(60, interval))
