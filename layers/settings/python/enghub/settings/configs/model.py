"""A configuration item: three layers, of which the nearest that is in force answers (CFG-01, CFG-02; REQ-008 7.2.1)."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import takewhile
from typing import Any

from enghub.core import fields
from enghub.core.clock import to_text
from enghub.settings.configs import proposals
from enghub.settings.configs.errors import ConfigKeyMalformed
from enghub.settings.configs.layered import merged

EVERY_TENANT = "*"
"""The tenant under which the global layer is stored."""

RESERVED_KEYS = frozenset({"batch", "import", "export", "rollback", "confirm", "impact"})
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,254}")


class Layer(StrEnum):
    """Where an item is set, farthest from the user first."""

    GLOBAL = "global"
    TENANT = "tenant"
    USER = "user"


class ConfigType(StrEnum):
    """How the text of a value reads."""

    STRING = "STRING"
    NUMBER = "NUMBER"
    BOOLEAN = "BOOLEAN"
    JSON = "JSON"
    XML = "XML"


class Scope(StrEnum):
    """What part of the system an item is about (REQ-008 annex A.1)."""

    GLOBAL = "GLOBAL"
    MODULE = "MODULE"
    FEATURE = "FEATURE"


class EffectiveMode(StrEnum):
    """When a change comes into force."""

    IMMEDIATE = "IMMEDIATE"
    SCHEDULED = "SCHEDULED"
    MANUAL = "MANUAL"


class Operation(StrEnum):
    """What a change did (REQ-008 7.2.2)."""

    CREATE = "CREATE"
    UPDATE = "UPDATE"
    DELETE = "DELETE"
    ROLLBACK = "ROLLBACK"


def check_key(text: str) -> str:
    """Return a well-formed configuration key.

    Raises:
        ConfigKeyMalformed: 40002.
    """
    if not _KEY.fullmatch(text) or text.lower() in RESERVED_KEYS:
        raise ConfigKeyMalformed(
            field="configKey", config_key=text[:300], suggestion=proposals.key(text, RESERVED_KEYS)
        )
    return text


@dataclass(frozen=True, slots=True, order=True)
class Owner:
    """Whose layer an item is in; the global layer belongs to every tenant, the user layer to one user."""

    layer: Layer
    tenant_id: str
    user_id: str = ""

    @classmethod
    def of(cls, layer: Layer, tenant_id: str, user_id: str) -> "Owner":
        """Return the owner of ``layer`` as seen by one user."""
        if layer is Layer.GLOBAL:
            return cls(layer, EVERY_TENANT)
        return cls(layer, tenant_id, user_id if layer is Layer.USER else "")

    @property
    def chain(self) -> tuple["Owner", ...]:
        """The owner and those above, nearest first."""
        above = (Owner(Layer.GLOBAL, EVERY_TENANT),)
        match self.layer:
            case Layer.GLOBAL:
                return above
            case Layer.TENANT:
                return (self, *above)
            case Layer.USER:
                return (self, Owner(Layer.TENANT, self.tenant_id), *above)


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """One item: whose it is and its key."""

    owner: Owner
    config_key: str

    def facts(self) -> dict[str, str]:
        """Return what an answer shows of the address."""
        return {"configKey": self.config_key, "layer": self.owner.layer, "userId": self.owner.user_id}


@dataclass(frozen=True, slots=True)
class Content:
    """Everything about an item that a person sets."""

    value: str
    """The text itself; of an encrypted item its sealed form (``core.fields``)."""
    type: ConfigType = ConfigType.STRING
    scope: Scope = Scope.GLOBAL
    category: str = ""
    tags: tuple[str, ...] = ()
    description: str = ""
    rule: Mapping[str, Any] | None = None
    expire_at: datetime | None = None
    is_active: bool = True
    mode: EffectiveMode = EffectiveMode.IMMEDIATE
    is_encrypted: bool = False
    effective_at: datetime | None = None
    """When it comes into force, with SCHEDULED."""
    zone: str = ""
    """The IANA zone in which its times were written; the instants stand."""
    template_id: str = ""
    """The template that the item was made from; empty where it was made by hand."""
    template_version: str = ""
    """The version of the template that it follows: the base of the next upgrade's merge."""
    is_overridable: bool = True
    """Whether a user may have a value of their own."""

    @property
    def shown(self) -> str:
        """The value as everybody may see it."""
        return fields.MASK if self.is_encrypted else self.value

    def facts(self) -> dict[str, Any]:
        """Return the content under the names of the API; what audit, history and merges show.

        A secret is its mask with a mark, by which it is seen to be another one.
        """
        return {
            "configValue": fields.marked(self.value) if self.is_encrypted else self.value,
            "configType": self.type,
            "scope": self.scope,
            "category": self.category,
            "tags": list(self.tags),
            "description": self.description,
            "validationRule": self.rule,
            "effectiveMode": self.mode,
            "effectiveTime": None if self.effective_at is None else to_text(self.effective_at),
            "expireTime": None if self.expire_at is None else to_text(self.expire_at),
            "timeZone": self.zone,
            "isActive": self.is_active,
            "isEncrypted": self.is_encrypted,
            "templateId": self.template_id,
            "templateVersion": self.template_version,
            "isOverridable": self.is_overridable,
        }


@dataclass(frozen=True, slots=True)
class Slot:
    """One version that may answer: from ``starts_at`` (None: staged until somebody confirms) until it expires."""

    version: int
    content: Content
    starts_at: datetime | None = None

    def answers(self, at: datetime) -> bool:
        """Tell whether the version is in force at that time, if no later one is."""
        expires = self.content.expire_at
        return self.starts_at is not None and self.starts_at <= at and (expires is None or at < expires)

    @property
    def rank(self) -> tuple[datetime, int]:
        """Of two versions in force, the one that began later answers; of one moment the one saved later."""
        assert self.starts_at is not None  # noqa: S101 - asked of versions that answer
        return self.starts_at, self.version

    def outlasts(self, other: "Slot", at: datetime) -> bool:
        """Tell whether ``other`` can never answer again from ``at`` on because this one does, at least as long."""
        if not self.answers(at) or other.starts_at is None or other.starts_at > at:
            return False
        mine, its = self.content.expire_at, other.content.expire_at
        return self.rank > other.rank and (mine is None or (its is not None and its <= mine))


def alive(slots: Sequence[Slot], at: datetime) -> tuple[Slot, ...]:
    """Return the versions that can still answer at ``at`` or later."""
    return tuple(
        slot
        for slot in slots
        if (slot.content.expire_at is None or slot.content.expire_at > at)
        and not any(other.outlasts(slot, at) for other in slots)
    )


@dataclass(frozen=True, slots=True)
class Config:
    """One stored item. Its versions count from 1 without gaps, also across deletion and re-creation.

    ``content`` is what was saved last. Which version answers at a time follows from ``slots``: a scheduled one begins
    later, an expired one gives way to what would be in force without it.
    """

    address: Address
    content: Content
    version: int
    created_by: str
    created_at: datetime
    updated_by: str
    updated_at: datetime
    references: tuple[Address, ...] = ()
    """Items that the value refers to by ``${key}``, each bound to the layer it was found in."""
    is_deleted: bool = False
    starts_at: datetime | None = None
    """From when ``content`` is in force; None: it is staged."""
    others: tuple[Slot, ...] = ()
    """Earlier versions that can still answer."""
    unconditional: bool = False
    """Whether it was saved without naming the version that was read."""
    operation: Operation = Operation.UPDATE
    reason: str = ""
    request_id: str = ""
    change_request: str = ""
    """The request for change by which it was approved."""
    approved_by: tuple[str, ...] = ()

    @property
    def etag(self) -> str:
        """The entity tag: layer and version."""
        return f'"{self.address.owner.layer}.{self.version}"'

    @property
    def slots(self) -> tuple[Slot, ...]:
        """Every version that may answer; none of a deleted item."""
        return () if self.is_deleted else (*self.others, Slot(self.version, self.content, self.starts_at))

    def slot(self, at: datetime) -> Slot | None:
        """Return the version in force at that time, active or not."""
        found = [slot for slot in self.slots if slot.answers(at)]
        return max(found, key=lambda slot: slot.rank) if found else None

    def in_force(self, at: datetime) -> bool:
        """Return whether the item answers at that time."""
        found = self.slot(at)
        return found is not None and found.content.is_active

    def state(self, at: datetime) -> str:
        """Return ``in force``, ``inactive``, ``staged``, ``scheduled`` or ``expired``."""
        found = self.slot(at)
        if found is not None:
            return "in force" if found.content.is_active else "inactive"
        if self.starts_at is None:
            return "staged"
        return "scheduled" if self.starts_at > at else "expired"

    def boundaries(self, after: datetime) -> tuple[datetime, ...]:
        """Return the times after ``after`` at which another version may answer, in order."""
        times = {time for slot in self.slots for time in (slot.starts_at, slot.content.expire_at) if slot.starts_at}
        return tuple(sorted(time for time in times if time is not None and time > after))


@dataclass(frozen=True, slots=True)
class Effective:
    """What one user gets for a key, and how each layer contributed, nearest first."""

    config: Config
    slot: Slot
    layers: tuple[Config, ...]
    value: str
    merged: tuple[Layer, ...] = ()
    """The layers whose objects were put together, nearest first; empty where one layer answers alone."""

    @property
    def shown(self) -> str:
        """The value as everybody may see it."""
        return self.slot.content.shown if self.slot.content.is_encrypted else self.value

    def etag(self, at: datetime) -> str:
        """The entity tag of the whole answer: version, version in force and state of every layer."""
        return '"' + "+".join(_tag(config, at) for config in self.layers) + '"'


def _tag(config: Config, at: datetime) -> str:
    slot = config.slot(at)
    shown = 0 if slot is None else slot.version
    return f"{config.address.owner.layer}.{config.version}.{shown}.{config.in_force(at):d}"


def effective(found: Iterable[Config | None], at: datetime) -> Effective | None:
    """Return what ``found`` (nearest layer first) gives at that time; None when nothing is in force.

    The nearest layer answers. JSON objects merge member by member with those of the layers behind; lists, plain values
    and encrypted ones replace, and null is a value (CFG-01). A user's value does not count where a layer behind allows
    none (CFG-16).
    """
    layers = tuple(config for config in found if config is not None and not config.is_deleted)
    answering = [(config, slot) for config in layers if (slot := config.slot(at)) and slot.content.is_active]
    if answering and answering[0][0].address.owner.layer is Layer.USER and not _may_override(answering[1:]):
        answering = answering[1:]
    if not answering:
        return None
    config, slot = answering[0]
    plain = takewhile(lambda one: not one[1].content.is_encrypted, answering)
    texts = [each.content.value for _, each in plain if each.content.type is slot.content.type]
    if slot.content.type is not ConfigType.JSON or len(texts) < 2:
        return Effective(config, slot, layers, slot.content.value)
    value, count = merged(texts)
    names = tuple(each.address.owner.layer for each, _ in answering[:count])
    return Effective(config, slot, layers, value, names if count > 1 else ())


def _may_override(above: Sequence[tuple[Config, Slot]]) -> bool:
    return all(slot.content.is_overridable for _, slot in above)


def next_change(found: Sequence[Config | None], at: datetime) -> tuple[datetime, Effective | None] | None:
    """Return when another value will answer next by itself, and which; None when nothing is planned."""
    now = effective(found, at)
    times = sorted({time for config in found if config is not None for time in config.boundaries(at)})
    for time in times:
        then = effective(found, time)
        if (now and (now.value, now.config)) != (then and (then.value, then.config)):
            return time, then
    return None
