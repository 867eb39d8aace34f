"""Alarms: each names the runbook that says what it means and what to do."""

from collections.abc import Mapping, Sequence
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
QUEUE_DEPTH = Kind("queue-depth", "Warning: more than 10,000 messages wait in a queue", 10_001, 5, 1, "Maximum")
STREAM_LAG = Kind("outbox-backlog", "The relay falls behind its stream (milliseconds)", 60_000, 5, 2, "Maximum")
OUTBOX_AGE = Kind("outbox-backlog", "An event waits in the outbox (seconds)", 300, 5, 2, "Maximum")
PARKED = Kind("parked", "Messages failed for good and wait for a decision", 1, 5, 1, "Maximum")
WORKFLOW_FAILURES = Kind("workflow-failures", "A workflow failed or ran out of time", 1)
API_FAILURES = Kind("api-failures", "The API answers 5xx", 5)
API_LATENCY = Kind("api-latency", "The API answers slowly (p99, milliseconds)", 3_000, 5, 3, "p99")
API_SLOW = Kind("api-slow", "Critical: the API takes more than a second (p95, milliseconds)", 1_001, 5, 1, "p95")
UPGRADE_FAILED = Kind("upgrade-failed", "Critical: an upgrade failed, its site stands at a breakpoint", 1)
UPGRADE_LONG = Kind("upgrade-long", "Warning: an upgrade took longer than an hour (seconds)", 3_600, 5, 1, "Maximum")
UPGRADE_STUCK = Kind("upgrade-queue", "An upgrade waits although it could begin (seconds)", 600, 5, 2, "Minimum")
UPGRADE_WAITING = Kind("upgrade-queue", "Warning: an upgrade waits for hours (seconds)", 4 * 3_600, 5, 1, "Maximum")
SYNC_FAILED = Kind("plm-sync-alarms", "A sync with the PLM failed", 1)
SYNC_LATE = Kind(
    "plm-sync-alarms", "No sync with the PLM has succeeded for 26 hours (seconds)", 26 * 3_600, 5, 2, "Maximum"
)
TIMERS_OVERDUE = Kind("timers", "A timer is overdue (seconds)", 600, 5, 2, "Maximum")
TIMERS_PARKED = Kind("timers", "A timer never succeeded and waits for people", 1)

KINDS = (
    FUNCTION_ERRORS,
    FUNCTION_THROTTLES,
    DEAD_LETTERS,
    QUEUE_AGE,
    QUEUE_DEPTH,
    STREAM_LAG,
    OUTBOX_AGE,
    PARKED,
    WORKFLOW_FAILURES,
    API_FAILURES,
    API_LATENCY,
    API_SLOW,
    UPGRADE_FAILED,
    UPGRADE_LONG,
    UPGRADE_STUCK,
    UPGRADE_WAITING,
    SYNC_FAILED,
    SYNC_LATE,
    TIMERS_OVERDUE,
    TIMERS_PARKED,
)


@dataclass(frozen=True, slots=True)
class Watched:
    """One of many of a kind, by its name in the alarm's text."""

    name: str
    metric: cloudwatch.Metric


METRICS_PER_ALARM = 10
"""As many as an alarm on an expression may name (CloudWatch guide, "alarm limits"; not adjustable)."""


def alarm(scope: Construct, name: str, kind: Kind, metric: cloudwatch.Metric, topic: sns.ITopic) -> cloudwatch.Alarm:
    """Add the alarm ``<name>-<runbook>`` on ``metric``, sent to ``topic`` when it fires and when it is over."""
    measured = metric.with_(period=Duration.minutes(kind.minutes), statistic=kind.statistic)
    return _alarm(scope, f"{name}-{kind.runbook}", kind, meaning=kind.meaning, metric=measured, topic=topic)


def alarms_of_many(scope: Construct, name: str, watched: Mapping[Kind, Sequence[Watched]], topic: sns.ITopic) -> None:
    """Add one alarm per kind and ten metrics, ``<name>-<runbook>-<number>``; its text names what it watches."""
    for kind, all_of_kind in watched.items():
        for first in range(0, len(all_of_kind), METRICS_PER_ALARM):
            batch = all_of_kind[first : first + METRICS_PER_ALARM]
            number = first // METRICS_PER_ALARM + 1
            names = ", ".join(one.name.removeprefix(f"{name}-") for one in batch)
            together = _together(kind, batch)
            _alarm(
                scope,
                f"{name}-{kind.runbook}-{number}",
                kind,
                meaning=f"{kind.meaning}: one of {names}",
                metric=together,
                topic=topic,
            )


def _together(kind: Kind, watched: Sequence[Watched]) -> cloudwatch.IMetric:
    """Return the sum, or the highest, of the metrics; one that says nothing counts as zero."""
    period = Duration.minutes(kind.minutes)
    metrics = {f"m{place}": one.metric.with_(statistic=kind.statistic) for place, one in enumerate(watched)}
    filled = ", ".join(f"FILL({name}, 0)" for name in metrics)
    return cloudwatch.MathExpression(
        expression=f"{'SUM' if kind.statistic == 'Sum' else 'MAX'}([{filled}])",
        label=kind.runbook,
        using_metrics=dict(metrics),
        period=period,
    )


def _alarm(
    scope: Construct, name: str, kind: Kind, *, meaning: str, metric: cloudwatch.IMetric, topic: sns.ITopic
) -> cloudwatch.Alarm:
    made = cloudwatch.Alarm(
        scope,
        f"Alarm {name}",
        alarm_name=name,
        alarm_description=f"{meaning}. Runbook: docs/runbooks/{kind.runbook}.md",
        metric=metric,
        threshold=kind.threshold,
        evaluation_periods=kind.periods,
        comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
    )
    send = actions.SnsAction(topic)
    made.add_alarm_action(send)
    made.add_ok_action(send)
    return made
