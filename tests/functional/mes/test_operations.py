"""Every operation of manufacturing with generated requests: no answer that its document does not account for."""

import pytest

from tests.factories.http import a_principal
from tests.factories.operations import Gateway, operations, unexplained
from tools.rights import declared

EXPLAINED = {
    "create_work_order": "shift(Date)?: name both|plannedQuantity: None",
    "edit_work_order": "shift(Date)?: name both|plannedQuantity: None",
    "list_work_orders": "status: name exactly one|dueFrom: due dates go with a status",
    "report_production": (
        "goodQty: report at least one|defectTypes: it (is required|goes with|names one type twice)|reworkQty: it"
    ),
    "list_reports": "(query.)?workOrderId: name workOrderId",
    "put_plant": "(zone|shifts|holidays): ",
    "put_station": "(lineId|workCentreId|shifts): None",
    "put_routing": "operations: None",
    "put_stop_reason": "parent: None",
    "put_device": "stationId: None",
    "put_erp_link": "connection: None",
    "begin_stop": "(startedAt|endedAt): None",
    "end_stop": "endedAt: None",
    "explain_stop": "reason: None",
    "list_shifts": "to: None",
    "get_capacity": "to: None",
    "get_kpis": "to: None",
    "get_losses": "to: None",
    "get_inventory": "query.materialId: (name materialId|materialId and material_id differ)",
    "issue_stock": "(materialId: name reservationId|quantity: it must be above 0)",
    **dict.fromkeys(("receive_stock", "move_stock", "reserve_stock"), "quantity: it must be above 0"),
    "count_kits": ".*quantity: it must be above 0",
    "list_inspections": "query.status: name one of",
    "list_ocap_cases": "query.status: name one of",
    "put_characteristic": "(.*Limit|target): write at most|upperLimit: it must be|subgroupSize: a chart of",
    "record_sample": "values: (send values|.* does not fit)|takenAt: it lies in the future|.*does not fit",
    "begin_phase": "from: from and to",
    "put_plan": "aql: take one of",
    "decide_inspection": "nonconforming: it cannot be more",
    "put_ocap_plan": "steps.*",
    "put_planned_item": "scrap: it is a share|(lotRule.)?multiple: it must be above|lotRule: it must",
    "plan_requirements": "itemId: .*|None: .*",
    "compare_lot_sizes": "setupCosts: give one|fixedQuantity: it must",
    "try_master_schedule": "orders: forecast and orders|lotSize: it must",
    **dict.fromkeys(("get_equipment_figures", "list_equipment_states"), "query.to: it ends after it begins"),
    "put_maintenance_plan": "everyDays: None",
    "dispose_defect": "reference: .*|None: .*",
}
"""Rules over several fields."""


@pytest.mark.parametrize("operation", operations("mes"))
def test_every_answer_is_accounted_for(account: object, operation: str) -> None:
    account("mes")  # type: ignore[operator]
    caller = a_principal(*declared())
    found = unexplained(Gateway("mes", caller, {}), operation, EXPLAINED)
    assert not found, "\n".join(found)
