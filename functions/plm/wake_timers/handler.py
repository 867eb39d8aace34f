"""Does what timers of this context are for; each purpose is a line below (decision 0044).

Trigger: SQS queue timers, filled by one-time schedules, delayed messages and the sweep. A wake-up that comes twice or
for an earlier setting does nothing. Runbook: docs/runbooks/plm-feedback.md.
"""

from enghub.core.timers import aws
from enghub.plm.feedback.service import DAILY, PUSH
from enghub.plm.gateways.feedback import feedback

lambda_handler = aws.wake_handler({DAILY: lambda due: feedback().due(due), PUSH: lambda due: feedback().push_due(due)})
