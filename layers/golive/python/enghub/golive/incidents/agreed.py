"""What a rule of the tenant says of an incident's clocks, instead of the built-in targets (OPS-10, CFG-15). Pure.

The rule is a decision table. It is asked with ``severity`` (P0 to P3), ``service`` and ``environment`` of an incident
that opens or changes its severity; its results are minutes by clock: ``respond``, ``meeting``, ``diagnosis``,
``workaround``, ``resolve``, ``update``. What it leaves out, or says null for, is as built in. It is never a reason not
to page.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from enghub.golive.incidents.services import OperatedService
from enghub.golive.incidents.targets import CLOCKS, IncidentSeverity
from enghub.kit.rulings.asking import ask, whole
from enghub.kit.rulings.model import ActiveRule

MOST_MINUTES = 366 * 24 * 60


@dataclass(frozen=True, slots=True)
class Agreed:
    """Minutes by clock that a version of a rule says, or why it could not decide."""

    rule: str
    version: int
    minutes: Mapping[str, int] = field(default_factory=dict)
    problem: str = ""


def agreed(rule: ActiveRule, service: OperatedService, severity: IncidentSeverity) -> Agreed | None:
    """Return what a rule says of an incident; None where no row fits. A rule that fails is told with its problem."""
    inputs = {"severity": severity.value, "service": service.service_id, "environment": service.environment}
    answer = ask(rule, inputs, _minutes)
    if answer is None:
        return None
    minutes, by = answer
    return Agreed(by.rule, by.version, minutes or {}, by.problem)


def _minutes(result: Mapping[str, Any]) -> dict[str, int]:
    said = {clock: whole(result, clock, 1, MOST_MINUTES) for clock in sorted(CLOCKS & result.keys())}
    return {clock: minutes for clock, minutes in said.items() if minutes is not None}
