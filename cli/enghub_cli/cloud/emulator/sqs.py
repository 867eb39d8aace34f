"""Batches of SQS need the permission of the single action, as on AWS: IAM knows no ``sqs:SendMessageBatch``."""

from typing import Any

from ministack.core import iam_actions


def patch() -> None:
    """Let ``sqs:SendMessageBatch`` and its like count as ``sqs:SendMessage`` (SQS guide, "API permissions")."""
    extract = iam_actions.extract_iam_action

    def extracted(service: str, *request: Any) -> str | None:
        action: str | None = extract(service, *request)
        return action.removesuffix("Batch") if action and service == "sqs" else action

    iam_actions.extract_iam_action = extracted
