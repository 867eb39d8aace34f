"""Criteria and probes on the wire (OPS-01, OPS-02)."""

from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from enghub.core import wire
from enghub.core.i18n import Text
from enghub.golive.forms import Measured
from enghub.golive.probes.model import Criterion, Operator, Probe, ProbeKind

LACKS = Text("a probe of kind {kind} needs {needs}", "{kind} 探测需要 {needs}")
NEEDS = {
    ProbeKind.HTTP: ("url",),
    ProbeKind.TCP: ("host", "port"),
    ProbeKind.SQL: ("database", "query"),
    ProbeKind.CERTIFICATE: ("url",),
    ProbeKind.METRIC: ("url", "query"),
}
TWICE = Text("give one of url and database", "url 与 database 须且仅须填写其一")


MeasureName = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[a-z][A-Za-z0-9]*$")]
Url = Annotated[str, Field(max_length=2000), AfterValidator(wire.printable)]


class CriterionPart(wire.Request):
    """What evidence has to show."""

    measure: MeasureName
    operator: Operator
    value: Measured
    unit: Annotated[str, Field(max_length=20)] = ""

    def to_criterion(self) -> Criterion:
        """Return the criterion."""
        return Criterion(self.measure, self.operator, self.value, self.unit)


class ProbePart(wire.Request):
    """What is to be asked."""

    kind: ProbeKind
    url: Url = ""
    host: Annotated[str, Field(max_length=253), AfterValidator(wire.printable)] = ""
    port: Annotated[wire.Count, Field(ge=1, le=65535)] | None = None
    database: Annotated[str, Field(max_length=63, pattern=r"^[a-z0-9_-]*$")] = ""
    query: Annotated[str, Field(max_length=4000)] = ""
    measure: MeasureName = "value"

    @model_validator(mode="after")
    def _whole(self) -> "ProbePart":
        if self.kind is ProbeKind.BACKUP_AGE:
            if bool(self.url) == bool(self.database):
                raise wire.Unfit(TWICE, field="url")
            return self
        for name in NEEDS[self.kind]:
            if not getattr(self, name):
                raise wire.Unfit(LACKS, field=name, kind=self.kind.value, needs=", ".join(NEEDS[self.kind]))
        return self

    def to_probe(self) -> Probe:
        """Return the probe."""
        where = (self.url, self.host, self.port or 0)
        return Probe(self.kind, *where, self.database, self.query, self.measure)
