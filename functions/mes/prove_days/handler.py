"""Proves that a day's figures and the orders' counters equal the ledger; repairs what is derived, names what differs.

Trigger: schedule, every hour, for yesterday, today and tomorrow (UTC) of every factory; by hand for any day with
``{"tenant_id", "factory_id", "date"}``. Emits metrics DaysRepaired and DaysInDoubt (MES-05, MES-15).
Runbook: docs/runbooks/mes-daily-summary.md.
"""

from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

from enghub.core import entrypoints
from enghub.core.clock import system_clock
from enghub.core.observability import count, logger
from enghub.mes.factories import Factory
from enghub.mes.summaries import wiring
from enghub.mes.summaries.model import Day


def _days(event: dict[str, Any]) -> list[Day]:
    if "tenant_id" in event:
        return [Day(Factory(event["tenant_id"], event["factory_id"]), date.fromisoformat(event["date"]))]
    today = system_clock().date()
    days = [today + timedelta(days=number) for number in (-1, 0, 1)]
    return [Day(factory, day) for factory in wiring.ledger().factories() for day in days]


def prove_days(event: dict[str, Any]) -> dict[str, Any]:
    """Prove the days asked for; returns sums of what was found, and what differs by name.

    Raises:
        RuntimeError: some days could not be compared; the others were.
    """
    service, found, failed = wiring.reconciliation(), [], 0
    days = _days(event)
    for day in days:
        about = {**asdict(day.factory), "date": day.day.isoformat()}
        try:
            proof = service.prove(day)
        except Exception:
            logger.exception("day not compared", extra=about)
            failed += 1
            continue
        logger.info("day compared", extra={**about, **asdict(proof)})
        found.append(proof)
    count("DaysRepaired", sum(1 for proof in found if proof.added or proof.corrected))
    count("DaysInDoubt", sum(1 for proof in found if not proof.agrees))
    if failed:
        message = f"{failed} of {len(days)} days could not be compared"
        raise RuntimeError(message)
    return {
        "days": len(days),
        **{name: sum(getattr(proof, name) for proof in found) for name in ("reports", "added", "corrected", "moving")},
        "differences": [difference for proof in found for difference in proof.differences],
    }


lambda_handler = entrypoints.task(prove_days)
