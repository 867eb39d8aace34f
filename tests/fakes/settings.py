"""A store of configuration items in memory, with the manners of the real one."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from threading import Lock
from typing import Any

from enghub.core.claims import Claim
from enghub.core.commits import Kept
from enghub.settings.configs.listing import MAX_ITEMS_PER_LAYER, Summary, summary_of
from enghub.settings.configs.model import Address, Config, ConfigCommit, Operation, Owner
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
        return [summary_of(config) for config in sorted(mine, key=lambda config: config.address)]

    def dependants(self, address: Address) -> Sequence[Address]:
        return sorted(config.address for config in self.items.values() if address in config.references)[:100]

    def writes_of(self, changes: Sequence[ConfigCommit]) -> int:
        targets: Counter[Address] = Counter(t for change in changes for t in (*change.added, *change.removed))
        checked = {t for change in changes for t in change.added} - {change.after.address for change in changes}
        step = {Operation.CREATE: 1, Operation.DELETE: -1}
        counted: Counter[Owner] = Counter()
        for change in changes:
            counted[change.after.address.owner] += step.get(change.operation, 0)
        layers = sum(more != 0 for more in counted.values())
        checks = sum(change.operation is Operation.DELETE for change in changes)
        return 5 * len(changes) + layers + checks + targets.total() + len(targets) + len(checked)

    def save(self, changes: Sequence[ConfigCommit], claim: Claim | None, answered: Any) -> None:
        assert claim is None, "idempotency keys belong to the table"
        with self._lock:
            for change in changes:
                self._check(change, {other.after.address for other in changes})
            for change in changes:
                self.items[change.after.address] = change.after
                self.kept[change.after.address, change.after.version] = change.after
                self.changes.append(change)

    def _check(self, change: ConfigCommit, changed: set[Address]) -> None:
        address = change.after.address
        stored = self.items.get(address)
        if (stored and stored.version) != (change.before and change.before.revision):
            raise Outdated(address)
        if change.operation is Operation.CREATE and len(list(self.summaries(address.owner))) >= MAX_ITEMS_PER_LAYER:
            raise LayerIsFull
        if change.operation is Operation.DELETE and self.dependants(address):
            raise Referenced(address)
        for target in set(change.added) - changed:
            if target not in self.items or self.items[target].is_deleted:
                raise TargetGone(target)
