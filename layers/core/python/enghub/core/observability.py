"""Structured logs and metrics; silences the SDK's own. What services tell by ``core/log`` comes out here too."""

import logging
from dataclasses import dataclass

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import Metrics, MetricUnit, single_metric

from enghub.core import config, log
from enghub.core.lines import LineFormatter


@dataclass(frozen=True, slots=True)
class _Namespace:
    """Whose metrics they are: one namespace per stage, so that stages of one account keep their alarms apart."""

    powertools_metrics_namespace: str = "EngHub"


NAMESPACE = config.load(_Namespace).powertools_metrics_namespace

logger = Logger(logger_formatter=LineFormatter(utc=True, use_rfc3339=True))
"""The process's logger; service and level come from POWERTOOLS_SERVICE_NAME and LOG_LEVEL."""

_told = logging.getLogger(log.NAME)
_told.handlers, _told.propagate = logger.handlers, False
_told.setLevel(logger.log_level)

metrics = Metrics(namespace=NAMESPACE)
"""Embedded-format metrics; the service dimension comes from POWERTOOLS_SERVICE_NAME."""


def count(name: str, value: float = 1) -> None:
    """Add to a counter metric of this invocation."""
    metrics.add_metric(name=name, unit=MetricUnit.Count, value=value)


def seconds(name: str, value: float) -> None:
    """Record a duration metric of this invocation."""
    metrics.add_metric(name=name, unit=MetricUnit.Seconds, value=value)


def measure(name: str, value: float, unit: str, **dimensions: str) -> None:
    """Write one metric with dimensions of its own (``unit`` is CloudWatch's name: Count, Seconds)."""
    with single_metric(name=name, unit=MetricUnit(unit), value=value, namespace=NAMESPACE) as metric:
        for dimension, text in dimensions.items():
            metric.add_dimension(name=dimension, value=text)
