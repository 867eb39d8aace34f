"""The process of the local cloud: MiniStack, with three changes; started by ``process.py``, never imported.

1. The loopback counts as an encrypted connection, so that the TLS-only policies of queues and buckets stay in force.
2. Batches of SQS need the permission of the single action, as on AWS: there is no ``sqs:SendMessageBatch`` in IAM.
3. With IAM_USAGE_FILE set, every permission that a function used or was refused is appended there, one JSON line each.
"""

import json
import os
from pathlib import Path
from typing import Any

from ministack import app
from ministack.core import iam_actions, iam_evaluator


def trust_loopback() -> None:
    """Let ``aws:SecureTransport`` be true for all requests; the server listens on 127.0.0.1 only."""
    pin = iam_evaluator.pin_request_origin

    def pinned(source_ip: str, _secure_transport: bool) -> None:
        pin(source_ip, True)

    app.pin_request_origin = pinned


def name_batches_as_aws_does() -> None:
    """Let ``sqs:SendMessageBatch`` and its like count as ``sqs:SendMessage`` (SQS guide, "API permissions")."""
    extract = iam_actions.extract_iam_action

    def extracted(service: str, *request: Any) -> str | None:
        action: str | None = extract(service, *request)
        return action.removesuffix("Batch") if action and service == "sqs" else action

    iam_actions.extract_iam_action = extracted


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
    name_batches_as_aws_does()
    usage = os.environ.pop("IAM_USAGE_FILE", "")
    if usage:
        record_usage(Path(usage))
    app.main()
