"""Keeps which version of a business rule decides here: allowances of orders, their priority (CFG-15, MES-01, MES-07).

Trigger: queue follow_rules, from the bus: BusinessRuleActivated of enghub.settings. One that comes again, or was
overtaken by a later one, changes nothing.
Runbook: docs/runbooks/mes-work-orders.md.
"""

from enghub.core import entrypoints
from enghub.core.entrypoints import on
from enghub.mes.consumed import BusinessRuleActivated
from enghub.mes.rules.hearing import activated

lambda_handler = entrypoints.events(on(BusinessRuleActivated, activated))
