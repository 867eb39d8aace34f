"""Answers about templates (CFG-13, CFG-20; the names are REQ-008 7.2.3's)."""

import json
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, PlainSerializer

from enghub.core import wire
from enghub.core.events import dumps
from enghub.settings.configs.model import ConfigType, Content, Layer
from enghub.settings.templates.applying import Applied, Line, Outcome
from enghub.settings.templates.blueprints import MAX_ITEMS, Blueprint
from enghub.settings.templates.model import Completeness, Template, TemplateVersion, layer_of

AnyJson = Annotated[Any, PlainSerializer(lambda value: json.loads(dumps(value)))]
Space = Literal["builtin", "global", "tenant"]


class TemplateSummary(wire.Response):
    """A template with its latest version."""

    template_id: str
    template_name: str
    template_category: str
    layer: Space
    version: str
    is_active: bool
    created_by: str
    created_at: wire.Instant | None
    updated_by: str
    updated_at: wire.Instant | None

    @classmethod
    def of(cls, one: Template) -> "TemplateSummary":
        """Return the answer for a template."""
        return cls(**_facts(one))


class TemplatesResponse(wire.Response):
    """What a tenant can use, by id."""

    items: list[TemplateSummary]

    @classmethod
    def of(cls, found: Sequence[Template]) -> "TemplatesResponse":
        """Return the answer for some templates."""
        return cls(items=[TemplateSummary.of(one) for one in found])


class ItemShown(wire.Response):
    """What a template makes of one key."""

    config_key: str
    config_type: ConfigType
    validation_rule: AnyJson
    default_value: str | None
    """The text; null where the tenant has to say one."""
    is_required: bool
    is_encrypted: bool
    is_overridable: bool
    description: str

    @classmethod
    def of(cls, one: Blueprint) -> "ItemShown":
        """Return the answer for an item."""
        return cls(
            config_key=one.config_key,
            config_type=one.type,
            validation_rule=one.rule,
            default_value=one.default,
            is_required=one.is_required,
            is_encrypted=one.is_encrypted,
            is_overridable=one.is_overridable,
            description=one.description,
        )


class TemplateVersionShown(wire.Response):
    """One version, as it was given, and what it makes of each key."""

    version: str
    template_name: str
    template_category: str
    template_schema: AnyJson
    default_values: AnyJson
    validation_rules: AnyJson
    description: str
    created_by: str
    created_at: wire.Instant | None
    change_reason: str
    items: Annotated[list[ItemShown], Field(max_length=MAX_ITEMS)]

    @classmethod
    def of(cls, one: TemplateVersion) -> "TemplateVersionShown":
        """Return the answer for a version."""
        return cls(
            version=one.version,
            template_name=one.name,
            template_category=one.category,
            template_schema=json.loads(one.schema),
            default_values=json.loads(one.defaults),
            validation_rules=json.loads(one.rules),
            description=one.description,
            created_by=one.created_by,
            created_at=one.created_at,
            change_reason=one.reason,
            items=[ItemShown.of(each) for each in one.items.values()],
        )


class TemplateResponse(TemplateSummary):
    """A template with one of its versions."""

    shown: TemplateVersionShown

    @classmethod
    def of_both(cls, one: Template, version: TemplateVersion) -> "TemplateResponse":
        """Return the answer for a template and a version."""
        return cls(**_facts(one), shown=TemplateVersionShown.of(version))


class VersionSummary(wire.Response):
    """One version in a list."""

    version: str
    items: int
    created_by: str
    created_at: wire.Instant | None
    change_reason: str


class TemplateVersionsResponse(wire.Response):
    """The latest versions, the newest first, up to 100."""

    template_id: str
    items: Annotated[list[VersionSummary], Field(max_length=100)]

    @classmethod
    def of(cls, template: Template, found: Sequence[TemplateVersion]) -> "TemplateVersionsResponse":
        """Return the answer for some versions."""
        shown = [
            VersionSummary(
                version=one.version,
                items=len(one.items),
                created_by=one.created_by,
                created_at=one.created_at,
                change_reason=one.reason,
            )
            for one in found
        ]
        return cls(template_id=template.template_id, items=shown)


class TemplateFileResponse(wire.Response):
    """A version as a file that an import takes."""

    file_name: str
    content_type: Literal["application/json"] = "application/json"
    content: str

    @classmethod
    def of(cls, one: TemplateVersion) -> "TemplateFileResponse":
        """Return the answer for a version."""
        document = {
            "templateId": one.template_id,
            "templateName": one.name,
            "templateCategory": one.category,
            "version": one.version,
            "description": one.description,
        }
        said = json.dumps(document, ensure_ascii=False)[:-1]
        texts = f'"templateSchema": {one.schema}, "defaultValues": {one.defaults}, "validationRules": {one.rules}'
        return cls(file_name=f"{one.template_id}-{one.version}.json", content=f"{said}, {texts}}}\n")


class LineShown(wire.Response):
    """What becomes of one item; values of secrets are masks."""

    config_key: str
    outcome: Outcome
    before: str | None
    """Its value before; null where there was no item."""
    after: str | None
    """Its value afterwards; null where it is not touched."""
    kept: list[str]
    """Fields in which the tenant's own stayed."""
    version: int | None

    @classmethod
    def of(cls, line: Line) -> "LineShown":
        """Return the answer for an item."""
        return cls(
            config_key=line.config_key,
            outcome=line.outcome,
            before=_shown(line.before),
            after=_shown(line.after),
            kept=list(line.kept),
            version=line.version,
        )


class AppliedResponse(wire.Response):
    """What a template did to a layer, or would do, item by item."""

    template_id: str
    version: str
    layer: Layer
    dry_run: bool
    needs_approval: bool
    """Of a dry run: whether people would have to agree first."""
    missing: list[str]
    """Of a dry run: required items that would have no value."""
    items: list[LineShown]

    @classmethod
    def of(cls, layer: Layer, found: Applied, *, dry_run: bool) -> "AppliedResponse":
        """Return the answer for what was done."""
        return cls(
            template_id=found.template.template_id,
            version=found.template.version,
            layer=layer,
            dry_run=dry_run,
            needs_approval=found.needs_approval,
            missing=list(found.missing),
            items=[LineShown.of(line) for line in found.lines],
        )


class CompletenessResponse(wire.Response):
    """How much of what a template requires is in force, in whichever layer (CFG-20)."""

    template_id: str
    version: str
    required: int
    present: int
    missing: list[str]
    completeness: float
    """From 0 to 1; 1 where nothing is required."""
    following: list[str]
    """The versions that the layer's items follow, the oldest first; none where the template was never applied."""

    @classmethod
    def of(cls, one: Completeness) -> "CompletenessResponse":
        """Return the answer for a count."""
        return cls(
            template_id=one.template_id,
            version=one.version,
            required=one.required,
            present=one.present,
            missing=list(one.missing),
            completeness=one.figure,
            following=list(one.following),
        )


class CompletenessOfAllResponse(wire.Response):
    """The completeness of active templates by id."""

    tenant_id: str
    items: list[CompletenessResponse]
    next_after: str | None
    """What ``after`` asks for next; null at the end."""


def _shown(content: Content | None) -> str | None:
    return None if content is None else content.shown


def _facts(one: Template) -> dict[str, Any]:
    return {
        "template_id": one.template_id,
        "template_name": one.name,
        "template_category": one.category,
        "layer": layer_of(one.tenant_id),
        "version": one.version,
        "is_active": one.is_active,
        "created_by": one.created_by,
        "created_at": one.created_at,
        "updated_by": one.updated_by,
        "updated_at": one.updated_at,
    }
