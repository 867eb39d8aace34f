"""Moves stock: receipts, issues, moves, reservations, holds of lots (MES-13).

Trigger: POST /api/v1/inventory/{receipts|issues|moves|reservations}, POST .../reservations/{reservationId}/release,
POST .../lots/{lotId}/{hold|release}.
Events: StockChanged, LotHeld, LotReleased.
Runbook: docs/runbooks/mes-inventory.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path

from enghub.core import entrypoints, http, wire
from enghub.mes import rights
from enghub.mes.stock.api import (
    BASE,
    HoldRequest,
    IssueRequest,
    LotResponse,
    MovementResponse,
    MoveRequest,
    ReceiptRequest,
    ReleaseRequest,
    ReservationResponse,
    ReserveRequest,
)
from enghub.mes.stock.service import PERSON
from enghub.mes.stock.wiring import stock

app = http.resolver()
LotId = Annotated[wire.PathId, Path()]


@app.post(f"{BASE}/receipts", right=rights.MOVE_STOCK, key="optional", status_code=201)
def receive_stock(request: ReceiptRequest) -> MovementResponse:
    """Take material in; the first receipt of a lot makes the lot."""
    call = http.call(app)
    service = stock(call.claim(MovementResponse.of))
    return MovementResponse.of(service.receive(request.to_command(call.origin)))


@app.post(f"{BASE}/issues", right=rights.MOVE_STOCK, key="optional", status_code=201)
def issue_stock(request: IssueRequest) -> MovementResponse:
    """Take material out: of a lot, first expired first out, or what was reserved."""
    call = http.call(app)
    service = stock(call.claim(MovementResponse.of))
    if request.reservation_id is not None:
        return MovementResponse.of(service.consume(call.origin, request.reservation_id, request.purpose))
    return MovementResponse.of(service.issue(request.to_command(call.origin)))


@app.post(f"{BASE}/moves", right=rights.MOVE_STOCK, key="optional", status_code=201)
def move_stock(request: MoveRequest) -> MovementResponse:
    """Take a lot, or a part of it, to another place."""
    call = http.call(app)
    service = stock(call.claim(MovementResponse.of))
    return MovementResponse.of(service.move(request.to_command(call.origin), request.to))


@app.post(f"{BASE}/reservations", right=rights.MOVE_STOCK, key="optional", status_code=201)
def reserve_stock(request: ReserveRequest) -> ReservationResponse:
    """Keep material for an order."""
    call = http.call(app)
    service = stock(call.claim(ReservationResponse.of))
    return ReservationResponse.of(service.reserve(request.to_command(call.origin)))


@app.post(f"{BASE}/reservations/<reservation_id>/release", right=rights.MOVE_STOCK)
def release_reservation(reservation_id: Annotated[wire.PathId, Path()]) -> ReservationResponse:
    """Free what was reserved."""
    return ReservationResponse.of(stock().give_back(http.call(app).origin, reservation_id))


@app.post(f"{BASE}/lots/<lot_id>/hold", right=rights.HOLD_LOT)
def hold_lot(lot_id: LotId, request: HoldRequest) -> LotResponse:
    """Hold a lot: nothing of it goes out until every cause is released."""
    origin = http.call(app).origin
    return LotResponse.of(stock().hold(origin, lot_id, f"{PERSON}{origin.user_id}", request.reason))


@app.post(f"{BASE}/lots/<lot_id>/release", right=rights.HOLD_LOT)
def release_lot(lot_id: LotId, request: ReleaseRequest) -> LotResponse:
    """Take one cause's hold away."""
    origin = http.call(app).origin
    cause = request.cause or f"{PERSON}{origin.user_id}"
    return LotResponse.of(stock().release(origin, lot_id, cause, request.reason))


lambda_handler = entrypoints.http(app)
