"""Sees to it that a context's timers are woken as they are set: by a one-time schedule, or by a delayed message.

Trigger: SQS queue arm_timers, filled by the outbox with every timer that is set, moved or cancelled. A command only
says which timer to look at, so it may come twice or in any order. Runbook: docs/runbooks/timers.md.
"""

from enghub.core.timers import aws

lambda_handler = aws.arm_handler()
