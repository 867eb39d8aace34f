"""A dossier on the wire (MES-26)."""

from typing import Self

from enghub.core import wire
from enghub.mes.defects.api import DefectResponse
from enghub.mes.dossiers.model import Dossier
from enghub.mes.inspections.api import InspectionResponse
from enghub.mes.ocap.api import CaseResponse
from enghub.mes.reports.answers import ProductionReportResponse
from enghub.mes.stock.api import LotResponse, MovementResponse, TraceResponse

BASE = "/api/v1/dossiers"


class SharedBatchResponse(wire.Response):
    """A supplier's batch in the lot, and which customers have it."""

    lot_id: str
    supplier_id: str
    supplier_lot: str | None
    customers: tuple[str, ...]


class DossierResponse(wire.Response):
    """All that is known of a lot; ``cut`` names lists that are longer than a dossier holds."""

    lot_id: str
    made_at: wire.Instant
    lot: LotResponse | None
    operators: tuple[str, ...]
    stations: tuple[str, ...]
    other_customers: tuple[str, ...]
    made_of: TraceResponse
    went_into: TraceResponse
    supplier_batches: list[SharedBatchResponse]
    movements: list[MovementResponse]
    reports: list[ProductionReportResponse]
    inspections: list[InspectionResponse]
    defects: list[DefectResponse]
    ocap: list[CaseResponse]
    cut: tuple[str, ...]

    @classmethod
    def of(cls, found: Dossier) -> Self:
        """Return the answer for a dossier."""
        return cls(
            lot_id=found.lot_id,
            made_at=found.made_at,
            lot=None if found.lot is None else LotResponse.of(found.lot),
            operators=found.operators,
            stations=found.stations,
            other_customers=found.other_customers,
            made_of=TraceResponse.of(found.lot_id, "backward", found.backward),
            went_into=TraceResponse.of(found.lot_id, "forward", found.forward),
            supplier_batches=[
                SharedBatchResponse(
                    lot_id=one.lot_id,
                    supplier_id=one.supplier_id,
                    supplier_lot=one.supplier_lot,
                    customers=one.customers,
                )
                for one in found.suppliers
            ],
            movements=[MovementResponse.of(one) for one in found.movements],
            reports=[ProductionReportResponse.of(one) for one in found.reports],
            inspections=[InspectionResponse.of(one) for one in found.inspections],
            defects=[DefectResponse.of(one) for one in found.defects],
            ocap=[CaseResponse.of(one) for one in found.cases],
            cut=found.cut,
        )
