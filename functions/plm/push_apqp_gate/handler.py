"""Tells the PLM that an APQP gate is passed, once; what does not arrive is tried again by a timer (PLM-13).

Trigger: SQS queue push_apqp_gate, filled by the outbox and by timers. Runbook: docs/runbooks/plm-apqp.md.
"""

from enghub.core import entrypoints
from enghub.core.observability import count
from enghub.plm.apqp.catalogue import Phase
from enghub.plm.gateways.apqp import projects


def push(message: entrypoints.Message) -> None:
    """Push the gate that the command names."""
    named = message.body["payload"]
    state = projects().push(message.body["tenant_id"], named["project_code"], Phase(named["phase"]))
    count(f"plm.apqp.push.{state.value.lower()}")


lambda_handler = entrypoints.queue(push)
