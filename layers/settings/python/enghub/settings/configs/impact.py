"""Whom a change would hit, before it is saved: who would see another value, and what depends on the item (CFG-30)."""

from dataclasses import dataclass, replace
from datetime import datetime

from enghub.settings.configs import layered, model
from enghub.settings.configs.model import Address, Config, ConfigType, Content, Layer
from enghub.settings.configs.repository import ConfigRepository

MOST = 1_000
"""Owners that are counted; more are told as "at least"."""
LOADED = 100
"""Overrides whose own values are looked at; the rest counts as not hit, which is then told as not exact."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Who is hit among the owners of the next nearer layer that have settings at all."""

    known: int
    unaffected: int
    """Those whose own value answers, whatever this layer says."""
    exact: bool
    """Whether everybody was counted and looked at; else the figures are lower bounds."""

    @property
    def affected(self) -> int:
        """How many see this layer's value, wholly or merged into their own."""
        return max(0, self.known - self.unaffected)


@dataclass(frozen=True, slots=True)
class Impact:
    """What one change would do."""

    address: Address
    before: str | None
    after: str | None
    """What the layer's owner gets, now and then; None: nothing answers."""
    reach: Reach | None
    """None in the user layer, which hits its user alone."""
    dependants: tuple[Address, ...]
    is_secret: bool = False
    """The values are masks: who might guess one would learn from ``changes`` whether it is right."""

    @property
    def changes(self) -> bool:
        """Whether anybody gets another value; of a secret it is always said."""
        return self.is_secret or self.before != self.after


@dataclass(frozen=True, slots=True)
class ConfigImpact:
    """Works out whom changes would hit; the number of calls is bounded, however many items there are."""

    repository: ConfigRepository

    def of(self, address: Address, value: str | None, at: datetime) -> Impact:
        """Return what saving ``value`` in force at once would do; None means deleting the item.

        Four calls at most: the item in its layers, those who override it, their values, those who depend on it.
        """
        model.check_key(address.config_key)
        chain = [Address(owner, address.config_key) for owner in address.owner.chain]
        found = self.repository.load(chain)
        layers = [found[one].value if one in found else None for one in chain]
        wanted = [_with(layers[0], address, value, at), *layers[1:]]
        before, after = model.effective(layers, at), model.effective(wanted, at)
        return Impact(
            address,
            None if before is None else before.shown,
            None if after is None else after.shown,
            None if address.owner.layer is Layer.USER else self._reach(address, at),
            tuple(self.repository.dependants(address)),
            any(one is not None and one.slot.content.is_encrypted for one in (before, after)),
        )

    def _reach(self, address: Address, at: datetime) -> Reach:
        known = self.repository.known(address.owner, MOST + 1)
        owners = self.repository.overrides(address, MOST + 1)
        looked_at = owners[:LOADED]
        own = self.repository.load([Address(owner, address.config_key) for owner in looked_at]) if looked_at else {}
        hidden = sum(_hides(kept.value, at) for kept in own.values()) + max(0, len(owners) - LOADED)
        exact = known <= MOST and len(owners) <= LOADED
        return Reach(min(known, MOST), min(hidden, MOST), exact)


def _hides(config: Config, at: datetime) -> bool:
    """Tell whether an override answers alone: in force, and no object into which the layer behind is merged."""
    slot = config.slot(at)
    if slot is None or not slot.content.is_active:
        return False
    return slot.content.type is not ConfigType.JSON or not layered.is_object(slot.content.value)


def _with(current: Config | None, address: Address, value: str | None, at: datetime) -> Config | None:
    """Return the item as it would be."""
    if value is None:
        return None
    base = Content(value) if current is None else current.content
    content = replace(base, value=value, expire_at=None, is_active=True)
    if current is None:
        return Config(address, content, 1, "", at, "", at, starts_at=at)
    return replace(current, content=content, starts_at=at, others=(), is_deleted=False)
