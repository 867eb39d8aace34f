"""What the use cases need of a store of configuration items."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from enghub.core.claims import Claim
from enghub.core.commits import Kept
from enghub.settings.configs.listing import Summary
from enghub.settings.configs.model import Address, Config, ConfigCommit, Owner

MAX_WRITES = 100
"""Items in one transaction."""


class Outdated(Exception):
    """A commit was refused because its item is not (any more) as the commit saw it."""

    def __init__(self, address: Address) -> None:
        super().__init__(address.config_key)
        self.address = address


class Referenced(Exception):
    """A deletion was refused because other items refer to the item."""

    def __init__(self, address: Address) -> None:
        super().__init__(address.config_key)
        self.address = address


class TargetGone(Exception):
    """A change was refused because an item it refers to was deleted meanwhile."""

    def __init__(self, address: Address) -> None:
        super().__init__(address.config_key)
        self.address = address


class LayerIsFull(Exception):
    """A creation was refused because the layer holds MAX_ITEMS_PER_LAYER items."""


class ConfigRepository(Protocol):
    """Items with their versions, summaries, references, audit entries and events."""

    def load(self, addresses: Sequence[Address]) -> Mapping[Address, Kept[Config]]:
        """Return the items that exist (deleted ones too) among up to 100 addresses, in one call."""

    def version(self, address: Address, version: int) -> Config | None:
        """Return one version of an item, None when there is none of that number."""

    def summaries(self, owner: Owner) -> Iterable[Summary]:
        """Return the summaries of a layer's items, deleted ones left out."""

    def dependants(self, address: Address) -> Sequence[Address]:
        """Return up to 100 items that refer to this one."""

    def writes_of(self, commits: Sequence[ConfigCommit]) -> int:
        """Return how many writes saving these commits takes."""

    def save(self, commits: Sequence[ConfigCommit], claim: Claim | None, answered: Any) -> None:
        """Store all commits, each with version, summary, references, audit entry and event, or none of them.

        ``answered`` is what ``claim`` renders as the answer.

        Raises:
            Replayed: ``claim`` was answered before.
            Outdated, Referenced, TargetGone, LayerIsFull: as they say.
            Unavailable: nothing is known to be stored; a repeat is safe.
        """
