"""What the use cases need of a store of configuration items."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from enghub.core.idempotency import Once
from enghub.settings.configs.listing import Card
from enghub.settings.configs.model import Address, Change, Config, Owner

MAX_WRITES = 100
"""Items in one transaction."""


class Outdated(Exception):
    """A change was refused because its item is not (any more) as the change saw it."""

    def __init__(self, change: Change) -> None:
        super().__init__(change.after.address.config_key)
        self.change = change


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
    """Items with their versions, cards, references, audit entries and events."""

    def load(self, addresses: Sequence[Address]) -> Mapping[Address, Config]:
        """Return the items that exist (deleted ones too) among up to 100 addresses, in one call."""

    def version(self, address: Address, version: int) -> Config | None:
        """Return one version of an item, None when there is none of that number."""

    def cards(self, owner: Owner) -> Iterable[Card]:
        """Return the cards of a layer's items, deleted ones left out."""

    def dependants(self, address: Address) -> Sequence[Address]:
        """Return up to 100 items that refer to this one."""

    def writes_of(self, changes: Sequence[Change]) -> int:
        """Return how many writes saving these changes takes."""

    def save(self, changes: Sequence[Change], once: Once | None, answered: Any) -> None:
        """Store all changes, each with version, card, references, audit entry and event, or none of them.

        ``answered`` is what ``once`` renders as the answer.

        Raises:
            Replayed: ``once`` was answered before.
            Outdated, Referenced, TargetGone, LayerIsFull: as they say.
            Unavailable: nothing is known to be stored; a repeat is safe.
        """
