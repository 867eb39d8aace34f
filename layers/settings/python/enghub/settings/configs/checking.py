"""Every check of a change before it is stored: content, value, rules of all layers, references (CFG-02, CFG-26)."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from enghub.core import fields
from enghub.core.clock import to_text
from enghub.core.commits import Kept
from enghub.core.lazy import lazy
from enghub.settings.configs import references, rules, texts, values
from enghub.settings.configs.commits import ConfigCommit
from enghub.settings.configs.errors import (
    ConfigFieldRefused,
    ConfigRuleUnsatisfied,
    ConfigValueMalformed,
    ReferenceRefused,
)
from enghub.settings.configs.model import Address, Config, Content, EffectiveMode, Layer, Owner
from enghub.settings.configs.repository import ConfigRepository
from enghub.settings.configs.secrets import Seals, opened

if TYPE_CHECKING:
    from enghub.settings.configs import policies
else:  # few changes are of the security policy
    policies = lazy("enghub.settings.configs.policies")

POLICY = "security."
MAX_PLANNED = 5
"""Versions of one item that may answer later, beside the one in force."""
MAX_FOLLOWED = 100
"""Items that the references of a value may lead to."""
Found = Mapping[Address, Kept[Config]]


class Items(Protocol):
    """Where items are looked up."""

    def load(self, addresses: Sequence[Address]) -> Found:
        """Return those that exist."""


@dataclass(frozen=True, slots=True)
class Together:
    """The items as changes that are made together leave them, so that these may refer to each other."""

    repository: ConfigRepository
    known: dict[Address, Kept[Config]]
    asked: set[Address]

    @classmethod
    def of(cls, repository: ConfigRepository, found: Found, asked: Sequence[Address]) -> "Together":
        """Return the view over what was read already."""
        return cls(repository, dict(found), set(asked))

    def load(self, addresses: Sequence[Address]) -> Found:
        """Return those that exist, each read once."""
        new = [address for address in dict.fromkeys(addresses) if address not in self.asked]
        if new:
            self.known.update(self.repository.load(new))
            self.asked.update(new)
        return {address: self.known[address] for address in addresses if address in self.known}

    def add(self, *changes: ConfigCommit) -> None:
        """Take changes for made."""
        for change in changes:
            self.known[change.after.address] = Kept(change.after, change.after.version)
            self.asked.add(change.after.address)


def checked(
    repository: Items, change: ConfigCommit, found: Found, seals: Seals, *, forced: bool = False
) -> ConfigCommit:
    """Return the change with its references bound, after every check of its content; a secret is opened for them.

    ``forced``: its author may lock themselves out.

    Raises:
        ConfigValueMalformed, ConfigRuleUnsatisfied, ValidationRuleMalformed, ConfigFieldRefused, ReferenceRefused
        LockOut: see ``policies``.
    """
    content, address = change.after.content, change.after.address
    _check_times(change)
    plain = opened(seals, address, content)
    if content.rule is not None:
        rules.check_rule(content.rule, content.type)
    with _hiding(content):
        parsed = values.parse(plain, content.type)
        rules.satisfy(content.rule, plain, parsed)
        for owner in address.owner.chain[1:]:
            above = found.get(Address(owner, address.config_key))
            if above is not None and not above.value.is_deleted:
                _check_against(above.value, address.owner.layer, content, plain, parsed)
    if address.config_key.startswith(POLICY):
        policies.check(change, plain, forced=forced)
    bound = replace(change, after=replace(change.after, references=_bound(repository, change, plain)))
    if isinstance(repository, Together):
        repository.add(bound)
    return bound


@contextmanager
def _hiding(content: Content) -> Iterator[None]:
    """Refuse a secret without repeating it, or anything that was made of it."""
    try:
        yield
    except (ConfigValueMalformed, ConfigRuleUnsatisfied) as error:
        if not content.is_encrypted:
            raise
        told = {**error.details, "actual_value": fields.MASK, "problem": texts.A_SECRET, "suggestion": None}
        raise type(error)(**told) from None


def _check_times(change: ConfigCommit) -> None:
    content, at = change.after.content, change.origin.at
    before = change.seen.content if change.seen and not change.seen.is_deleted else None
    scheduled = content.mode is EffectiveMode.SCHEDULED
    if scheduled is (content.effective_at is None):
        problem = texts.WHEN if scheduled else texts.LEAVE_OUT
        raise ConfigFieldRefused(
            field="effectiveTime", problem=problem, suggestion=None if not scheduled else to_text(at)
        )
    is_new = before is None or before.effective_at != content.effective_at
    if content.effective_at is not None and is_new and content.effective_at <= at:
        raise ConfigFieldRefused(field="effectiveTime", problem=texts.LATER, suggestion={"after": to_text(at)})
    starts = change.after.starts_at or at
    is_new = before is None or before.expire_at != content.expire_at or before.effective_at != content.effective_at
    if content.expire_at is not None and is_new and content.expire_at <= starts:
        raise ConfigFieldRefused(field="expireTime", problem=texts.AFTER_EFFECT, suggestion={"after": to_text(starts)})
    if len(change.after.others) > MAX_PLANNED:
        raise ConfigFieldRefused(field="effectiveTime", problem=texts.TOO_PLANNED.filled(most=MAX_PLANNED))


def _check_against(above: Config, change_of: Layer, content: Content, plain: str, parsed: Any) -> None:
    """An override is allowed, has the type of what it overrides, satisfies its rule, and is encrypted where that is."""
    if above.content.is_encrypted and not content.is_encrypted:
        problem = texts.ABOVE_SECRET.filled(layer=above.address.owner.layer)
        raise ConfigFieldRefused(field="isEncrypted", problem=problem, suggestion=True)
    if change_of is Layer.USER and not above.content.is_overridable:
        problem = texts.NO_OVERRIDE.filled(layer=above.address.owner.layer)
        raise ConfigFieldRefused(field="layer", problem=problem, suggestion=above.address.owner.layer)
    if content.type is not above.content.type:
        raise ConfigFieldRefused(
            field="configType",
            problem=texts.OTHER_TYPE.filled(layer=above.address.owner.layer, type=above.content.type),
            suggestion=above.content.type,
        )
    rules.satisfy(above.content.rule, plain, parsed)


def _bound(repository: Items, change: ConfigCommit, plain: str) -> tuple[Address, ...]:
    """Return where each ``${key}`` of the value points: as before, or to the nearest layer that has it."""
    address = change.after.address
    keys = references.keys_in(plain)
    kept = {target.config_key: target for target in (change.seen.references if change.seen else ())}
    new = [key for key in keys if key not in kept]
    if address.config_key in new:
        raise ReferenceRefused(target=address.config_key, problem=texts.ITSELF)
    if new:
        found = repository.load([Address(owner, key) for key in new for owner in address.owner.chain])
        for key in new:
            kept[key] = _nearest(found, address.owner, key)
        _check_circle(repository, address, [kept[key] for key in new])
    return tuple(kept[key] for key in keys)


def _nearest(found: Found, owner: Owner, key: str) -> Address:
    near = [found[a].value for each in owner.chain if (a := Address(each, key)) in found]
    target = next((config for config in near if not config.is_deleted), None)
    if target is None:
        raise ReferenceRefused(target=key, problem=texts.NO_SUCH)
    return target.address


def _check_circle(repository: Items, start: Address, targets: Sequence[Address]) -> None:
    seen: set[Address] = set()
    frontier = list(targets)
    while frontier:
        if start in frontier:
            raise ReferenceRefused(target=targets[0].config_key, problem=texts.CIRCLE)
        seen.update(frontier)
        if len(seen) > MAX_FOLLOWED:
            raise ReferenceRefused(target=targets[0].config_key, problem=texts.TOO_FAR)
        reached = {onward for kept in repository.load(frontier).values() for onward in kept.value.references}
        frontier = sorted(reached - seen)
