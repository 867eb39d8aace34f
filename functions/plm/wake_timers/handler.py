"""Does what timers of this context are for; each purpose is a line below (decision 0044).

Trigger: SQS queue timers, filled by one-time schedules, delayed messages and the sweep. A wake-up that comes twice or
for an earlier setting does nothing. Runbook: docs/runbooks/plm-feedback.md.
"""

from enghub.core.timers import aws
from enghub.plm.apqp import service as apqp
from enghub.plm.feedback import service as quality
from enghub.plm.gateways.feedback import feedback
from enghub.plm.pushes.timers import sends_to

lambda_handler = aws.wake_handler(
    {
        quality.DAILY: lambda due: feedback().due(due),
        quality.PUSH: sends_to(quality.PUSH_QUEUE),
        apqp.PURPOSE: sends_to(apqp.QUEUE),
    }
)
