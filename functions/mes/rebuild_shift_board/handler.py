"""Compares shift boards with the reports and orders they are made from, repairs them and proves that they agree.

Trigger: schedule, every 15 minutes, for all boards of yesterday, today and tomorrow (UTC); by hand for one board with
``{"tenant_id", "factory_id", "date", "shift"}``. Emits metrics BoardsRepaired and BoardsInDoubt (MES-05, MES-14).
Runbook: docs/runbooks/mes-shift-board.md.
"""

from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

from enghub.core import entrypoints
from enghub.core.clock import system_clock
from enghub.core.observability import count, logger
from enghub.mes.boards import wiring
from enghub.mes.boards.model import BoardKey
from enghub.mes.factories import Factory


def rebuild_shift_board(event: dict[str, Any]) -> dict[str, Any]:
    """Reconcile the boards asked for; returns sums of what was found.

    Raises:
        RuntimeError: some boards could not be compared; the others were.
    """
    service = wiring.reconciliation()
    if "tenant_id" in event:
        factory = Factory(event["tenant_id"], event["factory_id"])
        boards = [BoardKey(factory, date.fromisoformat(event["date"]), event["shift"])]
    else:
        today = system_clock().date()
        boards = [board for days in (-1, 0, 1) for board in service.boards_on(today + timedelta(days=days))]
    found, failed = [], 0
    for board in boards:
        about = {**asdict(board.factory), "date": board.shift_on.isoformat(), "shift": board.shift}
        try:
            result = service.reconcile(board)
        except Exception:
            logger.exception("board not compared", extra=about)
            failed += 1
            continue
        logger.info("board compared", extra={**about, **asdict(result)})
        found.append(result)
    repaired = sum(1 for result in found if result.missing or result.corrected or result.plans)
    in_doubt = sum(1 for result in found if not result.agrees)
    count("BoardsRepaired", repaired)
    count("BoardsInDoubt", in_doubt)
    if failed:
        message = f"{failed} of {len(boards)} boards could not be compared"
        raise RuntimeError(message)
    return {
        "boards": len(boards),
        "reports": sum(result.reports for result in found),
        "missing": sum(result.missing for result in found),
        "corrected": sum(result.corrected for result in found),
        "plans": sum(result.plans for result in found),
        "moving": sum(result.moving for result in found),
        "in_doubt": in_doubt,
    }


lambda_handler = entrypoints.task(rebuild_shift_board)
