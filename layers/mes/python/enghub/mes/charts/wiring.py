"""Puts the control charts together."""

from enghub.core.claims import Claim
from enghub.mes.charts.dynamo import KINDS
from enghub.mes.charts.service import ControlCharts
from enghub.mes.keeping.dynamo import DynamoStore


def control_charts(claim: Claim | None = None) -> ControlCharts:
    """Return the use cases; ``claim`` is the request's claim on its Idempotency-Key."""
    return ControlCharts(DynamoStore(*KINDS), claim)
