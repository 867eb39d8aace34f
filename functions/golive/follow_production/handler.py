"""Keeps what incidents go by: lines that stand still, stations that call, the rule for clocks (OPS-10, MES-27, CFG-15).

Trigger: queue follow_production, from the bus: LineStopped, LineStarted, AndonRaised, AndonChanged of enghub.mes,
BusinessRuleActivated of enghub.settings. An event that comes again, or is overtaken by a later one, changes nothing.
Runbook: docs/runbooks/golive-incidents.md.
"""

from enghub.core import entrypoints
from enghub.core.entrypoints import on
from enghub.golive import consumed
from enghub.golive.alerts.andons import called
from enghub.golive.production.hearing import started, stopped
from enghub.golive.rules.hearing import activated

lambda_handler = entrypoints.events(
    on(consumed.LineStopped, stopped),
    on(consumed.LineStarted, started),
    on(consumed.AndonRaised, called),
    on(consumed.AndonChanged, called),
    on(consumed.BusinessRuleActivated, activated),
)
