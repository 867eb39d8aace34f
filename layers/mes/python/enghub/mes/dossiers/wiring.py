"""Puts dossiers together."""

from enghub.mes.defects.wiring import defects
from enghub.mes.dossiers.service import Dossiers
from enghub.mes.inspections.wiring import inspections
from enghub.mes.ocap.wiring import ocap
from enghub.mes.reports.dynamo import DynamoReports
from enghub.mes.stock.wiring import stock


def dossiers() -> Dossiers:
    """Return the use cases."""
    return Dossiers(stock(), DynamoReports(), inspections(), defects(), ocap())
