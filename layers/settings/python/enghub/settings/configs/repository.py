"""What the use cases need of a store of configuration items."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar

from enghub.core.claims import Claim
from enghub.core.commits import Kept
from enghub.core.events import Envelope
from enghub.core.identity import Origin
from enghub.core.timers.model import DueTimer
from enghub.settings.configs.commits import ConfigCommit
from enghub.settings.configs.listing import Looked, Summary
from enghub.settings.configs.model import Address, Config, Owner


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


class Held(Exception):
    """A commit was refused because the item holds a change of a set that is being saved."""

    def __init__(self, address: Address) -> None:
        super().__init__(address.config_key)
        self.address = address


class LayerIsFull(Exception):
    """A creation was refused because the layer holds MAX_ITEMS_PER_LAYER items."""


T_co = TypeVar("T_co", covariant=True)


class Page(Protocol, Generic[T_co]):
    """Part of a list; ``cursor`` is where to go on, None at the end."""

    @property
    def items(self) -> tuple[T_co, ...]:
        """Return what the page holds."""

    @property
    def cursor(self) -> str | None:
        """Return where the next page begins."""


class ConfigRepository(Protocol):
    """Items with their versions, summaries, references, audit entries and events."""

    def load(self, addresses: Sequence[Address]) -> Mapping[Address, Kept[Config]]:
        """Return the items that exist (deleted ones too) among up to 100 addresses, in one call."""

    def version(self, address: Address, version: int) -> Config | None:
        """Return one version of an item, None when there is none of that number."""

    def summaries(self, owner: Owner) -> Iterable[Summary]:
        """Return the summaries of a layer's items, deleted ones left out."""

    def summaries_after(self, owner: Owner, after: str, most: int) -> Looked:
        """Return up to ``most`` summaries of a layer by key, from the first key behind ``after`` on."""

    def keys(self, owner: Owner, beginning: str, most: int) -> Sequence[str]:
        """Return up to ``most`` keys of a layer's items that begin so, by key."""

    def history(self, address: Address, limit: int, cursor: str | None) -> Page[Config]:
        """Return versions of an item, the newest first, a page at a time."""

    def overrides(self, address: Address, most: int) -> Sequence[Owner]:
        """Return owners of the next nearer layer that have an own value, up to ``most``."""

    def known(self, owner: Owner, most: int) -> int:
        """Return how many owners of the next nearer layer have settings at all, counted up to ``most``."""

    def tell(self, config: Config, due: DueTimer, event: Envelope, origin: Origin) -> None:
        """Store that another version of the item answers now, once per timer.

        Raises:
            AlreadyHandled: the timer had its effect, or was moved.
            Outdated: the item is not as it was read.
        """

    def dependants(self, address: Address) -> Sequence[Address]:
        """Return up to 100 items that refer to this one."""

    def save(
        self,
        commits: Sequence[ConfigCommit],
        claim: Claim | None,
        answered: Callable[[Mapping[Address, Config]], Any],
        alongside: Sequence[Any] = (),
    ) -> Mapping[Address, Config]:
        """Store all commits, each with version, summary, references, audit entry and event, or none of them.

        Return the items as they are stored. However many there are, readers see all of them or none. ``answered``
        makes of them what ``claim`` renders as the answer; ``alongside`` are writes of another aggregate of this
        context that happen with them.

        Raises:
            Replayed: ``claim`` was answered before.
            Outdated, Held, Referenced, TargetGone, LayerIsFull: as they say.
            Unavailable: nothing is known to be stored; a repeat is safe.
        """
