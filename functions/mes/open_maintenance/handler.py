"""Opens the jobs of maintenance plans that are due, and tells of those that should have been done (MES-12).

Trigger: schedule, every hour, for every factory. A job is opened once, by the number of its plan's occurrence.
Events: MaintenanceRequested; people are told by notices, of an overdue job once a day.
Runbook: docs/runbooks/mes-equipment.md.
"""

from typing import Any

from enghub.core import entrypoints
from enghub.core.clock import system_clock
from enghub.core.identity import Origin
from enghub.mes.maintenance.wiring import maintenance
from enghub.mes.watch.dynamo import DynamoWatch

SYSTEM = "open-maintenance"


def open_maintenance() -> dict[str, Any]:
    """Look at every factory once."""
    watch, service, now = DynamoWatch(), maintenance(), system_clock()
    opened = told = 0
    for factory in watch.factories():
        opened += service.open_due(Origin(factory.tenant_id, factory.factory_id, SYSTEM, now, SYSTEM, "", ""))
        told += sum(watch.tell(factory, notice, now) for notice in service.overdue(factory, now))
    return {"opened": opened, "told": told}


lambda_handler = entrypoints.schedule(open_maintenance)
