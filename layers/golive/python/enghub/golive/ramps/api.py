"""Ramps on the wire: what is asked (OPS-08)."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path
from pydantic import AfterValidator, Field, model_validator
from pydantic.alias_generators import to_camel

from enghub.core import wire
from enghub.core.i18n import Text
from enghub.core.setup.api import Name
from enghub.golive.forms import BASE, Id, Measured, Reason
from enghub.golive.probes.model import Criterion, Operator
from enghub.golive.ramps.model import DOCUMENT, Ramp, Step
from enghub.golive.traffic.model import Adapter, Custom, Traffic, Watch

RAMPS = f"{BASE}/ramps"
RampId = Annotated[Id, Path()]
LACKS = Text("an adapter of kind {kind} needs {needs}", "{kind} 适配器需要 {needs}")
NEEDS: Mapping[Adapter, tuple[str, ...]] = {
    Adapter.LAMBDA_ALIAS: ("function", "alias", "old", "new", "secret"),
    Adapter.ROUTE53: ("zone_id", "record", "old", "new", "secret"),
    Adapter.WEBHOOK: ("url",),
}
SAME = Text("old and new are the same", "新旧版本不能相同")
RISE = Text("each step has more percent than the one before it", "每一档比例必须大于前一档")
BOTH = Text("give latency and latencyLimit together", "latency 与 latencyLimit 须同时填写")
TWICE = Text("give each measure a name of its own, not requests, errors or latency", "指标名称不得重复或占用保留名")

Url = Annotated[str, Field(max_length=2000), AfterValidator(wire.printable)]
Query = Annotated[str, Field(max_length=2000)]
Word = Annotated[str, Field(max_length=200), AfterValidator(wire.printable)]
Percent = Annotated[wire.Count, Field(ge=1, le=100)]


class TrafficPart(wire.Request):
    """What is between callers and the two versions."""

    adapter: Adapter
    secret: Annotated[str, Field(max_length=63, pattern=r"^[a-z0-9_-]*$")] = ""
    function: Word = ""
    alias: Word = ""
    old: Word = ""
    new: Word = ""
    zone_id: Word = ""
    record: Word = ""
    record_type: Annotated[str, Field(pattern=r"^(A|AAAA|CNAME)$")] = "A"
    url: Url = ""

    @model_validator(mode="after")
    def _whole(self) -> "TrafficPart":
        for name in NEEDS[self.adapter]:
            if not getattr(self, name):
                needs = ", ".join(to_camel(one) for one in NEEDS[self.adapter])
                raise wire.Unfit(LACKS, field=to_camel(name), kind=self.adapter.value, needs=needs)
        if self.old and self.old == self.new:
            raise wire.Unfit(SAME, field="new")
        return self

    def to_traffic(self) -> Traffic:
        """Return it."""
        return Traffic(**dict(self))


class StepPart(wire.Request):
    """A share, and how many minutes without a flaw it needs."""

    percent: Percent
    minutes: Annotated[wire.Count, Field(ge=1, le=1440)]


class MeasurePart(wire.Request):
    """A measure of one's own and what it has to be."""

    name: Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[a-z][A-Za-z0-9]*$")]
    query: Annotated[str, Field(min_length=1, max_length=2000)]
    operator: Operator
    value: Measured
    unit: Annotated[str, Field(max_length=20)] = ""

    def to_custom(self) -> Custom:
        """Return it."""
        return Custom(self.query, Criterion(self.name, self.operator, self.value, self.unit))


class WatchPart(wire.Request):
    """What decides: queries of Prometheus about the new version, in which ``$window`` is the time looked at."""

    url: Annotated[Url, Field(min_length=1)]
    requests: Annotated[Query, Field(min_length=1)]
    errors: Annotated[Query, Field(min_length=1)]
    error_rate: Annotated[Measured, Field(gt=0, le=100)]
    latency: Query = ""
    latency_limit: Annotated[Measured, Field(gt=0)] | None = None
    measures: Annotated[tuple[MeasurePart, ...], Field(max_length=10)] = ()
    minimum_requests: Annotated[wire.Count, Field(ge=1, le=1_000_000)] = 100
    window_seconds: Annotated[wire.Count, Field(ge=15, le=3600)] = 60
    failures_allowed: Annotated[wire.Count, Field(le=10)] = 0

    @model_validator(mode="after")
    def _whole(self) -> "WatchPart":
        if bool(self.latency) != (self.latency_limit is not None):
            raise wire.Unfit(BOTH, field="latencyLimit")
        names = [one.name for one in self.measures]
        if len(set(names)) != len(names) or {"requests", "errors", "latency"} & set(names):
            raise wire.Unfit(TWICE, field="measures")
        return self

    def to_watch(self) -> Watch:
        """Return it."""
        return Watch(
            url=self.url,
            requests=self.requests,
            errors=self.errors,
            error_rate=self.error_rate,
            latency=self.latency,
            latency_limit=self.latency_limit or Decimal(0),
            customs=tuple(one.to_custom() for one in self.measures),
            minimum=self.minimum_requests,
            seconds=self.window_seconds,
            failures=self.failures_allowed,
        )


class RampPart(wire.Request):
    """A ramp; without steps the document's: 5, 20, 50 and 100 %, watched for 5, 5, 5 and 10 minutes."""

    name: wire.ShortText
    traffic: TrafficPart
    steps: Annotated[tuple[StepPart, ...], Field(max_length=20)] = ()
    watch: WatchPart
    old_version_url: Annotated[Url, Field(min_length=1)]
    """Answers below 400 while the old version is healthy; asked before traffic goes back from 100 %."""
    service_id: Name
    """Who is on call for it is paged when neither version is well."""
    look_seconds: Annotated[wire.Count, Field(ge=10, le=30)] = 20
    armed_minutes: Annotated[wire.Count, Field(ge=10, le=10_080)] = 60
    """How long a breach still goes back after 100 % was good."""

    @model_validator(mode="after")
    def _rises(self) -> "RampPart":
        shares = [one.percent for one in self.steps]
        if any(after <= before for before, after in pairwise(shares)):
            raise wire.Unfit(RISE, field="steps")
        return self

    def to_ramp(self, tenant_id: str, ramp_id: str, by: str, at: datetime) -> Ramp:
        """Return the ramp as it begins."""
        return Ramp(
            tenant_id=tenant_id,
            ramp_id=ramp_id,
            name=self.name,
            traffic=self.traffic.to_traffic(),
            steps=tuple(Step(one.percent, one.minutes) for one in self.steps) or DOCUMENT,
            watch=self.watch.to_watch(),
            old_url=self.old_version_url,
            service_id=self.service_id,
            started_by=by,
            started_at=at,
            look=self.look_seconds,
            armed_minutes=self.armed_minutes,
        )


class BackRequest(wire.Request):
    """Why."""

    reason: Reason
