"""Puts the services of equipment together."""

from enghub.core.clock import system_clock
from enghub.mes.equipment.dynamo import KINDS
from enghub.mes.equipment.service import EquipmentLedger
from enghub.mes.keeping.dynamo import DynamoStore
from enghub.mes.masters.service import Masters
from enghub.mes.plant.dynamo import stations


def ledger() -> EquipmentLedger:
    """Return the service of equipment."""
    return EquipmentLedger(DynamoStore(*KINDS), Masters("station", stations()), system_clock)
