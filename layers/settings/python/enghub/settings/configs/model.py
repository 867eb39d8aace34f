"""A configuration item: three layers, of which the nearest that is in force answers (CFG-01, CFG-02; REQ-008 7.2.1)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from enghub.core.clock import to_text
from enghub.core.commits import Commit, Kept
from enghub.core.identity import Origin
from enghub.settings.configs.errors import ConfigKeyMalformed

EVERY_TENANT = "*"
"""The tenant under which the global layer is stored."""

RESERVED_KEYS = frozenset({"batch", "import", "export", "rollback"})
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
        raise ConfigKeyMalformed(field="configKey", config_key=text[:300])
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

    def facts(self) -> dict[str, Any]:
        """Return the content under the names of the API; what audit, history and merges show."""
        return {
            "configValue": self.value,
            "configType": self.type,
            "scope": self.scope,
            "category": self.category,
            "tags": list(self.tags),
            "description": self.description,
            "validationRule": self.rule,
            "expireTime": None if self.expire_at is None else to_text(self.expire_at),
            "isActive": self.is_active,
            "effectiveMode": self.mode,
            "isEncrypted": self.is_encrypted,
        }

    def in_force(self, at: datetime) -> bool:
        """Return whether the item answers at that time: active and not expired."""
        return self.is_active and (self.expire_at is None or at < self.expire_at)


@dataclass(frozen=True, slots=True)
class Config:
    """One stored item. Its versions count from 1 without gaps, also across deletion and re-creation."""

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

    @property
    def etag(self) -> str:
        """The entity tag: layer and version."""
        return f'"{self.address.owner.layer}.{self.version}"'

    def in_force(self, at: datetime) -> bool:
        """Return whether the item answers at that time."""
        return not self.is_deleted and self.content.in_force(at)

    def state(self, at: datetime) -> str:
        """Return ``in force``, ``expired`` or ``inactive``."""
        return "in force" if self.content.in_force(at) else "expired" if self.content.is_active else "inactive"


_OPERATIONS: Mapping[str, Operation] = {
    "created": Operation.CREATE,
    "updated": Operation.UPDATE,
    "deleted": Operation.DELETE,
    "rolled_back": Operation.ROLLBACK,
}


@dataclass(frozen=True, slots=True)
class ConfigCommit(Commit[Config]):
    """One step of an item from ``before`` to ``after``, and who made it, why."""

    @property
    def operation(self) -> Operation:
        """What the step did."""
        return _OPERATIONS[self.action]

    @property
    def seen(self) -> Config | None:
        """The item before."""
        return None if self.before is None else self.before.value

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of what differs, as in the API."""
        old = {} if self.seen is None or self.seen.is_deleted else self.seen.content.facts()
        new = {} if self.after.is_deleted else self.after.content.facts()
        return tuple(name for name in {**old, **new} if old.get(name) != new.get(name))

    @property
    def added(self) -> tuple[Address, ...]:
        """References that are new."""
        return tuple(sorted(set(self.after.references) - set(self.seen.references if self.seen else ())))

    @property
    def removed(self) -> tuple[Address, ...]:
        """References that are gone."""
        return tuple(sorted(set(self.seen.references if self.seen else ()) - set(self.after.references)))


def recorded(owner: Owner, origin: Origin) -> Origin:
    """Return the origin as stored with a change: a change to the global layer belongs to every tenant, and its author
    is named with their own."""
    if owner.layer is not Layer.GLOBAL:
        return origin
    return replace(origin, tenant_id=EVERY_TENANT, user_id=f"{origin.tenant_id}/{origin.user_id}")


def created(
    address: Address, content: Content, before: Kept[Config] | None, origin: Origin, reason: str
) -> ConfigCommit:
    """Return the creation of an item; ``before`` is what a deleted item of that key left behind."""
    after = Config(
        address=address,
        content=content,
        version=before.revision + 1 if before else 1,
        created_by=origin.user_id,
        created_at=origin.at,
        updated_by=origin.user_id,
        updated_at=origin.at,
    )
    return ConfigCommit(origin, "created", after, before, reason=reason)


def updated(before: Kept[Config], content: Content, origin: Origin, reason: str) -> ConfigCommit:
    """Return the next version with another content."""
    return ConfigCommit(origin, "updated", _next(before, origin, content=content), before, reason=reason)


def deleted(before: Kept[Config], origin: Origin, reason: str) -> ConfigCommit:
    """Return the soft deletion: the item stays, without answering, and with its history."""
    after = _next(before, origin, references=(), is_deleted=True)
    return ConfigCommit(origin, "deleted", after, before, reason=reason)


def _next(before: Kept[Config], origin: Origin, **fields: Any) -> Config:
    version = before.revision + 1
    return replace(before.value, version=version, updated_by=origin.user_id, updated_at=origin.at, **fields)


@dataclass(frozen=True, slots=True)
class Effective:
    """What one user gets for a key, and how each layer contributed, nearest first."""

    config: Config
    layers: tuple[Config, ...]

    def etag(self, at: datetime) -> str:
        """The entity tag of the whole answer: version and state of every layer."""
        return '"' + "+".join(f"{c.address.owner.layer}.{c.version}.{c.in_force(at):d}" for c in self.layers) + '"'


def effective(found: Sequence[Config | None], at: datetime) -> Effective | None:
    """Return the first of ``found`` (nearest layer first) that is in force at that time; None when there is none."""
    layers = tuple(config for config in found if config is not None and not config.is_deleted)
    return next((Effective(config, layers) for config in layers if config.in_force(at)), None)
