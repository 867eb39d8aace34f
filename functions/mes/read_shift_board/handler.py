"""Shows the board of one shift: plan, output, yield, OEE and open alarms per line (MES-14).

Trigger: GET /api/v1/dashboard/shift-board?date=&shift=.
Runbook: docs/runbooks/mes-shift-board.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from enghub.core import entrypoints, http
from enghub.mes import rights
from enghub.mes.boards import wiring
from enghub.mes.boards.api import BoardQuery, BoardResponse
from enghub.mes.factories import Factory

app = http.resolver()


@app.get("/api/v1/dashboard/shift-board", right=rights.READ_BOARD)
def read_shift_board(query: Annotated[BoardQuery, Query()]) -> BoardResponse:
    """Return the board of the caller's factory; without lines when nothing was planned or reported."""
    call = http.call(app)
    return BoardResponse.of(wiring.shift_boards().read(query.to_key(Factory.of(call.origin))))


lambda_handler = entrypoints.http(app)
