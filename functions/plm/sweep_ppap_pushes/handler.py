"""Pushes approvals of PPAPs that the PLM did not take before, when they are due again (PLM-15).

Trigger: schedule, every minute. Runbook: docs/runbooks/plm-ppap.md.
"""

from enghub.core import entrypoints
from enghub.plm.gateways.ppaps import ppaps

lambda_handler = entrypoints.schedule(lambda: ppaps().sweep())
