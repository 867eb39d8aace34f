"""Reads of configuration: layered values, lists, history, comparison, explanation (CFG-01, CFG-03, CFG-06, CFG-29)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from enghub.core import log
from enghub.core.errors import Unavailable
from enghub.settings.configs import listing, model
from enghub.settings.configs.errors import ConfigNotFound, ConfigVersionNotFound
from enghub.settings.configs.last_known import Items, LastKnown
from enghub.settings.configs.listing import Filter, Listing
from enghub.settings.configs.merge import same
from enghub.settings.configs.model import Address, Config, Effective, Layer, Owner, Slot
from enghub.settings.configs.repository import ConfigRepository, Page


@dataclass(frozen=True, slots=True)
class Answered:
    """What a caller gets for a key, and what will answer next by itself."""

    now: Effective
    next_at: datetime | None = None
    then: Effective | None = None
    stale_since: datetime | None = None
    """When it was read, where the store does not answer now."""

    @property
    def secret_layers(self) -> tuple[Layer, ...]:
        """The layers whose secrets the value, now and next, is; none where it is plain."""
        answers = [one for one in (self.now, self.then) if one is not None and one.slot.content.is_encrypted]
        return tuple(one.config.address.owner.layer for one in answers)


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that differs between two versions, under the name of the API."""

    field: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class LayerExplained:
    """What one layer had at a time: the version saved last, and which of its versions was in force."""

    saved: Config
    slot: Slot | None
    state: str
    source: Config | None
    """The version in force, with author, reason and request."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a caller had a value at a time, nearest layer first."""

    at: datetime
    answer: Effective | None
    layers: tuple[LayerExplained, ...]


@dataclass(frozen=True, slots=True)
class ConfigReader:
    """Reads configuration items; every read costs the same however many items there are."""

    repository: ConfigRepository
    last_known: LastKnown = field(default_factory=LastKnown)

    def effective(self, caller: Owner, config_key: str, at: datetime) -> Answered:
        """Return what the caller gets for a key, and which layer answers; one call to the store.

        While the store is away: by what this process read last, as stale.

        Raises:
            ConfigNotFound: no layer has the key in force.
            Unavailable: the store is away, and the key was never read here.
        """
        model.check_key(config_key)
        addresses = [Address(owner, config_key) for owner in caller.chain]
        found, stale_since = self._loaded(addresses, at)
        layers = [found[address].value if address in found else None for address in addresses]
        # What was read was saved, whatever this machine's clock says: a slow one must not find nothing in force.
        at = max([at, *(config.updated_at for config in layers if config is not None)])
        answer = model.effective(layers, at)
        if answer is None:
            raise ConfigNotFound(config_key=config_key, layer="user, tenant, global")
        following = model.next_change(layers, at)
        next_at, then = (None, None) if following is None else following
        return Answered(answer, next_at, then, stale_since)

    def effective_of(self, caller: Owner, keys: Sequence[str], at: datetime) -> dict[str, Effective]:
        """Return what the caller gets for several keys, of those that are in force; one call to the store.

        Raises:
            Unavailable: the store is away, and one of the keys was never read here.
        """
        found, _ = self._loaded([Address(owner, key) for key in keys for owner in caller.chain], at)
        layers = {key: [found.get(Address(owner, key)) for owner in caller.chain] for key in keys}
        answers = {
            key: model.effective([None if one is None else one.value for one in each], at)
            for key, each in layers.items()
        }
        return {key: answer for key, answer in answers.items() if answer is not None}

    def _loaded(self, addresses: Sequence[Address], at: datetime) -> tuple[Items, datetime | None]:
        try:
            found = self.repository.load(addresses)
        except Unavailable:
            known = self.last_known.of(addresses)
            if known is None:
                raise
            log.warning("configuration is answered by what was read last", config_key=addresses[0].config_key)
            return known
        self.last_known.keep(addresses, found, at)
        return found, None

    def detail(self, address: Address) -> Config:
        """Return one layer's own item, in force or not.

        Raises:
            ConfigNotFound: the layer has no such item.
        """
        config = self._item(address)
        if config.is_deleted:
            raise ConfigNotFound(config_key=address.config_key, layer=address.owner.layer)
        return config

    def listing(
        self, owner: Owner, wanted: Filter, *, sort: listing.SortBy, order: listing.Order, page: int, size: int
    ) -> Listing:
        """Return a page of one layer's items."""
        return listing.listing(self.repository.summaries(owner), wanted, sort=sort, order=order, page=page, size=size)

    def listing_by_key(self, owner: Owner, wanted: Filter, after: str, size: int) -> Listing:
        """Return the next page of one layer's items by key; it costs the same however many there are."""
        most = listing.LOOKED_AT if wanted.narrows else size
        return listing.by_key(self.repository.summaries_after(owner, after, most), wanted, size)

    def history(self, address: Address, limit: int, cursor: str | None) -> Page[Config]:
        """Return versions, the newest first, also of a deleted item.

        Raises:
            ConfigNotFound: the layer never had such an item.
        """
        model.check_key(address.config_key)
        found = self.repository.history(address, limit, cursor)
        if not found.items and cursor is None:
            raise ConfigNotFound(config_key=address.config_key, layer=address.owner.layer)
        return found

    def version(self, address: Address, version: int) -> Config:
        """Return one version.

        Raises:
            ConfigVersionNotFound: there is none of that number.
        """
        model.check_key(address.config_key)
        found = self.repository.version(address, version)
        if found is None:
            raise ConfigVersionNotFound(config_key=address.config_key, version=version)
        return found

    def differences(self, address: Address, old: int, new: int) -> tuple[Difference, ...]:
        """Return what differs between two versions, field by field; a deleted version has nothing.

        Raises:
            ConfigVersionNotFound: there is none of that number.
        """
        sides = [self.version(address, number) for number in (old, new)]
        before, after = ({} if side.is_deleted else side.content.facts() for side in sides)
        names = dict.fromkeys([*before, *after])
        changed = [name for name in names if not same(before.get(name), after.get(name))]
        return tuple(Difference(name, before.get(name), after.get(name)) for name in changed)

    def explain(self, caller: Owner, config_key: str, at: datetime, now: datetime) -> Explanation:
        """Return why the caller has, or had ``at`` that time, a value: every layer with its versions and their authors.

        One BatchGetItem, and for a time in the past a search by halves through each layer's version numbers.

        Raises:
            ConfigNotFound: no layer had anything at that time.
        """
        model.check_key(config_key)
        addresses = [Address(owner, config_key) for owner in caller.chain]
        found = self.repository.load(addresses)
        current = [found[one].value if one in found and found[one].revision else None for one in addresses]
        layers = [None if one is None else self._as_of(one, at) if at < now else one for one in current]
        if not any(layers):
            raise ConfigNotFound(config_key=config_key, layer="user, tenant, global")
        told = tuple(self._told(config, at) for config in layers if config is not None)
        return Explanation(at, model.effective(layers, at), told)

    def _told(self, config: Config, at: datetime) -> LayerExplained:
        slot = config.slot(at)
        state = "deleted" if config.is_deleted else config.state(at)
        source = config if slot is None or slot.version == config.version else None
        if slot is not None and source is None:
            source = self.repository.version(config.address, slot.version)
        return LayerExplained(config, slot, state, source)

    def _as_of(self, config: Config, at: datetime) -> Config | None:
        """Return the version that was the last one saved at that time; None when the item was not there yet."""
        if config.updated_at <= at:
            return config
        low, best = 1, None
        high = config.version - 1
        while low <= high:
            middle = (low + high) // 2
            found = self.repository.version(config.address, middle)
            if found is not None and found.updated_at <= at:
                best, low = found, middle + 1
            else:
                high = middle - 1
        return best

    def _item(self, address: Address) -> Config:
        model.check_key(address.config_key)
        found = self.repository.load([address])
        if address not in found:
            raise ConfigNotFound(config_key=address.config_key, layer=address.owner.layer)
        return found[address].value
