"""Requests and answers of /api/v1/system-config (REQ-008 8.2.1, CFG-03)."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field, PlainSerializer, StringConstraints

from enghub.core import http, wire
from enghub.core.errors import Forbidden
from enghub.core.events import dumps
from enghub.core.rights import Right
from enghub.settings import rights
from enghub.settings.configs import texts
from enghub.settings.configs.errors import ConfigFieldRefused, ConfigVersionMissing
from enghub.settings.configs.listing import Listing, Summary
from enghub.settings.configs.model import (
    EVERY_TENANT,
    Address,
    Config,
    ConfigType,
    Content,
    Effective,
    EffectiveMode,
    Layer,
    Owner,
    Scope,
)
from enghub.settings.configs.service import MAX_BATCH, Edited

BASE = "/api/v1/system-config"
CREATE = {
    Layer.TENANT: rights.CREATE_CONFIG,
    Layer.USER: rights.CREATE_OWN_CONFIG,
    Layer.GLOBAL: rights.CREATE_GLOBAL_CONFIG,
}
UPDATE = {
    Layer.TENANT: rights.UPDATE_CONFIG,
    Layer.USER: rights.UPDATE_OWN_CONFIG,
    Layer.GLOBAL: rights.UPDATE_GLOBAL_CONFIG,
}
DELETE = {
    Layer.TENANT: rights.DELETE_CONFIG,
    Layer.USER: rights.DELETE_OWN_CONFIG,
    Layer.GLOBAL: rights.DELETE_GLOBAL_CONFIG,
}
"""The right that a change takes, by the layer it is made in; reading takes one right in every layer."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One authorised request for one layer."""

    call: http.Call
    owner: Owner

    def address(self, config_key: str) -> Address:
        """Return the item this request is about."""
        return Address(self.owner, config_key)


def asked(
    app: http.Api, layer: Layer, tenant_id: str | None, taking: Mapping[Layer, Right] = MappingProxyType({})
) -> Asked:
    """Return the caller and the layer, after checking the right for it; ``tenant_id`` is what the query names.

    Raises:
        Forbidden: the right is missing, or ``tenant_id`` is not the caller's tenant.
    """
    call = http.call(app)
    if taking:
        call.require(taking[layer])
    own = call.principal.tenant_id
    if (tenant_id is not None and tenant_id != own) or own == EVERY_TENANT:
        raise Forbidden(permission=f"tenant:{tenant_id}")
    return Asked(call, Owner.of(layer, own, call.principal.user_id))


_TAG = re.compile(r'(?:W/)?"(?P<layer>global|tenant|user)\.(?P<version>[1-9][0-9]{0,9})"')


def version_read(call: http.Call, layer: Layer, version: int | None) -> int:
    """Return the version a change saw: the field ``version``, or the ETag in If-Match.

    Raises:
        ConfigVersionMissing: neither is there, they differ, or the ETag is no item's of this layer.
    """
    header = call.read_etag()
    if header is None:
        if version is None:
            raise ConfigVersionMissing(field="version", problem=texts.NO_VERSION)
        return version
    match = _TAG.fullmatch(header.strip())
    if match is None or match["layer"] != layer:
        raise ConfigVersionMissing(field="If-Match", problem=texts.NO_TAG.filled(tag=header[:100], layer=layer))
    if version is not None and version != int(match["version"]):
        raise ConfigVersionMissing(field="version", problem=texts.DIFFER)
    return int(match["version"])


# --- requests ---

KEY_SHOWN: dict[str, Any] = {"minLength": 1, "maxLength": 255, "pattern": "^[A-Za-z][A-Za-z0-9._-]*$"}
"""For the document; the model refuses other keys with a code of their own."""
ConfigKey = Annotated[str, StringConstraints(strip_whitespace=False), Field(json_schema_extra=KEY_SHOWN)]
Value = Annotated[str, StringConstraints(strip_whitespace=False)]
Label = Annotated[str, Field(max_length=64), AfterValidator(wire.printable)]
Tag = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(wire.printable)]
Tags = Annotated[list[Tag], Field(max_length=20)]
Description = Annotated[str, Field(max_length=500)]
Version = Annotated[wire.Count, Field(ge=1)]
VersionQuery = Annotated[int, Field(ge=1, le=1_000_000_000)]


class _Fields(wire.Patch):
    """What may be said about an item; what is left out depends on the kind of request."""

    config_value: Value = ""
    config_type: ConfigType = ConfigType.STRING
    scope: Scope = Scope.GLOBAL
    category: Label = ""
    tags: Tags = Field(default=[])
    description: Description = ""
    effective_mode: EffectiveMode = EffectiveMode.IMMEDIATE
    effective_time: wire.Instant | None = None
    expire_time: wire.Instant | None = None
    validation_rule: dict[str, Any] | None = None
    is_encrypted: wire.Flag = False
    is_active: wire.Flag = True

    _CONTENT: ClassVar[dict[str, str]] = {
        "config_value": "value",
        "config_type": "type",
        "scope": "scope",
        "category": "category",
        "description": "description",
        "effective_mode": "mode",
        "expire_time": "expire_at",
        "validation_rule": "rule",
        "is_encrypted": "is_encrypted",
        "is_active": "is_active",
    }

    def given(self) -> dict[str, Any]:
        """Return what the request says, under the names of ``Content``."""
        if self.effective_time is not None:
            raise ConfigFieldRefused(field="effectiveTime", problem=texts.LEAVE_OUT)
        said = {self._CONTENT[name]: getattr(self, name) for name in self.model_fields_set if name in self._CONTENT}
        if "tags" in self.model_fields_set:
            said["tags"] = tuple(sorted(set(self.tags)))
        return said


class CreateConfigRequest(_Fields):
    """A new item."""

    config_key: ConfigKey
    config_value: Value
    change_reason: Description = ""

    def content(self) -> Content:
        """Return the content of the item."""
        return Content(**self.given())


class ReplaceConfigRequest(_Fields):
    """An item anew: what is left out goes back to its default, except type, scope and validation rule, which define
    the item and stay unless they are named (a validationRule of null removes the rule)."""

    config_value: Value
    version: Version | None = None
    change_reason: Description = ""

    def edit(self, content: Content) -> Content:
        """Return the content after the change."""
        kept = {"type": content.type, "scope": content.scope, "rule": content.rule}
        return Content(**{**kept, **self.given()})


class PatchConfigRequest(_Fields):
    """Some fields of an item; what is left out stays."""

    version: Version | None = None
    change_reason: Description = ""

    def edit(self, content: Content) -> Content:
        """Return the content after the change."""
        return replace(content, **self.given())


class BatchItem(_Fields):
    """One change of a batch: what is left out stays."""

    config_key: ConfigKey
    version: Version

    def edit(self, content: Content) -> Content:
        """Return the content after the change."""
        return replace(content, **self.given())


class BatchRequest(wire.Request):
    """Changes that are made together or not at all."""

    configs: Annotated[list[BatchItem], Field(min_length=1, max_length=100)]
    effective_mode: EffectiveMode = EffectiveMode.IMMEDIATE
    change_reason: Description = ""

    def edits(self, owner: Owner) -> list[Edited]:
        """Return the wanted changes, in order."""
        if self.effective_mode is not EffectiveMode.IMMEDIATE:
            raise ConfigFieldRefused(field="effectiveMode", problem=texts.ONLY_IMMEDIATE)
        return [Edited(Address(owner, item.config_key), item.version, item.edit) for item in self.configs]


# --- answers ---

RuleShown = Annotated[
    dict[str, Any] | None,
    PlainSerializer(lambda rule: None if rule is None else json.loads(dumps(rule)), return_type=dict[str, Any] | None),
]


class ConfigResponse(wire.Response):
    """One item of one layer."""

    config_key: str
    layer: Layer
    config_value: str
    config_type: ConfigType
    scope: Scope
    category: str
    tags: list[str]
    description: str
    effective_mode: EffectiveMode
    effective_time: wire.Instant
    """Since when this version is in force: with IMMEDIATE, the time of the change."""
    expire_time: wire.Instant | None
    validation_rule: RuleShown
    is_encrypted: bool
    is_active: bool
    is_deleted: bool
    version: int
    created_by: str
    created_at: wire.Instant
    updated_by: str
    updated_at: wire.Instant

    @classmethod
    def of(cls, config: Config) -> "ConfigResponse":
        """Return the answer for an item."""
        return cls(**_shown(config))


class LayerShown(wire.Response):
    """How one layer contributed to an effective value."""

    layer: Layer
    version: int
    answers: bool
    state: str
    """``in force``, ``inactive`` or ``expired``."""


class EffectiveResponse(ConfigResponse):
    """What the caller gets for a key: the item that answers, and every layer that has one, nearest first."""

    layers: list[LayerShown]

    @classmethod
    def of_effective(cls, found: Effective, at: datetime) -> "EffectiveResponse":
        """Return the answer for an effective value."""
        layers = [
            LayerShown(
                layer=config.address.owner.layer,
                version=config.version,
                answers=config is found.config,
                state=config.state(at),
            )
            for config in found.layers
        ]
        return cls(**_shown(found.config), layers=layers)


def _shown(config: Config) -> dict[str, Any]:
    content = config.content
    return {
        "config_key": config.address.config_key,
        "layer": config.address.owner.layer,
        "config_value": content.value,
        "config_type": content.type,
        "scope": content.scope,
        "category": content.category,
        "tags": list(content.tags),
        "description": content.description,
        "effective_mode": content.mode,
        "effective_time": config.updated_at,
        "expire_time": content.expire_at,
        "validation_rule": content.rule,
        "is_encrypted": content.is_encrypted,
        "is_active": content.is_active,
        "is_deleted": config.is_deleted,
        "version": config.version,
        "created_by": config.created_by,
        "created_at": config.created_at,
        "updated_by": config.updated_by,
        "updated_at": config.updated_at,
    }


class ConfigSummary(wire.Response):
    """One item in a list; ``configValue`` is null where the value is longer than 1 KB."""

    config_key: str
    config_value: str | None
    config_type: ConfigType
    scope: Scope
    category: str
    tags: list[str]
    description: str
    is_active: bool
    expire_time: wire.Instant | None
    version: int
    created_by: str
    created_at: wire.Instant
    updated_by: str
    updated_at: wire.Instant

    @classmethod
    def of(cls, summary: Summary) -> "ConfigSummary":
        """Return the answer for a summary."""
        return cls(
            config_key=summary.config_key,
            config_value=summary.value,
            config_type=summary.type,
            scope=summary.scope,
            category=summary.category,
            tags=list(summary.tags),
            description=summary.description,
            is_active=summary.is_active,
            expire_time=summary.expire_at,
            version=summary.version,
            created_by=summary.created_by,
            created_at=summary.created_at,
            updated_by=summary.updated_by,
            updated_at=summary.updated_at,
        )


class ConfigListResponse(wire.Response):
    """One page of a layer."""

    layer: Layer
    items: list[ConfigSummary]
    page: int
    size: int
    total: int
    pages: int

    @classmethod
    def of(cls, layer: Layer, found: Listing) -> "ConfigListResponse":
        """Return the answer for a page."""
        return cls(
            layer=layer,
            items=[ConfigSummary.of(summary) for summary in found.summaries],
            page=found.page,
            size=found.size,
            total=found.total,
            pages=-(-found.total // found.size),
        )


class ChangedConfig(wire.Response):
    """One item of a batch, after it."""

    config_key: str
    version: int


class BatchResponse(wire.Response):
    """What a batch changed, in the order of the request."""

    layer: Layer
    changed: Annotated[list[ChangedConfig], Field(max_length=MAX_BATCH)]

    @classmethod
    def of(cls, configs: tuple[Config, ...]) -> "BatchResponse":
        """Return the answer for a batch."""
        changed = [ChangedConfig(config_key=c.address.config_key, version=c.version) for c in configs]
        return cls(layer=configs[0].address.owner.layer, changed=changed)
