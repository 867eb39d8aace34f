"""Reads configuration: the effective value of a key, one layer's own item, lists of a layer.

Trigger: GET /api/v1/system-config, GET /api/v1/system-config/{configKey}.
Runbook: docs/runbooks/settings-configs.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from enghub.core import entrypoints, http, wire
from enghub.core.conditional import tagged
from enghub.settings import rights, wiring
from enghub.settings.configs.api import (
    BASE,
    KEY_SHOWN,
    ConfigListResponse,
    ConfigResponse,
    EffectiveResponse,
    Tag,
    asked,
)
from enghub.settings.configs.listing import Filter, Order, SortBy
from enghub.settings.configs.model import Layer, Scope

app = http.resolver()

KeyNamed = Annotated[str, Path(json_schema_extra=KEY_SHOWN)]
TenantNamed = Annotated[str | None, Query(alias="tenantId")]


@app.get(BASE, right=rights.READ_CONFIG)
def list_configs(
    *,
    layer: Annotated[Layer, Query()] = Layer.TENANT,
    tenant_id: TenantNamed = None,
    scope: Annotated[Scope | None, Query()] = None,
    category: Annotated[str | None, Query(max_length=64)] = None,
    keyword: Annotated[str | None, Query(max_length=200)] = None,
    tags: Annotated[list[Tag], Query(max_length=20)] = [],  # noqa: B006 - read once, by the resolver
    start_time: Annotated[wire.Instant | None, Query(alias="startTime")] = None,
    end_time: Annotated[wire.Instant | None, Query(alias="endTime")] = None,
    page: Annotated[int, Query(ge=1, le=1000)] = 1,
    size: Annotated[int, Query(ge=1, le=100)] = 20,
    sort: Annotated[SortBy, Query()] = SortBy.CREATED_AT,
    order: Annotated[Order, Query()] = Order.DESC,
) -> ConfigListResponse:
    """List the items of one layer that fit every filter."""
    ask = asked(app, layer, tenant_id)
    wanted = Filter(scope, category, keyword, tuple(tags), start_time, end_time)
    found = wiring.configs().listing(ask.owner, wanted, sort=sort, order=order, page=page, size=size)
    return ConfigListResponse.of(layer, found)


@app.get(f"{BASE}/<config_key>", right=rights.READ_CONFIG, etag="read")
def read_config(
    config_key: KeyNamed,
    layer: Annotated[Layer | None, Query()] = None,
    tenant_id: TenantNamed = None,
) -> Response[EffectiveResponse | ConfigResponse | None]:
    """Answer the effective value, or one layer's own item when ``layer`` names it."""
    ask = asked(app, layer or Layer.USER, tenant_id)
    configs = wiring.configs()
    if layer is not None:
        config = configs.detail(ask.address(config_key))
        return tagged(app, ConfigResponse.of(config), config.etag)
    at = ask.call.origin.at
    found = configs.effective(ask.owner, config_key, at)
    return tagged(app, EffectiveResponse.of_effective(found, at), found.etag(at))


lambda_handler = entrypoints.http(app)
