"""Puts production reports together."""

from enghub.mes.reports.dynamo import DynamoReports
from enghub.mes.reports.service import Reporting


def reporting() -> Reporting:
    """Return the reporting service."""
    return Reporting(DynamoReports())
