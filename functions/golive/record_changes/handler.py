"""Keeps what changed, as the contexts' own events tell it (OPS-25).

Trigger: queue record_changes, from the bus: upgrades and roll-outs of enghub.upgrade; ConfigurationChanged,
FeatureFlagChanged, GrayReleaseChanged, BusinessRuleActivated of enghub.settings; ChangePointCreated,
ChangePointCancelled, BomChanged of enghub.plm; cut-overs, RampChanged, ReleaseChanged of enghub.golive. One item per
event, under its id: a redelivery writes the same.
Runbook: docs/runbooks/golive-incidents.md.
"""

from enghub.core import entrypoints
from enghub.core.entrypoints import on
from enghub.golive.changes.recording import record
from enghub.golive.changes.telling import TOLD

lambda_handler = entrypoints.events(*(on(one, record) for one in TOLD))
