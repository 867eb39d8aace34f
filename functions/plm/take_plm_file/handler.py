"""Takes files that were dropped into the exchange bucket, and reports what became of their records (PLM-21).

Trigger: SQS queue take_plm_file, filled by S3 (an object below ``plm/exchange/`` was created) and by the outbox (a run
that took a file ended). Safe to repeat. Runbook: docs/runbooks/plm-files.md.
"""

from enghub.core import clock, entrypoints
from enghub.core.observability import count, logger
from enghub.plm.exchange.model import Dropped
from enghub.plm.gateways.exchange import intake


def take_plm_file(message: entrypoints.Message) -> None:
    """Do what the message tells: an object that is there, or a run that ended."""
    if "payload" in message.body:
        intake().report(message.body["tenant_id"], message.body["payload"]["run_id"])
        return
    told_at = message.body.get("time")
    dropped = Dropped.of(message.body["detail"]["object"], clock.from_text(told_at) if told_at else None)
    if dropped is None:
        return
    run = intake().take(dropped)
    if run is None:
        logger.info("a file that is known, or nobody's", key=dropped.key)
    else:
        count("plm.files.refused" if run.ended else "plm.files.taken")


lambda_handler = entrypoints.queue(take_plm_file)
