"""Builds what decides about requests for change of every kind, and makes what was approved, once per process."""

from dataclasses import replace
from functools import cache

from enghub.core.clock import system_clock
from enghub.core.identity import Origin
from enghub.core.timers.model import DueTimer
from enghub.core.timers.waking import Handler
from enghub.settings import release_wiring
from enghub.settings.approvals.model import DUE
from enghub.settings.approvals.service import Approving, Executor
from enghub.settings.business_rules import service as rules
from enghub.settings.configs import wiring as configs
from enghub.settings.flags import approving as flags
from enghub.settings.flags import staging
from enghub.settings.flags import wiring as flag_wiring
from enghub.settings.folders import wiring as folder_wiring
from enghub.settings.releases import approving as releases
from enghub.settings.rule_wiring import rule_reader

FOLDER = "folder"
"""The kind of a request of ``folders/approving``, which is imported where it is used."""


@cache
def approving() -> Approving:
    """Return the use cases of requests for change; each kind of thing has its executor here."""
    found = configs.approving()
    more: dict[str, Executor] = {
        rules.KIND: rule_reader(),
        flags.KIND: flags.FlagExecutor(flag_wiring.reader()),
        FOLDER: folder_wiring.executor(),
        releases.KIND: releases.ReleaseExecutor(release_wiring.deciding()),
    }
    return replace(found, executors={**found.executors, **more})


def timer_handlers() -> dict[str, Handler]:
    """Return what the timers of requests do, by purpose."""
    return {DUE: _settle, staging.DUE: _settle_flags}


def _settle_flags(due: DueTimer) -> None:
    at = max(due.due, system_clock())
    staging.settle(
        due.tenant_id, due.payload["stageId"], Origin(due.tenant_id, "", "system", at, request_id=due.version), due
    )


def _settle(due: DueTimer) -> None:
    at = max(due.due, system_clock())
    approving().due(due, Origin(due.tenant_id, "", "system", at, request_id=due.version))
