"""Use cases of configuration items: layered reads, and changes that name the version they saw (CFG-01 to CFG-04)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from enghub.core.claims import Claim
from enghub.core.commits import Kept
from enghub.core.errors import EngHubError, Unavailable
from enghub.core.i18n import Text
from enghub.core.identity import Origin
from enghub.settings.configs import listing, model, references, rules, texts, values
from enghub.settings.configs.errors import (
    BatchRefused,
    BatchTooLarge,
    ConfigExists,
    ConfigFieldRefused,
    ConfigNotFound,
    ConfigReferenced,
    ConfigVersionConflict,
    LayerFull,
    ReferenceRefused,
)
from enghub.settings.configs.events import configuration_changed
from enghub.settings.configs.listing import Filter, Listing
from enghub.settings.configs.merge import merge
from enghub.settings.configs.model import Address, Config, ConfigCommit, Content, Effective, EffectiveMode, Owner
from enghub.settings.configs.repository import (
    MAX_WRITES,
    ConfigRepository,
    LayerIsFull,
    Outdated,
    Referenced,
    TargetGone,
)

WRITES_PER_CHANGE = 5
"""Item, version, summary, audit entry, event."""

MAX_BATCH = (MAX_WRITES - 1) // WRITES_PER_CHANGE
"""Changes of one batch, when none of them touches references; one write is the stored answer's."""

Edit = Callable[[Content], Content]
Found = Mapping[Address, Kept[Config]]


@dataclass(frozen=True, slots=True)
class Edited:
    """One wanted change: the item, the version that was read, and what becomes of its content."""

    address: Address
    version: int
    edit: Edit


@dataclass(frozen=True, slots=True)
class ConfigService:
    """Reads and changes configuration items."""

    repository: ConfigRepository

    # --- reads ---

    def effective(self, caller: Owner, config_key: str, at: datetime) -> Effective:
        """Return what the caller gets for a key, and which layer answers; one call to the store.

        Raises:
            ConfigNotFound: no layer has the key in force.
        """
        model.check_key(config_key)
        addresses = [Address(owner, config_key) for owner in caller.chain]
        found = self.repository.load(addresses)
        layers = [found[address].value if address in found else None for address in addresses]
        answer = model.effective(layers, at)
        if answer is None:
            raise ConfigNotFound(config_key=config_key, layer="user, tenant, global")
        return answer

    def detail(self, address: Address) -> Config:
        """Return one layer's own item, in force or not.

        Raises:
            ConfigNotFound: the layer has no such item.
        """
        model.check_key(address.config_key)
        return _existing(self.repository.load([address]), address).value

    def listing(
        self, owner: Owner, wanted: Filter, *, sort: listing.SortBy, order: listing.Order, page: int, size: int
    ) -> Listing:
        """Return a page of one layer's items."""
        return listing.listing(self.repository.summaries(owner), wanted, sort=sort, order=order, page=page, size=size)

    # --- changes ---

    def create(self, address: Address, content: Content, origin: Origin, reason: str, claim: Claim | None) -> Config:
        """Create an item; where a deleted one of that key lies, its versions go on.

        A repeat by the same user, as long as nothing else changed the item, gets it: its first answer may be lost.

        Raises:
            ConfigKeyMalformed, ConfigValueMalformed, ConfigRuleUnsatisfied, ...: see ``errors``.
            ConfigExists: the layer has the key already.
            LayerFull: the layer is full.
        """
        model.check_key(address.config_key)
        found = self.repository.load([Address(owner, address.config_key) for owner in address.owner.chain])
        before = found.get(address)
        origin = model.recorded(address.owner, origin)
        if before is not None and not before.value.is_deleted:
            return _created_already(before.value, content, origin)
        change = self._checked(model.created(address, content, before, origin, reason), found)
        try:
            self._save([change], claim, change.after)
        except Outdated:
            return _created_already(_existing(self.repository.load([address]), address).value, content, origin)
        return change.after

    def change(self, wanted: Edited, origin: Origin, reason: str, claim: Claim | None) -> Config:
        """Make the next version of an item.

        A repeat of a change that was made already, by the same user, gets the item as it then was: its first answer
        may have been lost.

        Raises:
            ConfigNotFound: the layer has no such item.
            ConfigVersionConflict: 40902, with base, yours, theirs and a merge proposal.
        """
        model.check_key(wanted.address.config_key)
        origin = model.recorded(wanted.address.owner, origin)
        try:
            change = self._prepared(wanted, self._around(wanted.address), origin, reason)
            if isinstance(change, Config):
                return change
            self._save([change], claim, change.after)
        except Outdated:
            current = _existing(self.repository.load([wanted.address]), wanted.address)
            return self._made_already(wanted, current.value, origin)
        return change.after

    def delete(self, address: Address, version: int, origin: Origin, reason: str, claim: Claim | None) -> Config:
        """Delete an item softly; its history stays.

        Raises:
            ConfigNotFound, ConfigVersionConflict: as for ``change``.
            ConfigReferenced: 40901, with the items that refer to it.
        """
        model.check_key(address.config_key)
        origin = model.recorded(address.owner, origin)
        found = self.repository.load([address])
        gone = found[address].value if address in found else None
        if gone is not None and gone.is_deleted and _is_repeat(gone, version, origin):
            return gone
        current = _existing(found, address)
        if current.revision != version:
            raise self._conflict(Edited(address, version, lambda content: content), current.value)
        change = model.deleted(current, origin, reason)
        try:
            self._save([change], claim, change.after)
        except Outdated:
            return self.delete(address, version, origin, reason, claim)
        return change.after

    def change_all(
        self, wanted: Sequence[Edited], origin: Origin, reason: str, claim: Claim | None
    ) -> tuple[Config, ...]:
        """Make all changes or none, in one transaction; a repeat of a whole batch gets the items as it made them.

        Raises:
            BatchTooLarge: more than MAX_BATCH changes, or than one transaction takes.
            BatchRefused: 42201, with the place, key, code and reason of every change that is refused.
        """
        if len(wanted) > MAX_BATCH:
            raise BatchTooLarge(field="configs", needed=len(wanted) * WRITES_PER_CHANGE, limit=MAX_WRITES)
        changes, refused = self._prepared_all(wanted, origin, reason)
        if refused:
            if made := self._made_all(wanted, origin):
                return made
            raise BatchRefused(refused=len(refused), total=len(wanted), errors=refused)
        needed = self.repository.writes_of(_announced(changes)) + 1
        if needed > MAX_WRITES:
            raise BatchTooLarge(field="configs", needed=needed, limit=MAX_WRITES)
        after = tuple(change.after for change in changes)
        try:
            self._save(changes, claim, after)
        except Outdated as error:
            if made := self._made_all(wanted, origin):
                return made
            place = next(i for i, each in enumerate(wanted) if each.address == error.address)
            late = ConfigVersionConflict(expected=wanted[place].version, actual="newer")
            raise BatchRefused(refused=1, total=len(wanted), errors=[_refusal(place, wanted[place], late)]) from error
        return after

    # --- inside ---

    def _prepared_all(
        self, wanted: Sequence[Edited], origin: Origin, reason: str
    ) -> tuple[list[ConfigCommit], list[dict[str, Any]]]:
        addresses = [Address(o, each.address.config_key) for each in wanted for o in each.address.owner.chain]
        found = self.repository.load(list(dict.fromkeys(addresses)))
        changes: list[ConfigCommit] = []
        refused: list[dict[str, Any]] = []
        seen: set[Address] = set()
        for place, each in enumerate(wanted):
            try:
                model.check_key(each.address.config_key)
                if each.address in seen:
                    raise ConfigFieldRefused(field="configKey", problem=texts.TWICE)
                seen.add(each.address)
                change = self._prepared(each, found, model.recorded(each.address.owner, origin), reason, strict=True)
                if isinstance(change, ConfigCommit):
                    changes.append(change)
            except Unavailable:
                raise  # an outage is nobody's wrong change
            except EngHubError as error:
                if error.status >= 500:  # an outage is nobody's refusal: all of it is to be sent again
                    raise
                refused.append(_refusal(place, each, error))
        return changes, refused

    def _around(self, address: Address) -> Found:
        return self.repository.load([Address(owner, address.config_key) for owner in address.owner.chain])

    def _prepared(
        self, wanted: Edited, found: Found, origin: Origin, reason: str, *, strict: bool = False
    ) -> ConfigCommit | Config:
        """Return the checked change, or the item when the same change was made before (never when ``strict``)."""
        current = _existing(found, wanted.address)
        if current.revision != wanted.version:
            if strict:
                raise ConfigVersionConflict(expected=wanted.version, actual=current.revision)
            return self._made_already(wanted, current.value, origin)
        return self._checked(model.updated(current, wanted.edit(current.value.content), origin, reason), found)

    def _made_already(self, wanted: Edited, current: Config, origin: Origin) -> Config:
        if self._is_made(wanted, current, origin):
            return current
        raise self._conflict(wanted, current)

    def _is_made(self, wanted: Edited, current: Config, origin: Origin) -> bool:
        if not _is_repeat(current, wanted.version, origin):
            return False
        base = self.repository.version(wanted.address, wanted.version)
        return base is not None and wanted.edit(base.content) == current.content

    def _made_all(self, wanted: Sequence[Edited], origin: Origin) -> tuple[Config, ...]:
        """Return the items when this user made every one of the changes already; none otherwise."""
        found = self.repository.load([each.address for each in wanted])
        current = [found[each.address].value for each in wanted if each.address in found]
        pairs = zip(wanted, current, strict=False)
        if len(current) == len(wanted) and all(
            self._is_made(each, config, model.recorded(each.address.owner, origin)) for each, config in pairs
        ):
            return tuple(current)
        return ()

    def _conflict(self, wanted: Edited, current: Config) -> ConfigVersionConflict:
        """Return the version conflict, with all that is needed to solve it."""
        base = self.repository.version(wanted.address, wanted.version)
        if base is None or base.is_deleted or wanted.version > current.version:
            return ConfigVersionConflict(expected=wanted.version, actual=current.version)
        old, mine, stored = base.content.facts(), wanted.edit(base.content).facts(), current.content.facts()
        merged = merge(old, mine, stored)
        return ConfigVersionConflict(
            expected=wanted.version,
            actual=current.version,
            changed_by=current.updated_by,
            changed_at=current.updated_at,
            base=old,
            yours=mine,
            theirs=stored,
            merge={
                "clean": merged.is_clean,
                "proposal": merged.proposal,
                "conflicts": [conflict.facts() for conflict in merged.conflicts],
                "version": current.version,
            },
        )

    def _checked(self, change: ConfigCommit, found: Found) -> ConfigCommit:
        """Return the change with its references bound, after every check of its content."""
        content, address = change.after.content, change.after.address
        _check_content(change)
        parsed = values.parse(content.value, content.type)
        if content.rule is not None:
            rules.check_rule(content.rule, content.type)
            rules.satisfy(content.rule, content.value, parsed)
        for owner in address.owner.chain[1:]:
            above = found.get(Address(owner, address.config_key))
            if above is not None and not above.value.is_deleted:
                _check_against(above.value, content, parsed)
        return replace(change, after=replace(change.after, references=self._bound(change)))

    def _bound(self, change: ConfigCommit) -> tuple[Address, ...]:
        """Return where each ``${key}`` of the value points: as before, or to the nearest layer that has it."""
        address = change.after.address
        keys = references.keys_in(change.after.content.value)
        kept = {target.config_key: target for target in (change.seen.references if change.seen else ())}
        new = [key for key in keys if key not in kept]
        if address.config_key in new:
            raise ReferenceRefused(target=address.config_key, problem=texts.ITSELF)
        if new:
            found = self.repository.load([Address(owner, key) for key in new for owner in address.owner.chain])
            for key in new:
                near = [found[a].value for owner in address.owner.chain if (a := Address(owner, key)) in found]
                target = next((config for config in near if not config.is_deleted), None)
                if target is None:
                    raise ReferenceRefused(target=key, problem=texts.NO_SUCH)
                kept[key] = target.address
            self._check_circle(address, [kept[key] for key in new])
        return tuple(kept[key] for key in keys)

    def _check_circle(self, start: Address, targets: Sequence[Address]) -> None:
        seen: set[Address] = set()
        frontier = list(targets)
        while frontier:
            if start in frontier:
                raise ReferenceRefused(target=targets[0].config_key, problem=texts.CIRCLE)
            seen.update(frontier)
            if len(seen) > MAX_WRITES:
                raise ReferenceRefused(target=targets[0].config_key, problem=texts.TOO_FAR)
            reached = {onward for kept in self.repository.load(frontier).values() for onward in kept.value.references}
            frontier = sorted(reached - seen)

    def _save(self, changes: Sequence[ConfigCommit], claim: Claim | None, answered: Any) -> None:
        try:
            self.repository.save(_announced(changes), claim, answered)
        except LayerIsFull as error:
            raise LayerFull(limit=listing.MAX_ITEMS_PER_LAYER) from error
        except TargetGone as error:
            raise ReferenceRefused(target=error.address.config_key, problem=texts.NO_SUCH) from error
        except Referenced as error:
            dependants = [address.facts() for address in self.repository.dependants(error.address)]
            raise ConfigReferenced(config_key=error.address.config_key, dependants=dependants) from error


def _announced(changes: Sequence[ConfigCommit]) -> list[ConfigCommit]:
    return [replace(change, events=(configuration_changed(change),)) for change in changes]


def _existing(found: Found, address: Address) -> Kept[Config]:
    kept = found.get(address)
    if kept is None or kept.value.is_deleted:
        raise ConfigNotFound(config_key=address.config_key, layer=address.owner.layer)
    return kept


def _created_already(current: Config, content: Content, origin: Origin) -> Config:
    """Return the item when this user created it so and nobody changed it since.

    Raises:
        ConfigExists: it is another.
    """
    own = current.created_by == origin.user_id and current.created_at == current.updated_at
    if not own or current.content != content:
        raise ConfigExists(config_key=current.address.config_key, layer=current.address.owner.layer)
    return current


def _is_repeat(current: Config, version: int, origin: Origin) -> bool:
    return current.version == version + 1 and current.updated_by == origin.user_id


def _check_content(change: ConfigCommit) -> None:
    content, before = change.after.content, change.seen
    if content.mode is not EffectiveMode.IMMEDIATE:
        raise ConfigFieldRefused(field="effectiveMode", problem=texts.ONLY_IMMEDIATE)
    if content.is_encrypted:
        raise ConfigFieldRefused(field="isEncrypted", problem=texts.NO_ENCRYPTION)
    is_new = before is None or before.is_deleted or before.content.expire_at != content.expire_at
    if content.expire_at is not None and is_new and content.expire_at <= change.origin.at:
        raise ConfigFieldRefused(field="expireTime", problem=texts.LATER)


def _check_against(above: Config, content: Content, parsed: Any) -> None:
    """An override has the type of what it overrides, and satisfies its rule."""
    if content.type is not above.content.type:
        raise ConfigFieldRefused(
            field="configType",
            problem=texts.OTHER_TYPE.filled(layer=above.address.owner.layer, type=above.content.type),
        )
    rules.satisfy(above.content.rule, content.value, parsed)


def _refusal(place: int, wanted: Edited, error: EngHubError) -> dict[str, Any]:
    text: Text = error.text
    return {
        "index": place,
        "configKey": wanted.address.config_key[:300],
        "code": error.code,
        "error": error.name,
        "message": text.filled(**error.details).render("en"),
        "messageZh": text.filled(**error.details).render("zh"),
        "field": error.details.get("field"),
    }
