"""Which permissions the functions used or were refused, on request of the tests."""

import json
import os
from pathlib import Path
from typing import Any

from ministack.core import iam_evaluator


def patch() -> None:
    """With IAM_USAGE_FILE set, append what the IAM evaluation decides there, one JSON line each."""
    usage = os.environ.pop("IAM_USAGE_FILE", "")
    if usage:
        record_usage(Path(usage))


def record_usage(file: Path) -> None:
    """Append each distinct (role, action, resource, decision) that the IAM evaluation sees to ``file``."""
    evaluate = iam_evaluator.evaluate
    seen: set[tuple[str, ...]] = set()

    def recorded(context: Any, policies: Any, *limits: Any) -> Any:
        result = evaluate(context, policies, *limits)
        if ":assumed-role/" in context.principal_arn:
            line = (context.principal_arn, context.action, context.resource_arn, result.decision)
            if line not in seen:
                seen.add(line)
                names = ("principal", "action", "resource", "decision")
                with file.open("a", encoding="utf-8") as out:
                    out.write(json.dumps(dict(zip(names, line, strict=True))) + "\n")
        return result

    iam_evaluator.evaluate = recorded
