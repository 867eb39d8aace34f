"""What people are told besides an end: how ready a site is before it is stopped, and what a step leaves to them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from enghub.core.i18n import Text
from enghub.upgrade.executions.model import Execution
from enghub.upgrade.executions.report import report_of
from enghub.upgrade.executions.step import StepRecord

_READY = Text(
    "{passed} data checks passed, {warned} with warnings; {tables} tables backed up ({rows} rows); "
    "{files} configuration files prepared; {well} of {services} services well{versions}",
    "数据检查通过 {passed} 项，警告 {warned} 项；已备份 {tables} 张表（{rows} 行）；"
    "已准备 {files} 个配置文件；{services} 个服务中 {well} 个正常{versions}",
)


def readiness(execution: Execution, steps: Sequence[StepRecord]) -> Text:
    """Return the report before the stop (source document, chapter 1.2), from what the steps so far found and did."""
    report = report_of(execution, steps)
    outcomes = [check["outcome"] for check in report.checks]
    told = ", ".join(f"{one['service']} {one['version']}" for one in report.services if one.get("version"))
    values = {
        "passed": outcomes.count("pass"),
        "warned": outcomes.count("warning"),
        "tables": len(report.backups),
        "rows": sum(int(one.get("rows") or 0) for one in report.backups),
        "files": sum(1 for step in steps for _ in _all(step.result, "prepared")),
        "well": sum(1 for one in report.services if one.get("well")),
        "services": len(report.services),
        "versions": f" ({told})" if told else "",
    }
    return Text(_READY.render("en", **values), _READY.render("zh", **values))


def attention(result: Mapping[str, Any]) -> Text | None:
    """Return what a step that succeeded leaves to a person (`attention` in its result), None when nothing."""
    found = list(_all(result, "attention"))
    return Text(*("; ".join(one[name] for one in found) for name in ("en", "zh"))) if found else None


def _all(result: Any, name: str) -> Iterator[Any]:
    """Yield what is listed under `name`, however deep a composite step nests it."""
    if not isinstance(result, Mapping):
        return
    for key, value in result.items():
        if key == name and isinstance(value, list | tuple):
            yield from value
        else:
            yield from _all(value, name)
