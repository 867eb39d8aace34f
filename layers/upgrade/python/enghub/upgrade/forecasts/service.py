"""Finds what a plan's versions took at other sites, in the records of the upgrades that succeeded there (UPG-04)."""

from collections.abc import Iterator
from dataclasses import dataclass

from enghub.upgrade.executions.model import Execution, Status
from enghub.upgrade.executions.repository import Executions
from enghub.upgrade.executions.step import StepStatus
from enghub.upgrade.planning.forecast import Forecast, Took, forecast_of
from enghub.upgrade.planning.service import Planned
from enghub.upgrade.sites.repository import Sites

PAGE = 100
PAGES = 5
"""Of the newest executions that are looked through."""
ENOUGH = 12
"""Upgrades of other sites whose steps are read."""


@dataclass(frozen=True, slots=True)
class Forecasts:
    """The use case."""

    executions: Executions
    sites: Sites

    def of(self, tenant_id: str, planned: Planned) -> Forecast | None:
        """Return the forecast of a plan, None when no other site with the same kind of database ran any of it."""
        took = [self._took(tenant_id, one) for one in self._elsewhere(tenant_id, planned)]
        return forecast_of(planned.plan.steps, planned.checksums, took)

    def _elsewhere(self, tenant_id: str, planned: Planned) -> Iterator[Execution]:
        """Yield the newest upgrades to one of the plan's versions, one per site and path."""
        kinds = {kept.value.site_id: kept.value.dialect for kept in self.sites.find(tenant_id)}
        seen: set[tuple[str, frozenset[str]]] = set()
        for execution in self._newest(tenant_id):
            shared = frozenset(execution.revisions) & set(planned.revisions)
            known = (execution.site_id, shared)
            is_other = execution.site_id != planned.site.site_id
            is_alike = kinds.get(execution.site_id) is planned.site.dialect
            if not (shared and is_other and is_alike) or execution.status is not Status.SUCCEEDED or known in seen:
                continue
            seen.add(known)
            yield execution
            if len(seen) == ENOUGH:
                return

    def _newest(self, tenant_id: str) -> Iterator[Execution]:
        cursor: str | None = None
        for _ in range(PAGES):
            found, cursor = self.executions.find(tenant_id, PAGE, cursor)
            yield from found
            if cursor is None:
                return

    def _took(self, tenant_id: str, execution: Execution) -> Took:
        steps = self.executions.steps(tenant_id, execution.execution_id)
        seconds = {one.key: one.active_milliseconds / 1000 for one in steps if one.status is StepStatus.SUCCEEDED}
        return Took(execution.site_id, execution.checksums, seconds)
