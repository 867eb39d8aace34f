"""Reads control charts: characteristics, samples on their charts, signals, capability (MES-11).

Trigger: GET /api/v1/spc/characteristics, .../{characteristicId}, .../{characteristicId}/{chart|signals}.
Runbook: docs/runbooks/mes-quality.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from enghub.core import entrypoints, http, wire
from enghub.mes import rights
from enghub.mes.charts import wiring as charts
from enghub.mes.charts.api import BASE, CharacteristicResponse, CharacteristicsResponse, ChartResponse, SignalsResponse
from enghub.mes.factories import Factory

app = http.resolver()
CharacteristicId = Annotated[wire.PathId, Path()]
Size = Annotated[int, Query(ge=1, le=100, alias="pageSize")]
Cursor = Annotated[str | None, Query(max_length=2000)]
ProductId = Annotated[wire.Code | None, Query(alias="productId")]


@app.get(BASE, right=rights.READ_QUALITY)
def list_characteristics(
    product_id: ProductId = None,
    page_size: Size = 50,
    cursor: Cursor = None,
) -> CharacteristicsResponse:
    """Return one page of characteristics, of one product or of all."""
    factory = Factory.of(http.call(app).origin)
    return CharacteristicsResponse.of(charts.control_charts().find(factory, product_id, page_size, cursor))


@app.get(f"{BASE}/<characteristic_id>", right=rights.READ_QUALITY)
def get_characteristic(characteristic_id: CharacteristicId) -> CharacteristicResponse:
    """Return a characteristic with the limits in force."""
    factory = Factory.of(http.call(app).origin)
    return CharacteristicResponse.of(charts.control_charts().get(factory, characteristic_id))


@app.get(f"{BASE}/<characteristic_id>/chart", right=rights.READ_QUALITY)
def get_chart(characteristic_id: CharacteristicId, points: Annotated[int, Query(ge=1, le=500)] = 100) -> ChartResponse:
    """Return the last points with limits, the tests they fail, and capability."""
    factory = Factory.of(http.call(app).origin)
    return ChartResponse.of(charts.control_charts().view(factory, characteristic_id, points))


@app.get(f"{BASE}/<characteristic_id>/signals", right=rights.READ_QUALITY)
def list_signals(characteristic_id: CharacteristicId, page_size: Size = 50, cursor: Cursor = None) -> SignalsResponse:
    """Return one page of signals, the newest first."""
    factory = Factory.of(http.call(app).origin)
    return SignalsResponse.of(charts.control_charts().signals(factory, characteristic_id, page_size, cursor))


lambda_handler = entrypoints.http(app)
