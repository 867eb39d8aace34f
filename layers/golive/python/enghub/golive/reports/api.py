"""Operations reports on the wire (OPS-20)."""

from enghub.core import wire
from enghub.core.commits import Kept
from enghub.core.i18n import Language
from enghub.core.setup.api import Clock, Version, Zone
from enghub.golive.incidents.answers import StatisticsResponse
from enghub.golive.reports.model import OperationsReport, ReportKind, ReportPlan, said


class PutReportRequest(wire.Request):
    """A report is made on the first day after its week or month, at this local time, and told to OPS_LEAD."""

    zone: Zone
    at: Clock = "09:00"
    version: Version | None = None

    def to_plan(self, tenant_id: str, kind: ReportKind) -> ReportPlan:
        """Return the plan."""
        return ReportPlan(tenant_id, kind, self.zone, self.at)


class ReportPlanResponse(wire.Response):
    """A report that comes by itself."""

    kind: ReportKind
    zone: str
    at: str
    version: int

    @classmethod
    def of(cls, kept: Kept[ReportPlan]) -> "ReportPlanResponse":
        """Return the answer for a plan."""
        return cls(kind=kept.value.kind, zone=kept.value.zone, at=kept.value.at, version=kept.revision)


class WokenResponse(wire.Response):
    """How often somebody was paged, and how often from 22:00 to 08:00."""

    user: str
    pages: int
    at_night: int


class OperationsReportResponse(wire.Response):
    """A week or a month beside the one before; ``text`` for people. ``isCut``: ``woken`` is of 200 incidents only."""

    starts_at: wire.Instant
    ends_at: wire.Instant
    zone: str
    figures: StatisticsResponse
    before: StatisticsResponse
    by_service: dict[str, int]
    breaches: dict[str, int]
    woken: tuple[WokenResponse, ...]
    open_incidents: tuple[str, ...]
    without_cause: tuple[str, ...]
    is_cut: bool
    text: str

    @classmethod
    def of(cls, found: OperationsReport, language: Language) -> "OperationsReportResponse":
        """Return the answer for a report."""
        return cls(
            starts_at=found.span.start,
            ends_at=found.span.end,
            zone=found.zone,
            figures=StatisticsResponse.of(found.now),
            before=StatisticsResponse.of(found.before),
            by_service=dict(found.by_service),
            breaches=dict(found.breaches),
            woken=tuple(WokenResponse(user=one.user, pages=one.pages, at_night=one.at_night) for one in found.woken),
            open_incidents=tuple(one.incident_id for one in found.open),
            without_cause=tuple(one.incident_id for one in found.unexplained),
            is_cut=found.is_cut,
            text=said(found, language),
        )
