"""Metrics of gray releases from Amazon CloudWatch: one GetMetricData for both groups."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from enghub.core import aws
from enghub.settings.flags.model import EVERY_TENANT
from enghub.settings.releases.metrics import MetricsConfig
from enghub.settings.releases.model import Group, Measurement

TENANT = "TenantId"
"""A dimension that is always asked for, so that nobody reads the numbers of another tenant."""


def measured(
    config: MetricsConfig, tenant_id: str, variants: tuple[str, str], seconds: int, now: datetime
) -> Measurement:
    """Return both groups.

    Raises:
        ClientError, BotoCoreError: CloudWatch does not answer.
    """
    period = max(60, -(-seconds // 60) * 60)
    queries = [
        _query(f"g{place}{name}", _metric(config, tenant_id, variant, metric), stat, period)
        for place, variant in enumerate(variants)
        for name, metric, stat in _asked(config)
    ]
    answer = aws.client("cloudwatch").get_metric_data(
        MetricDataQueries=queries, StartTime=now - timedelta(seconds=period), EndTime=now + timedelta(seconds=1)
    )
    sums = {one["Id"]: sum(one["Values"]) for one in answer["MetricDataResults"]}
    return Measurement(_group(sums.get, 0), _group(sums.get, 1))


def _asked(config: MetricsConfig) -> list[tuple[str, str, str]]:
    found = [("requests", config.requests, "Sum"), ("errors", config.errors, "Sum")]
    if config.response_time:
        found += [("time", config.response_time, "Sum"), ("samples", config.response_time, "SampleCount")]
    return found


def _metric(config: MetricsConfig, tenant_id: str, variant: str, metric: str) -> Mapping[str, Any]:
    dimensions = {**config.dimensions, config.variant_dimension: variant}
    if tenant_id != EVERY_TENANT:
        dimensions[TENANT] = tenant_id
    named = [{"Name": one, "Value": value} for one, value in sorted(dimensions.items())]
    return {"Namespace": config.namespace, "MetricName": metric, "Dimensions": named}


def _query(name: str, metric: Mapping[str, Any], stat: str, period: int) -> Mapping[str, Any]:
    return {"Id": name, "MetricStat": {"Metric": metric, "Period": period, "Stat": stat}, "ReturnData": True}


def _group(value: Callable[[str], float | None], place: int) -> Group:
    samples = value(f"g{place}samples") or 0
    return Group(
        requests=round(value(f"g{place}requests") or 0),
        errors=round(value(f"g{place}errors") or 0),
        response_time=(value(f"g{place}time") or 0) / samples if samples else None,
    )
