"""The process of the local cloud: MiniStack, with two changes; started by ``process.py``, never imported.

1. The loopback counts as an encrypted connection, so that the TLS-only policies of queues and buckets stay in force.
2. With IAM_USAGE_FILE set, every permission that a function used or was refused is appended there, one JSON line each.
"""

import json
import os
from pathlib import Path
from typing import Any

from ministack import app
from ministack.core import iam_evaluator


def trust_loopback() -> None:
    """Let ``aws:SecureTransport`` be true for all requests; the server listens on 127.0.0.1 only."""
    pin = iam_evaluator.pin_request_origin

    def pinned(source_ip: str, _secure_transport: bool) -> None:
        pin(source_ip, True)

    app.pin_request_origin = pinned


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


if __name__ == "__main__":
    trust_loopback()
    usage = os.environ.pop("IAM_USAGE_FILE", "")
    if usage:
        record_usage(Path(usage))
    app.main()
