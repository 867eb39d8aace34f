"""All that is known of a lot: what a customer asks for as proof (MES-26). Pure."""

from dataclasses import dataclass, field
from datetime import datetime

from enghub.mes.defects.model import Defect
from enghub.mes.inspections.model import InspectionOrder
from enghub.mes.ocap.model import Case
from enghub.mes.reports.model import Report
from enghub.mes.stock.model import Lot, Movement, Trace


@dataclass(frozen=True, slots=True)
class SharedBatch:
    """A supplier's batch in the lot, and which customers have it too."""

    lot_id: str
    supplier_id: str
    supplier_lot: str | None
    customers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Dossier:
    """One lot with its genealogy, and what happened to the orders that made it.

    ``complete`` is False where a list is longer than a dossier holds; ``cut`` names those lists.
    """

    lot_id: str
    lot: Lot | None
    made_at: datetime
    backward: Trace
    forward: Trace
    suppliers: tuple[SharedBatch, ...]
    movements: tuple[Movement, ...]
    reports: tuple[Report, ...]
    inspections: tuple[InspectionOrder, ...]
    defects: tuple[Defect, ...]
    cases: tuple[Case, ...]
    cut: tuple[str, ...] = field(default=())

    @property
    def operators(self) -> tuple[str, ...]:
        """Who made it."""
        return tuple(sorted({one.produced_by for one in self.reports}))

    @property
    def stations(self) -> tuple[str, ...]:
        """Where it was made."""
        return tuple(sorted({one.station_id for one in self.reports}))

    @property
    def other_customers(self) -> tuple[str, ...]:
        """Who has the same supplier batches, beyond those who have this lot."""
        return tuple(sorted({name for one in self.suppliers for name in one.customers} - set(self.forward.customers)))
