"""A store of configuration items in memory, with the manners of the real one."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from threading import Lock
from typing import Any

from enghub.core.claims import Claim
from enghub.core.commits import Kept
from enghub.core.dynamo import Page
from enghub.core.events import Envelope
from enghub.core.identity import Origin
from enghub.core.timers.model import DueTimer
from enghub.settings.configs.commits import ConfigCommit
from enghub.settings.configs.listing import MAX_ITEMS_PER_LAYER, Looked, Summary, summary_of
from enghub.settings.configs.model import Address, Config, Layer, Operation, Owner
from enghub.settings.configs.repository import LayerIsFull, Outdated, Referenced, TargetGone


class FakeConfigs:
    """Items and all their versions, in dictionaries; see ``ConfigRepository``."""

    def __init__(self) -> None:
        self.items: dict[Address, Config] = {}
        self.kept: dict[tuple[Address, int], Config] = {}
        self.changes: list[ConfigCommit] = []
        self._lock = Lock()

    def load(self, addresses: Sequence[Address]) -> Mapping[Address, Kept[Config]]:
        found = {address: self.items[address] for address in addresses if address in self.items}
        return {address: Kept(config, config.version) for address, config in found.items()}

    def version(self, address: Address, version: int) -> Config | None:
        return self.kept.get((address, version))

    def summaries(self, owner: Owner) -> Iterable[Summary]:
        mine = (config for config in self.items.values() if config.address.owner == owner and not config.is_deleted)
        return [summary_of(config, config.updated_at) for config in sorted(mine, key=lambda config: config.address)]

    def summaries_after(self, owner: Owner, after: str, most: int) -> Looked:
        found = [one for one in self.summaries(owner) if one.config_key > after]
        return Looked(tuple(found[:most]), found[most - 1].config_key if len(found) > most else None)

    def keys(self, owner: Owner, beginning: str, most: int) -> list[str]:
        return [one.config_key for one in self.summaries(owner) if one.config_key.startswith(beginning)][:most]

    def history(self, address: Address, limit: int, cursor: str | None) -> Page[Config]:
        found = sorted((v for (of, v) in self.kept if of == address and v < int(cursor or 10**9)), reverse=True)
        more = str(found[limit - 1]) if len(found) > limit else None
        return Page(tuple(self.kept[address, number] for number in found[:limit]), more)

    def overrides(self, address: Address, most: int) -> Sequence[Owner]:
        near = self._near(address.owner)
        owners = (
            a.owner for a, config in self.items.items() if not config.is_deleted and a.config_key == address.config_key
        )
        return sorted(owner for owner in owners if near(owner))[:most]

    def known(self, owner: Owner, most: int) -> int:
        near = self._near(owner)
        return min(most, len({a.owner for a in self.items if near(a.owner)}))

    @staticmethod
    def _near(owner: Owner) -> Callable[[Owner], bool]:
        if owner.layer is Layer.GLOBAL:
            return lambda one: one.layer is Layer.TENANT
        return lambda one: one.layer is Layer.USER and one.tenant_id == owner.tenant_id

    def tell(self, config: Config, due: DueTimer, event: Envelope, origin: Origin) -> None:
        raise NotImplementedError("timers belong to the table")

    def dependants(self, address: Address) -> Sequence[Address]:
        return sorted(config.address for config in self.items.values() if address in config.references)[:100]

    def save(
        self,
        commits: Sequence[ConfigCommit],
        claim: Claim | None,
        answered: Callable[[Mapping[Address, Config]], Any],
        alongside: Sequence[Any] = (),
    ) -> Mapping[Address, Config]:
        assert claim is None, "idempotency keys belong to the table"
        with self._lock:
            for change in commits:
                self._check(change, {other.after.address for other in commits})
            for change in commits:
                self.items[change.after.address] = change.after
                self.kept[change.after.address, change.after.version] = change.after
                self.changes.append(change)
        return {change.after.address: change.after for change in commits}

    def _check(self, change: ConfigCommit, changed: set[Address]) -> None:
        address = change.after.address
        stored = self.items.get(address)
        if (stored and stored.version) != (change.before and change.before.revision):
            raise Outdated(address)
        if change.is_new and len(list(self.summaries(address.owner))) >= MAX_ITEMS_PER_LAYER:
            raise LayerIsFull
        if change.operation is Operation.DELETE and self.dependants(address):
            raise Referenced(address)
        for target in set(change.added) - changed:
            if target not in self.items or self.items[target].is_deleted:
                raise TargetGone(target)
