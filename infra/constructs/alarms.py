"""Alarms: each names the runbook that says what it means and what to do."""

from dataclasses import dataclass

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of alarm: its runbook, one sentence for the pager, and when it fires."""

    runbook: str
    meaning: str
    threshold: float
    minutes: int = 5
    periods: int = 1
    statistic: str = "Sum"


FUNCTION_ERRORS = Kind("function-errors", "A function fails", 1)
FUNCTION_THROTTLES = Kind("function-throttles", "A function is refused capacity", 1)
DEAD_LETTERS = Kind("dead-letters", "Work could not be done and waits in a dead-letter queue", 1, 1, 1, "Maximum")
QUEUE_AGE = Kind("queue-age", "Work waits too long in a queue (seconds)", 900, 5, 2, "Maximum")
STREAM_LAG = Kind("outbox-backlog", "The relay falls behind its stream (milliseconds)", 60_000, 5, 2, "Maximum")
OUTBOX_AGE = Kind("outbox-backlog", "An event waits in the outbox (seconds)", 300, 5, 2, "Maximum")
WORKFLOW_FAILURES = Kind("workflow-failures", "A workflow failed or ran out of time", 1)
API_FAILURES = Kind("api-failures", "The API answers 5xx", 5)
API_LATENCY = Kind("api-latency", "The API answers slowly (p99, milliseconds)", 3_000, 5, 3, "p99")
UPGRADE_FAILED = Kind("upgrade-failed", "Critical: an upgrade failed, its site stands at a breakpoint", 1)
UPGRADE_LONG = Kind("upgrade-long", "Warning: an upgrade took longer than an hour (seconds)", 3_600, 5, 1, "Maximum")
UPGRADE_STUCK = Kind("upgrade-queue", "An upgrade waits although it could begin (seconds)", 600, 5, 2, "Minimum")
UPGRADE_WAITING = Kind("upgrade-queue", "Warning: an upgrade waits for hours (seconds)", 4 * 3_600, 5, 1, "Maximum")

KINDS = (
    FUNCTION_ERRORS,
    FUNCTION_THROTTLES,
    DEAD_LETTERS,
    QUEUE_AGE,
    STREAM_LAG,
    OUTBOX_AGE,
    WORKFLOW_FAILURES,
    API_FAILURES,
    API_LATENCY,
    UPGRADE_FAILED,
    UPGRADE_LONG,
    UPGRADE_STUCK,
    UPGRADE_WAITING,
)


def alarm(scope: Construct, name: str, kind: Kind, metric: cloudwatch.Metric, topic: sns.ITopic) -> cloudwatch.Alarm:
    """Add the alarm ``<name>-<runbook>`` on ``metric``, sent to ``topic`` when it fires and when it is over."""
    full_name = f"{name}-{kind.runbook}"
    made = cloudwatch.Alarm(
        scope,
        f"Alarm {full_name}",
        alarm_name=full_name,
        alarm_description=f"{kind.meaning}. Runbook: docs/runbooks/{kind.runbook}.md",
        metric=metric.with_(period=Duration.minutes(kind.minutes), statistic=kind.statistic),
        threshold=kind.threshold,
        evaluation_periods=kind.periods,
        comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
    )
    send = actions.SnsAction(topic)
    made.add_alarm_action(send)
    made.add_ok_action(send)
    return made
