"""APQP projects with the PLM's side of them (PLM-13), by REST or SOAP.

``GET {baseUrl}/apqp/projects/{projectCode}``; ``POST {baseUrl}/apqp/gates`` with ``Idempotency-Key``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from enghub.core.clock import system_clock
from enghub.core.i18n import Text
from enghub.plm.apqp.dynamo import DynamoProjects
from enghub.plm.apqp.model import Project
from enghub.plm.apqp.service import ProjectBook
from enghub.plm.gateways.calls import plm_calls
from enghub.plm.gateways.plm_calls import READ_PROJECT, TAKE_GATE, PlmCalls
from enghub.plm.ppaps.dynamo import DynamoPpaps
from enghub.plm.ppaps.model import PpapStatus
from enghub.plm.syncs.errors import PlmRefused

_NO_PROJECT = Text("the answer holds no project", "响应中没有项目")
MOST_PPAPS = 100


@dataclass(frozen=True, slots=True)
class CalledProjects:
    """The PlmProjects of ``apqp.repository`` over the tenant's connections."""

    calls: PlmCalls

    def gate(self, connection: str, tenant_id: str, push_id: str, told: Mapping[str, Any]) -> None:
        """See PlmProjects."""
        self.calls.told(connection, tenant_id, TAKE_GATE, push_id, told)

    def project(self, connection: str, tenant_id: str, project_code: str) -> Mapping[str, Any]:
        """See PlmProjects."""
        found = self.calls.asked(connection, tenant_id, READ_PROJECT, projectCode=project_code)
        deliverables = found.get("deliverables", [])
        if isinstance(deliverables, dict):
            deliverables = [deliverables]  # by SOAP one alone is no list
        if not isinstance(deliverables, list) or not all(isinstance(one, dict) for one in deliverables):
            raise PlmRefused(problem=_NO_PROJECT)
        return {**found, "deliverables": deliverables}


def ppap_of(project: Project, today: date) -> bool | None:
    """Tell whether the project's newest PPAP is approved in full; None where it has none."""
    found = DynamoPpaps().of_product(project.tenant_id, project.product_code, MOST_PPAPS, None).ppaps
    own = [one for one in found if one.project_code == project.project_code]
    newest = max(own, key=lambda one: one.ppap_id, default=None)
    return None if newest is None else newest.status_on(today) is PpapStatus.APPROVED


@cache
def projects() -> ProjectBook:
    """Return the APQP projects."""
    return ProjectBook(DynamoProjects(), CalledProjects(plm_calls()), ppap_of, system_clock)
