"""CloudWatch: alarms on an expression exist, though like all alarms here they never fire (docs/fidelity.md, F9)."""

from collections.abc import Mapping
from typing import Any

from ministack.services.cloudformation import provisioners


def patch() -> None:
    """Let an alarm on several metrics stand for its first one; the emulator refuses it."""
    record = provisioners._cw_metric_alarm_record

    def recorded(name: str, alarm: Mapping[str, Any]) -> Any:
        metrics = [one["MetricStat"]["Metric"] for one in alarm.get("Metrics", ()) if "MetricStat" in one]
        if not metrics:
            return record(name, alarm)
        return record(name, {key: value for key, value in alarm.items() if key != "Metrics"} | metrics[0])

    provisioners._cw_metric_alarm_record = recorded
