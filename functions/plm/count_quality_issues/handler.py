"""Counts quality issues by product and day as they become known, so that nothing is scanned at night (PLM-16).

Trigger: queue count_quality_issues, from the bus: DefectReported, ReportReversed, InspectionDecided of enghub.mes. A
day is the shift's. An event that comes twice counts once. Runbook: docs/runbooks/plm-feedback.md.
"""

from enghub.core import entrypoints
from enghub.core.entrypoints import on
from enghub.core.events import Envelope
from enghub.plm.consumed import DefectReported, FloorDefects, InspectionDecided, ReportReversed
from enghub.plm.feedback.findings import of_defects, of_inspection
from enghub.plm.gateways.feedback import feedback


def count(event: Envelope, told: FloorDefects) -> None:
    """Count what a report says, or take it off."""
    found = of_defects(told, is_back=isinstance(told, ReportReversed))
    if found is not None:
        feedback().count(event.tenant_id, event.event_id, found)


def count_inspection(event: Envelope, told: InspectionDecided) -> None:
    """Count an inspection that rejected its lot."""
    found = of_inspection(told, event.timestamp.date())
    if found is not None:
        feedback().count(event.tenant_id, event.event_id, found)


lambda_handler = entrypoints.events(
    on(DefectReported, count), on(ReportReversed, count), on(InspectionDecided, count_inspection)
)
