"""Answers of /api/v1/system-config (REQ-008 8.2.1, CFG-03, CFG-06, CFG-29)."""

import json
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, PlainSerializer

from enghub.core import wire
from enghub.core.events import dumps
from enghub.settings.configs.listing import Listing, Summary
from enghub.settings.configs.model import Config, ConfigType, Content, EffectiveMode, Layer, Operation, Scope
from enghub.settings.configs.reading import Answered, Difference, Explanation, LayerExplained
from enghub.settings.configs.repository import Page
from enghub.settings.configs.restoring import Restored

RuleShown = Annotated[
    dict[str, Any] | None,
    PlainSerializer(lambda rule: None if rule is None else json.loads(dumps(rule)), return_type=dict[str, Any] | None),
]
AnyJson = Annotated[Any, PlainSerializer(lambda value: json.loads(dumps(value)))]


class ConfigResponse(wire.Response):
    """One item of one layer, as it was saved last."""

    config_key: str
    layer: Layer
    config_value: str
    config_type: ConfigType
    scope: Scope
    category: str
    tags: list[str]
    description: str
    effective_mode: EffectiveMode
    effective_time: wire.Instant | None
    """From when this version is in force; null while it waits for its confirmation."""
    expire_time: wire.Instant | None
    time_zone: str
    """The zone in which its times were written; empty where they had offsets."""
    validation_rule: RuleShown
    is_encrypted: bool
    template_id: str
    """The template that it follows, and in which version; empty where it was made by hand."""
    template_version: str
    is_overridable: bool
    is_active: bool
    is_deleted: bool
    state: str
    """Of the item when this is answered: ``in force``, ``inactive``, ``staged``, ``scheduled``, ``expired``."""
    version: int
    version_in_force: int | None
    """The version that answers now; another one while this is scheduled, staged or expired."""
    created_by: str
    created_at: wire.Instant
    updated_by: str
    updated_at: wire.Instant

    @classmethod
    def of(cls, config: Config, at: datetime | None = None, *, revealed: bool = False) -> "ConfigResponse":
        """Return the answer for an item at that time, when it was saved last by default."""
        answer = shown(config, config.content, config.version, at or config.updated_at)
        return cls(**(answer | {"config_value": config.content.value} if revealed else answer))


class VersionResponse(ConfigResponse):
    """One version of an item, with what made it."""

    operation: Operation
    change_reason: str
    request_id: str
    unconditional: bool
    """Whether it was saved without naming the version that was read."""
    change_request_id: str
    """The request for change by which it was approved; empty where nobody had to agree."""
    approved_by: list[str]

    @classmethod
    def of_version(cls, config: Config) -> "VersionResponse":
        """Return the answer for a version."""
        return cls(
            **shown(config, config.content, config.version, config.updated_at),
            operation=config.operation,
            change_reason=config.reason,
            request_id=config.request_id,
            unconditional=config.unconditional,
            change_request_id=config.change_request,
            approved_by=list(config.approved_by),
        )


class RolledBackResponse(VersionResponse):
    """An item after going back; ``verified``: read again, it holds what the version named held."""

    verified: bool

    @classmethod
    def of_restored(cls, restored: Restored) -> "RolledBackResponse":
        """Return the answer for an item that went back."""
        return cls(**dict(VersionResponse.of_version(restored.config)), verified=restored.verified)


class HistoryResponse(wire.Response):
    """Versions, the newest first."""

    items: list[VersionResponse]
    next_cursor: str | None

    @classmethod
    def of(cls, page: Page[Config]) -> "HistoryResponse":
        """Return the answer for a page."""
        return cls(items=[VersionResponse.of_version(config) for config in page.items], next_cursor=page.cursor)


class DifferenceShown(wire.Response):
    """One field that differs."""

    field: str
    before: AnyJson
    after: AnyJson


class ComparisonResponse(wire.Response):
    """What differs between two versions; a deleted one has no fields."""

    from_version: int
    to_version: int
    differences: list[DifferenceShown]

    @classmethod
    def of(cls, old: int, new: int, found: tuple[Difference, ...]) -> "ComparisonResponse":
        """Return the answer for a comparison."""
        told = [DifferenceShown(field=one.field, before=one.before, after=one.after) for one in found]
        return cls(from_version=old, to_version=new, differences=told)


class LayerShown(wire.Response):
    """How one layer contributed to an effective value."""

    layer: Layer
    version: int
    answers: bool
    state: str
    """``in force``, ``inactive``, ``staged``, ``scheduled`` or ``expired``."""


class NextChange(wire.Response):
    """What will answer by itself, so that a client without a connection changes on the second."""

    at: wire.Instant
    config_value: str | None
    """Null when nothing answers then."""
    layer: Layer | None
    version: int | None


class EffectiveResponse(ConfigResponse):
    """What the caller gets for a key: the version that answers, and every layer that has one, nearest first."""

    layers: list[LayerShown]
    merged_layers: list[Layer]
    """The layers whose JSON objects were put together; empty where one answers alone."""
    next_change: NextChange | None
    stale_since: wire.Instant | None
    """The store does not answer now: what it said at that time. Null: it answered."""

    @classmethod
    def of_effective(cls, found: Answered, at: datetime, *, revealed: bool = False) -> "EffectiveResponse":
        """Return the answer for an effective value; a secret is shown only where it was ``revealed``."""
        now, then = found.now, found.then
        layers = [
            LayerShown(
                layer=config.address.owner.layer,
                version=config.version,
                answers=config is now.config,
                state=config.state(at),
            )
            for config in now.layers
        ]
        following = found.next_at and NextChange(
            at=found.next_at,
            config_value=then and (then.value if revealed else then.shown),
            layer=then and then.config.address.owner.layer,
            version=then and then.slot.version,
        )
        answering = shown(now.config, now.slot.content, now.slot.version, at)
        value = now.value if revealed else now.shown
        answering |= {"config_value": value, "effective_time": now.slot.starts_at}
        return cls(
            **answering,
            layers=layers,
            merged_layers=list(now.merged),
            next_change=following,
            stale_since=found.stale_since,
        )


class ExplainedLayer(wire.Response):
    """What one layer had at the time asked for, and who made it so."""

    layer: Layer
    state: str
    """``in force``, ``inactive``, ``staged``, ``scheduled``, ``expired`` or ``deleted``."""
    answers: bool
    saved_version: int
    """The version that was the last one saved at that time."""
    version: int | None
    """The version that was in force."""
    config_value: str | None
    effective_mode: EffectiveMode | None
    effective_time: wire.Instant | None
    expire_time: wire.Instant | None
    operation: Operation | None
    changed_by: str | None
    changed_at: wire.Instant | None
    change_reason: str | None
    request_id: str | None
    approved_by: list[str]

    @classmethod
    def of(cls, told: LayerExplained, *, answers: bool) -> "ExplainedLayer":
        """Return the answer for a layer."""
        slot, source = told.slot, told.source or told.saved
        return cls(
            layer=told.saved.address.owner.layer,
            state=told.state,
            answers=answers,
            saved_version=told.saved.version,
            version=slot and slot.version,
            config_value=slot and slot.content.shown,
            effective_mode=slot and slot.content.mode,
            effective_time=slot and slot.starts_at,
            expire_time=slot and slot.content.expire_at,
            operation=source.operation,
            changed_by=source.updated_by,
            changed_at=source.updated_at,
            change_reason=source.reason,
            request_id=source.request_id,
            approved_by=list(source.approved_by),
        )


class ExplanationResponse(wire.Response):
    """Why the caller has, or had at a time, a value."""

    config_key: str
    at: wire.Instant
    config_value: str | None
    """Null where nothing answered."""
    layer: Layer | None
    merged_layers: list[Layer]
    layers: list[ExplainedLayer]

    @classmethod
    def of(cls, config_key: str, found: Explanation) -> "ExplanationResponse":
        """Return the answer for an explanation."""
        answer = found.answer
        near = answer and answer.config.address.owner.layer
        return cls(
            config_key=config_key,
            at=found.at,
            config_value=answer and answer.shown,
            layer=near,
            merged_layers=list(answer.merged) if answer else [],
            layers=[ExplainedLayer.of(one, answers=one.saved.address.owner.layer is near) for one in found.layers],
        )


def shown(config: Config, content: Content, version: int, at: datetime) -> dict[str, Any]:
    """Return what an answer shows of a version of an item."""
    slot = config.slot(at)
    return {
        "config_key": config.address.config_key,
        "layer": config.address.owner.layer,
        "config_value": content.shown,
        "config_type": content.type,
        "scope": content.scope,
        "category": content.category,
        "tags": list(content.tags),
        "description": content.description,
        "effective_mode": content.mode,
        "effective_time": config.starts_at,
        "expire_time": content.expire_at,
        "time_zone": content.zone,
        "validation_rule": content.rule,
        "is_encrypted": content.is_encrypted,
        "template_id": content.template_id,
        "template_version": content.template_version,
        "is_overridable": content.is_overridable,
        "is_active": content.is_active,
        "is_deleted": config.is_deleted,
        "state": "deleted" if config.is_deleted else config.state(at),
        "version": version,
        "version_in_force": slot and slot.version,
        "created_by": config.created_by,
        "created_at": config.created_at,
        "updated_by": config.updated_by,
        "updated_at": config.updated_at,
    }


class ConfigSummary(wire.Response):
    """One item in a list: the version in force, the one saved last where none is.

    ``configValue`` is null where the value is longer than 1 KB.
    """

    config_key: str
    config_value: str | None
    config_type: ConfigType
    scope: Scope
    category: str
    tags: list[str]
    description: str
    is_active: bool
    expire_time: wire.Instant | None
    state: str
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
            state=summary.state,
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
    total: int | None
    """Null, as ``pages``, where a layer is gone through by key (``after``): nobody counted."""
    pages: int | None
    next_after: str | None
    """What ``after`` asks for next; null at the end, and where pages are numbered."""

    @classmethod
    def of(cls, layer: Layer, found: Listing) -> "ConfigListResponse":
        """Return the answer for a page."""
        return cls(
            layer=layer,
            items=[ConfigSummary.of(summary) for summary in found.summaries],
            page=found.page,
            size=found.size,
            total=found.total,
            pages=None if found.total is None else -(-found.total // found.size),
            next_after=found.next_after,
        )


class ChangedConfig(wire.Response):
    """One item of a batch, after it."""

    config_key: str
    version: int


class BatchResponse(wire.Response):
    """What a batch changed, in the order of the request."""

    layer: Layer
    changed: Annotated[list[ChangedConfig], Field(max_length=1_000)]

    @classmethod
    def of(cls, configs: tuple[Config, ...]) -> "BatchResponse":
        """Return the answer for a batch."""
        changed = [ChangedConfig(config_key=c.address.config_key, version=c.version) for c in configs]
        return cls(layer=configs[0].address.owner.layer, changed=changed)
