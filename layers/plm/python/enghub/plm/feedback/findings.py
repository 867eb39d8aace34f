"""Findings from what the shop floor tells (PLM-16). Pure."""

from datetime import date

from enghub.plm.consumed import FloorDefects, InspectionDecided
from enghub.plm.feedback.model import Finding, Source

UNNAMED = "UNNAMED"


def of_defects(told: FloorDefects, *, is_back: bool) -> Finding | None:
    """Return what a report found, None where no piece was bad; ``is_back`` takes it back."""
    if told.defect_qty <= 0:
        return None
    causes = told.defect_types or (UNNAMED,)
    sign = -1 if is_back else 1
    return Finding(told.product_id, told.shift_date, Source.PRODUCTION, causes, told.defect_qty, told.operation, sign)


def of_inspection(told: InspectionDecided, day: date) -> Finding | None:
    """Return what a rejected lot says; its cause is the kind of the inspection."""
    if told.status != "REJECTED":
        return None
    causes = (f"REJECTED-{told.kind}",)
    return Finding(told.part_id, day, Source.INSPECTION, causes, told.nonconforming, told.operation or "")
