"""Reads configuration: the effective value of a key, one layer's own item, lists of a layer, versions, why it is so.

Trigger: GET /api/v1/system-config, GET /api/v1/system-config/{configKey}, and below that /history,
/versions/{version}, /compare, /explain; POST /api/v1/system-config/impact.
Runbook: docs/runbooks/settings-configs.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from enghub.core import entrypoints, http, wire
from enghub.core.conditional import tagged, untagged
from enghub.settings import rights, wiring
from enghub.settings.configs.answers import (
    ComparisonResponse,
    ConfigListResponse,
    ConfigResponse,
    EffectiveResponse,
    ExplanationResponse,
    HistoryResponse,
    VersionResponse,
)
from enghub.settings.configs.api import BASE, REVEAL, asked
from enghub.settings.configs.impact_answers import ImpactResponse, ImpactShown
from enghub.settings.configs.listing import Filter, Order, SortBy
from enghub.settings.configs.model import Layer, Scope
from enghub.settings.configs.requests import KEY_SHOWN, ImpactRequest, Tag, VersionQuery
from enghub.settings.configs.reveal_answers import told_effective, told_item

app = http.resolver()

READS = (rights.READ_CONFIG, *REVEAL.values())
KeyNamed = Annotated[str, Path(json_schema_extra=KEY_SHOWN)]
LayerNamed = Annotated[Layer, Query()]
LayerWanted = Annotated[Layer | None, Query()]
TenantNamed = Annotated[str | None, Query(alias="tenantId")]
VersionNamed = Annotated[int, Path(ge=1, le=1_000_000_000)]
Revealed = Annotated[bool, Query()]


@app.get(BASE, right=rights.READ_CONFIG)
def list_configs(
    *,
    layer: LayerNamed = Layer.TENANT,
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
    after: Annotated[str | None, Query(max_length=255)] = None,
) -> ConfigListResponse:
    """List the items of one layer that fit every filter.

    ``after`` (empty to begin) goes through the layer by key, at the same cost however many items there are: take
    ``nextAfter`` of the answer until it is null. ``page``, ``sort`` and ``order`` mean nothing then.
    """
    ask = asked(app, layer, tenant_id)
    wanted = Filter(scope, category, keyword, tuple(tags), start_time, end_time)
    if after is not None:
        return ConfigListResponse.of(layer, wiring.config_reader().listing_by_key(ask.owner, wanted, after, size))
    found = wiring.config_reader().listing(ask.owner, wanted, sort=sort, order=order, page=page, size=size)
    return ConfigListResponse.of(layer, found)


@app.get(f"{BASE}/<config_key>", right=READS, etag="read", sensitive="data", about="config_key")
def read_config(
    config_key: KeyNamed, layer: LayerWanted = None, tenant_id: TenantNamed = None, *, reveal: Revealed = False
) -> Response[EffectiveResponse | ConfigResponse | None]:
    """Answer the effective value, or the item of the ``layer`` named; a secret only with ``reveal``: it is audited."""
    ask = asked(app, layer or Layer.USER, tenant_id)
    ask.call.require(rights.READ_CONFIG)
    configs, at = wiring.config_reader(), ask.call.origin.at
    if layer is not None:
        config = configs.detail(ask.address(config_key))
        if reveal and config.content.is_encrypted:
            return untagged(app, told_item(ask, config, wiring.revealing()))
        return tagged(app, ConfigResponse.of(config, at), config.etag)
    found = configs.effective(ask.owner, config_key, at)
    if reveal and found.secret_layers:
        return untagged(app, told_effective(ask, found, wiring.revealing()))
    return tagged(app, EffectiveResponse.of_effective(found, at), found.now.etag(at))


@app.get(f"{BASE}/<config_key>/history", right=rights.READ_CONFIG)
def read_history(
    config_key: KeyNamed,
    layer: LayerNamed = Layer.TENANT,
    tenant_id: TenantNamed = None,
    page_size: Annotated[int, Query(ge=1, le=100, alias="pageSize")] = 20,
    cursor: Annotated[str | None, Query(max_length=2000)] = None,
) -> HistoryResponse:
    """List the versions of one layer's item, the newest first; deletions are versions too."""
    ask = asked(app, layer, tenant_id)
    return HistoryResponse.of(wiring.config_reader().history(ask.address(config_key), page_size, cursor))


@app.get(f"{BASE}/<config_key>/versions/<version>", right=rights.READ_CONFIG)
def read_version(
    config_key: KeyNamed, version: VersionNamed, layer: LayerNamed = Layer.TENANT, tenant_id: TenantNamed = None
) -> VersionResponse:
    """Answer one version of one layer's item."""
    ask = asked(app, layer, tenant_id)
    return VersionResponse.of_version(wiring.config_reader().version(ask.address(config_key), version))


@app.get(f"{BASE}/<config_key>/compare", right=rights.READ_CONFIG)
def compare_versions(
    config_key: KeyNamed,
    from_version: Annotated[VersionQuery, Query(alias="fromVersion")],
    to_version: Annotated[VersionQuery, Query(alias="toVersion")],
    layer: LayerNamed = Layer.TENANT,
    tenant_id: TenantNamed = None,
) -> ComparisonResponse:
    """Answer what differs between two versions, field by field."""
    ask = asked(app, layer, tenant_id)
    found = wiring.config_reader().differences(ask.address(config_key), from_version, to_version)
    return ComparisonResponse.of(from_version, to_version, found)


@app.post(f"{BASE}/impact", right=rights.READ_CONFIG, limit="read")
def preview_impact(
    request: ImpactRequest, layer: LayerNamed = Layer.TENANT, tenant_id: TenantNamed = None
) -> ImpactResponse:
    """Answer whom changes would hit if they were saved now, and what depends on the items; nothing is stored."""
    ask = asked(app, layer, tenant_id)
    at, work = ask.call.origin.at, wiring.impact()
    found = [work.of(ask.address(item.config_key), item.config_value, at) for item in request.configs]
    return ImpactResponse(layer=layer, items=[ImpactShown.of(one) for one in found])


@app.get(f"{BASE}/<config_key>/explain", right=rights.READ_CONFIG)
def explain_config(
    config_key: KeyNamed, at: Annotated[wire.Instant | None, Query()] = None, tenant_id: TenantNamed = None
) -> ExplanationResponse:
    """Answer why the caller has a value, or had it ``at`` a time: layers, versions, schedules, authors, reasons."""
    ask = asked(app, Layer.USER, tenant_id)
    now = ask.call.origin.at
    found = wiring.config_reader().explain(ask.owner, config_key, at or now, now)
    return ExplanationResponse.of(config_key, found)


lambda_handler = entrypoints.http(app)
