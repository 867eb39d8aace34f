"""Hears this context's own events and notes their ids: a runbook proves that what was parked came through (OPS-14).

Trigger: queue confirm_parked, from the bus: every event of enghub.golive. The same mark however often one comes.
Runbook: docs/runbooks/golive-runbooks.md.
"""

from enghub.core import entrypoints
from enghub.core.entrypoints import on
from enghub.golive.parking.dynamo import consumed
from enghub.golive.parking.own import OWN

lambda_handler = entrypoints.events(*(on(one, consumed) for one in OWN))
