"""Puts the services of daily summaries together."""

from enghub.core.clock import system_clock
from enghub.mes.summaries.dynamo import DynamoLedger, DynamoSummaries
from enghub.mes.summaries.service import Reconciliation, Summaries


def summaries() -> Summaries:
    """Return the service of daily summaries."""
    return Summaries(DynamoSummaries(), system_clock)


def reconciliation() -> Reconciliation:
    """Return what proves days against the ledger."""
    return Reconciliation(DynamoSummaries(), DynamoLedger(), system_clock)


def ledger() -> DynamoLedger:
    """Return the ledger by day."""
    return DynamoLedger()
