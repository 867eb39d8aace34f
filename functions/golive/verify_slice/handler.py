"""Does one slice of a verification and asks for the next one (OPS-06).

Trigger: SQS queue verify_slice, filled by the outbox. A command that comes again finds its slice done; what cannot be
compared now comes again later. Runbook: docs/runbooks/golive-verification.md.
"""

from enghub.core import entrypoints
from enghub.golive.verification import wiring


def verify_slice(message: entrypoints.Message) -> None:
    """Do what the command names."""
    command = message.body["payload"]
    tenant_id, name = message.body["tenant_id"], command["verificationId"]
    wiring.verifications().do_slice(tenant_id, name, command["slice"], wiring.compare)


lambda_handler = entrypoints.queue(verify_slice)
