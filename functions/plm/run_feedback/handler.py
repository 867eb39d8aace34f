"""Makes the quality feedback of a day: suggestions from counts, once each; goes on where it broke off (PLM-16).

Trigger: SQS queue run_feedback, filled by the daily timer and by people. Events: DesignImprovementSuggested,
NoticeRequested. Runbook: docs/runbooks/plm-feedback.md.
"""

from datetime import date

from enghub.core import entrypoints
from enghub.core.observability import count
from enghub.plm.gateways.feedback import feedback


def run(message: entrypoints.Message) -> None:
    """Make the day that the command names."""
    body = message.body
    made = feedback().run(body["tenant_id"], date.fromisoformat(body["payload"]["day"]), body["message_id"])
    count("plm.feedback.suggestions", len(made.suggestions))


lambda_handler = entrypoints.queue(run)
