"""The changes of a configuration item: created, updated, confirmed, rolled back, deleted (CFG-05, CFG-06). Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from enghub.core.commits import Commit, Kept
from enghub.core.identity import Origin
from enghub.core.timers.model import CancelTimer, SetTimer, TimerChange
from enghub.settings.configs.model import (
    EVERY_TENANT,
    Address,
    Config,
    Content,
    EffectiveMode,
    Layer,
    Operation,
    Owner,
    Slot,
    alive,
)

BOUNDARY = "config_boundary"
"""The purpose of the timer that tells of a scheduled beginning or an expiry."""
SET_DUE = "change_set"
"""The purpose of the timer that finishes, or gives up, a change set whose process died."""
_OPERATIONS: Mapping[str, Operation] = {
    "created": Operation.CREATE,
    "updated": Operation.UPDATE,
    "confirmed": Operation.UPDATE,
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
    def is_new(self) -> bool:
        """Whether the layer has one item more after it."""
        return not self.after.is_deleted and (self.seen is None or self.seen.is_deleted)

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
    if owner.layer is not Layer.GLOBAL or origin.tenant_id == EVERY_TENANT:
        return origin
    return replace(origin, tenant_id=EVERY_TENANT, user_id=f"{origin.tenant_id}/{origin.user_id}")


def settled(content: Content, before: Content | None, at: datetime) -> Content:
    """Return the content with a schedule that has begun already, and that nobody named again, taken for immediate."""
    begun = content.effective_at is not None and content.effective_at <= at
    if begun and before is not None and before.effective_at == content.effective_at:
        zone = content.zone if content.expire_at is not None else ""
        return replace(content, mode=EffectiveMode.IMMEDIATE, effective_at=None, zone=zone)
    return content


def again(content: Content, at: datetime) -> Content:
    """Return an earlier content as it comes into force at once: its schedule and its expiry, if past, are over."""
    expires = content.expire_at if content.expire_at is not None and content.expire_at > at else None
    zone = content.zone if expires is not None else ""
    return replace(content, mode=EffectiveMode.IMMEDIATE, effective_at=None, expire_at=expires, zone=zone)


def overdue(content: Content, origin: Origin) -> Content:
    """Return the content as it begins now where its time is over: its approval came late, or its file is old."""
    if content.effective_at is None or content.effective_at > origin.at:
        return content
    return replace(content, mode=EffectiveMode.IMMEDIATE, effective_at=None)


def _starts(content: Content, at: datetime, action: str) -> datetime | None:
    if content.mode is EffectiveMode.MANUAL and action != "confirmed":
        return None
    return max(content.effective_at, at) if content.effective_at is not None else at


def created(
    address: Address,
    content: Content,
    before: Kept[Config] | None,
    origin: Origin,
    reason: str,
    *,
    action: str = "created",
    unconditional: bool = False,
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
        starts_at=_starts(content, origin.at, action),
        unconditional=unconditional,
        operation=_OPERATIONS[action],
        reason=reason,
        request_id=origin.request_id,
    )
    return retimed(ConfigCommit(origin, action, after, before, reason=reason))


def changed(
    before: Kept[Config],
    content: Content,
    origin: Origin,
    reason: str,
    *,
    action: str = "updated",
    unconditional: bool = False,
) -> ConfigCommit:
    """Return the next version: with another content, or (``confirmed``) with a staged one now in force."""
    value, at = before.value, origin.at
    if value.is_deleted:
        return created(value.address, content, before, origin, reason, action=action, unconditional=unconditional)
    starts_at = _starts(content, at, action)
    slots = [slot for slot in value.slots if slot.starts_at is not None]
    head = Slot(before.revision + 1, content, starts_at)
    others = tuple(slot for slot in alive([*slots, head], at) if slot is not head)
    after = replace(
        _next(before, origin, action, reason),
        content=content,
        starts_at=starts_at,
        others=others,
        unconditional=unconditional,
    )
    return retimed(ConfigCommit(origin, action, after, before, reason=reason))


def updated(before: Kept[Config], content: Content, origin: Origin, reason: str) -> ConfigCommit:
    """Return the next version with another content."""
    return changed(before, content, origin, reason)


def deleted(before: Kept[Config], origin: Origin, reason: str, *, unconditional: bool = False) -> ConfigCommit:
    """Return the soft deletion: the item stays, without answering, and with its history."""
    made = _next(before, origin, "deleted", reason)
    after = replace(made, references=(), is_deleted=True, others=(), unconditional=unconditional)
    return retimed(ConfigCommit(origin, "deleted", after, before, reason=reason))


def _next(before: Kept[Config], origin: Origin, action: str, reason: str) -> Config:
    return replace(
        before.value,
        version=before.revision + 1,
        updated_by=origin.user_id,
        updated_at=origin.at,
        operation=_OPERATIONS[action],
        reason=reason,
        request_id=origin.request_id,
    )


def retimed(commit: ConfigCommit) -> ConfigCommit:
    """Return the commit with what wakes the item when another version begins or ends; moved only where it changes."""
    at = commit.origin.at
    before = commit.seen.boundaries(at)[:1] if commit.seen else ()
    after = commit.after.boundaries(at)[:1]
    if before == after:
        return commit
    return replace(commit, timers=(boundary_timer(commit.after, at),))


def boundary_timer(config: Config, at: datetime) -> TimerChange:
    """Return the timer of the next boundary of an item, or what cancels it where there is none."""
    address = config.address
    owner = address.owner
    subject = f"config/{owner.layer}/{owner.user_id or '-'}/{address.config_key}"
    due = config.boundaries(at)[:1]
    if not due:
        return CancelTimer(subject, BOUNDARY)
    facts: dict[str, Any] = {"layer": owner.layer.value, "userId": owner.user_id, "configKey": address.config_key}
    return SetTimer(subject, BOUNDARY, due[0], facts)
