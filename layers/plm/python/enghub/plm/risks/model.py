"""Quality risk of a change: action priority by the AIAG-VDA table, the risk priority number, every factor (PLM-10).

The edition is in the answer: public copies of the table differ in some cells; ours is the table for PFMEA of the AIAG
& VDA FMEA Handbook, first edition 2019, as RULES states it band by band.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from enghub.plm.changes.model import ChangeCategory
from enghub.plm.risks.errors import RatingRefused

EDITION = "AIAG & VDA FMEA Handbook, 1st edition 2019, PFMEA"


class Priority(StrEnum):
    """How urgent action is."""

    HIGH = "H"
    MEDIUM = "M"
    LOW = "L"


RULES: Sequence[tuple[int, Mapping[int, str]]] = (
    (9, {8: "HHHH", 6: "HHHH", 4: "HHHM", 2: "HMLL", 1: "LLLL"}),
    (7, {8: "HHHH", 6: "HHHM", 4: "HMMM", 2: "MMLL", 1: "LLLL"}),
    (4, {8: "HHMM", 6: "MMML", 4: "MLLL", 2: "LLLL", 1: "LLLL"}),
    (2, {8: "MMLL", 6: "LLLL", 4: "LLLL", 2: "LLLL", 1: "LLLL"}),
    (1, {1: "LLLL"}),
)
"""Severity from, occurrence from: the priority at detection 7 to 10, 5 and 6, 2 to 4, 1."""


def action_priority(severity: int, occurrence: int, detection: int) -> Priority:
    """Return the action priority of ratings from 1 to 10.

    Raises:
        RatingRefused: a rating is outside 1 to 10.
    """
    for name, value in (("severity", severity), ("occurrence", occurrence), ("detection", detection)):
        if not 1 <= value <= 10:
            raise RatingRefused(field=name, value=value)
    bands = next(found for least, found in RULES if severity >= least)
    row = next(found for least, found in bands.items() if occurrence >= least)
    column = 0 if detection >= 7 else 1 if detection >= 5 else 2 if detection >= 2 else 3
    return Priority(row[column])


@dataclass(frozen=True, slots=True)
class Factor:
    """One reason for a rating: what, how much it adds."""

    rating: str
    name: str
    value: str
    points: int


@dataclass(frozen=True, slots=True)
class Risk:
    """A scored assessment with every factor."""

    severity: int
    occurrence: int
    detection: int
    priority: Priority
    rpn: int
    edition: str
    factors: tuple[Factor, ...]


SEVERITIES: Mapping[ChangeCategory, int] = {
    ChangeCategory.CRITICAL: 9,
    ChangeCategory.MAJOR: 7,
    ChangeCategory.MINOR: 4,
    ChangeCategory.GENERAL: 2,
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the assessment is made from."""

    category: ChangeCategory
    key_components: int
    open_orders: int
    finished_products: int
    rejected_inspections: int
    open_inspections: int


def assess(found: Evidence) -> Risk:
    """Return the risk: severity from level and key components, occurrence from how much it touches and what was
    rejected, detection from whether inspections look at it.
    """
    factors = [
        Factor("severity", "changeLevel", found.category.value, SEVERITIES[found.category]),
        Factor("severity", "keyComponents", str(found.key_components), 1 if found.key_components else 0),
        Factor("occurrence", "base", "", 2),
        Factor("occurrence", "finishedProducts", str(found.finished_products), min(found.finished_products, 2)),
        Factor("occurrence", "openOrders", str(found.open_orders), min(found.open_orders, 2)),
        Factor(
            "occurrence", "rejectedInspections", str(found.rejected_inspections), min(found.rejected_inspections, 4)
        ),
        Factor("detection", "base", "", 7),
        Factor("detection", "openInspections", str(found.open_inspections), -3 if found.open_inspections else 0),
    ]
    severity, occurrence, detection = (
        max(1, min(10, sum(one.points for one in factors if one.rating == rating)))
        for rating in ("severity", "occurrence", "detection")
    )
    priority = action_priority(severity, occurrence, detection)
    rpn = severity * occurrence * detection
    return Risk(severity, occurrence, detection, priority, rpn, EDITION, tuple(factors))
