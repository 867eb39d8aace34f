"""Does what a timer of this context is for: tells that a scheduled version answers now, or that one expired.

Trigger: SQS queue timers, filled when a timer's time has come. Runbook: docs/runbooks/timers.md.
"""

from enghub.core.timers import aws
from enghub.settings import approval_wiring, release_wiring
from enghub.settings.configs import wiring as config_wiring

lambda_handler = aws.wake_handler(
    {**config_wiring.timer_handlers(), **approval_wiring.timer_handlers(), **release_wiring.timer_handlers()}
)
