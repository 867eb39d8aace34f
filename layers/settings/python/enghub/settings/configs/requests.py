"""Requests of /api/v1/system-config (REQ-008 8.2.1, CFG-03, CFG-05)."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from enghub.core import clock, wire
from enghub.core.wire import Unfit
from enghub.kit.calendars import zones
from enghub.settings.configs import texts
from enghub.settings.configs.errors import ConfigFieldRefused
from enghub.settings.configs.model import Address, ConfigType, Content, EffectiveMode, Owner, Scope
from enghub.settings.configs.service import Edited

KEY_SHOWN: dict[str, Any] = {"minLength": 1, "maxLength": 255, "pattern": "^[A-Za-z][A-Za-z0-9._-]*$"}
"""For the document; the model refuses other keys with a code of their own."""
ConfigKey = Annotated[str, StringConstraints(strip_whitespace=False), Field(json_schema_extra=KEY_SHOWN)]
Value = Annotated[str, StringConstraints(strip_whitespace=False)]
Label = Annotated[str, Field(max_length=64), AfterValidator(wire.printable)]
Tag = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(wire.printable)]
Tags = Annotated[list[Tag], Field(max_length=20)]
Description = Annotated[str, Field(max_length=500)]
Version = Annotated[wire.Count, Field(ge=1)]
BreakGlass = wire.Flag
"""Make the change at once where people have to agree to it; needs a changeReason, and their approval afterwards."""
VersionQuery = Annotated[int, Field(ge=1, le=1_000_000_000)]
_LOCAL = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?")


def _time(value: Any) -> Any:
    if not isinstance(value, str):
        raise Unfit(texts.NO_TIME)
    try:
        at = datetime.fromisoformat(value) if _LOCAL.fullmatch(value) else clock.from_text(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise Unfit(texts.NO_TIME) from error
    wire.within(at)
    return value


def _zone(value: str) -> str:
    try:
        if value:
            zones.zone(value)
    except zones.UnknownZone as error:
        raise Unfit(texts.UNKNOWN_ZONE) from error
    return value


Time = Annotated[
    str,
    BeforeValidator(_time),
    Field(json_schema_extra={"format": "date-time", "examples": ["2024-08-15T00:00:00Z"]}, max_length=64),
]
"""An instant with an offset, or a wall-clock time of ``timeZone``; a missing or repeated local hour means the first
instant at which the clocks there show it or later."""
Zone = Annotated[str, Field(max_length=64, json_schema_extra={"examples": ["Asia/Shanghai"]}), AfterValidator(_zone)]


def instant(field: str, text: str, zone: str) -> datetime:
    """Return the instant a request means.

    Raises:
        ConfigFieldRefused: the time has neither an offset nor a zone.
    """
    if not _LOCAL.fullmatch(text):
        return clock.from_text(text)
    if not zone:
        raise ConfigFieldRefused(field=field, problem=texts.NO_ZONE, suggestion=f"{text}Z")
    return zones.instant(datetime.fromisoformat(text), zones.zone(zone))


class Scheduling(wire.Patch):
    """When a change comes into force, and until when."""

    effective_mode: EffectiveMode = EffectiveMode.IMMEDIATE
    effective_time: Time | None = None
    expire_time: Time | None = None
    time_zone: Zone | None = None

    def times(self, zone: str) -> dict[str, Any]:
        """Return what is said of times, under the names of ``Content``; ``zone`` is that of what stays."""
        zone = (self.time_zone or "") if "time_zone" in self.model_fields_set else zone
        said: dict[str, Any] = {}
        if "effective_mode" in self.model_fields_set:
            said["mode"] = self.effective_mode
        if "time_zone" in self.model_fields_set:
            said["zone"] = self.time_zone or ""
        for name, field in (("effective_time", "effective_at"), ("expire_time", "expire_at")):
            if name in self.model_fields_set:
                text = getattr(self, name)
                shown = "effectiveTime" if name == "effective_time" else "expireTime"
                said[field] = None if text is None else instant(shown, text, zone)
        return said


class Fields(Scheduling):
    """What may be said about an item; what is left out depends on the kind of request."""

    config_value: Value = ""
    config_type: ConfigType = ConfigType.STRING
    scope: Scope = Scope.GLOBAL
    category: Label = ""
    tags: Tags = Field(default=[])
    description: Description = ""
    validation_rule: dict[str, Any] | None = None
    is_encrypted: wire.Flag = False
    is_active: wire.Flag = True
    is_overridable: wire.Flag = True
    """Whether users may have values of their own."""

    _CONTENT: ClassVar[dict[str, str]] = {
        "config_value": "value",
        "config_type": "type",
        "scope": "scope",
        "category": "category",
        "description": "description",
        "validation_rule": "rule",
        "is_encrypted": "is_encrypted",
        "is_active": "is_active",
        "template_id": "template_id",
        "template_version": "template_version",
        "is_overridable": "is_overridable",
    }

    def given(self, zone: str = "") -> dict[str, Any]:
        """Return what the request says, under the names of ``Content``."""
        said = {self._CONTENT[name]: getattr(self, name) for name in self.model_fields_set if name in self._CONTENT}
        if "tags" in self.model_fields_set:
            said["tags"] = tuple(sorted(set(self.tags)))
        return {**said, **self.times(zone)}

    def patched(self, content: Content, more: "dict[str, Any] | None" = None) -> Content:
        """Return the content with what is said; a mode that is named takes the times of an earlier schedule away."""
        said = {**(more or {}), **self.given(content.zone)}
        if "mode" in said:
            window = content.mode is EffectiveMode.SCHEDULED
            expires = None if window else content.expire_at
            zone = "" if expires is None else content.zone
            content = replace(content, effective_at=None, expire_at=expires, zone=zone)
        return replace(content, **said)


class ChangedFields(Fields):
    """What may be said about an item that is, or was, there: also which template it follows."""

    template_id: Label = ""
    template_version: Label = ""


class CreateConfigRequest(Fields):
    """A new item."""

    config_key: ConfigKey
    config_value: Value
    change_reason: Description = ""
    break_glass: BreakGlass = False

    def content(self) -> Content:
        """Return the content of the item."""
        return Content(**self.given())


class ReplaceConfigRequest(ChangedFields):
    """An item anew: what is left out goes back to its default, except type, scope, validation rule, encryption,
    template and whether users may override it, which define the item and stay unless they are named (a validationRule
    of null removes the rule)."""

    config_value: Value
    version: Version | None = None
    change_reason: Description = ""
    break_glass: BreakGlass = False

    def edit(self, content: Content) -> Content:
        """Return the content after the change."""
        kept: dict[str, Any] = {"type": content.type, "scope": content.scope, "rule": content.rule}
        kept |= {"is_encrypted": content.is_encrypted, "is_overridable": content.is_overridable}
        kept |= {"template_id": content.template_id, "template_version": content.template_version}
        return Content(**{**kept, **self.given()})


class PatchConfigRequest(ChangedFields):
    """Some fields of an item; what is left out stays, also the zone and the instant of a schedule."""

    version: Version | None = None
    change_reason: Description = ""
    break_glass: BreakGlass = False

    def edit(self, content: Content) -> Content:
        """Return the content after the change."""
        return self.patched(content)


class ImportedRow(ChangedFields):
    """One row of a file: what it leaves out stays, or is the default of a new item."""

    config_key: ConfigKey
    config_value: Value
    version: Version | None = None


class BatchItem(ChangedFields):
    """One change of a batch: what is left out stays. Without ``version`` it is made on whichever is there."""

    config_key: ConfigKey
    version: Version | None = None


class BatchRequest(Scheduling):
    """Changes that are made together or not at all; mode and times hold for all that name no mode of their own."""

    configs: Annotated[list[BatchItem], Field(min_length=1, max_length=1_000)]
    change_reason: Description = ""
    break_glass: BreakGlass = False

    def edits(self, owner: Owner) -> list[Edited]:
        """Return the wanted changes, in order."""
        common = self.times("")
        return [Edited(Address(owner, item.config_key), item.version, _edit(item, common)) for item in self.configs]


def _edit(item: BatchItem, common: dict[str, Any]) -> Callable[[Content], Content]:
    more = {} if "effective_mode" in item.model_fields_set else common
    return lambda content: item.patched(content, more)


class RollbackRequest(wire.Request):
    """Bring a version back; without ``version`` on whichever is there."""

    to_version: Version
    version: Version | None = None
    change_reason: Description = ""
    break_glass: BreakGlass = False


class RollbackItem(wire.Request):
    """One item of several that go back together."""

    config_key: ConfigKey
    to_version: Version
    version: Version | None = None


class RollbackAllRequest(wire.Request):
    """Items that go back together or not at all."""

    configs: Annotated[list[RollbackItem], Field(min_length=1, max_length=1_000)]
    change_reason: Description = ""


class ImpactItem(wire.Request):
    """A change that is thought of; a null value means deleting the item."""

    config_key: ConfigKey
    config_value: Value | None


class ImpactRequest(wire.Request):
    """Changes of one layer that are thought of; nothing is stored."""

    configs: Annotated[list[ImpactItem], Field(min_length=1, max_length=20)]


class StagedItem(wire.Request):
    """A staged version that somebody has looked at."""

    config_key: ConfigKey
    version: Version


class ConfirmRequest(wire.Request):
    """Staged changes (effectiveMode MANUAL) that come into force together, one or many."""

    configs: Annotated[list[StagedItem], Field(min_length=1, max_length=1_000)]
    change_reason: Description = ""

    def pairs(self, owner: Owner) -> Sequence[tuple[Address, int]]:
        """Return the items with the versions to confirm."""
        return [(Address(owner, item.config_key), item.version) for item in self.configs]
