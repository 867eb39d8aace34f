"""Adds production to the daily summary of its factory: in all, by line, product, employee, operation (MES-15).

Trigger: queue update_daily_summary, from the bus: ProductionReported, ReportReversed of enghub.mes. A report and its
inbox mark are one transaction.
Runbook: docs/runbooks/mes-daily-summary.md.
"""

from enghub.core import entrypoints
from enghub.core.entrypoints import on
from enghub.core.events import Envelope
from enghub.mes.consumed import ProductionFacts, ProductionReported, ReportReversed
from enghub.mes.summaries import wiring


def count(event: Envelope, report: ProductionFacts) -> None:
    """Add a report to its day, or take it off."""
    wiring.summaries().count(event, report)


lambda_handler = entrypoints.events(on(ProductionReported, count), on(ReportReversed, count))
