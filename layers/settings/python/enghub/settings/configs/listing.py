"""Lists one layer: filters, sorts and pages the bounded set of its cards (CFG-03)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from enghub.settings.configs.model import Config, ConfigType, Scope

MAX_ITEMS_PER_LAYER = 1_000
"""Of one tenant, of one user, or of the global layer: what a list may have to look through."""

CARD_VALUE_BYTES = 1_024
"""A longer value is left out of lists; the detail has it."""


@dataclass(frozen=True, slots=True)
class Card:
    """What a list shows of an item."""

    config_key: str
    value: str | None
    type: ConfigType
    scope: Scope
    category: str
    tags: tuple[str, ...]
    description: str
    is_active: bool
    version: int
    created_by: str
    created_at: datetime
    updated_by: str
    updated_at: datetime
    expire_at: datetime | None = None


def card_of(config: Config) -> Card:
    """Return the card of an item."""
    content = config.content
    return Card(
        config_key=config.address.config_key,
        value=content.value if len(content.value.encode()) <= CARD_VALUE_BYTES else None,
        type=content.type,
        scope=content.scope,
        category=content.category,
        tags=content.tags,
        description=content.description,
        is_active=content.is_active,
        version=config.version,
        created_by=config.created_by,
        created_at=config.created_at,
        updated_by=config.updated_by,
        updated_at=config.updated_at,
        expire_at=content.expire_at,
    )


class SortBy(StrEnum):
    """What a list may be ordered by."""

    CREATED_AT = "created_at"
    UPDATED_AT = "updated_at"
    CONFIG_KEY = "config_key"
    CATEGORY = "category"
    SCOPE = "scope"


class Order(StrEnum):
    """Which way."""

    ASC = "asc"
    DESC = "desc"


@dataclass(frozen=True, slots=True)
class Filter:
    """What to show; an item must fit every filter that is given.

    ``keyword`` is looked for in key, description, category and tags, ``tags`` must all be there; the times bound the
    last change, both ends included.
    """

    scope: Scope | None = None
    category: str | None = None
    keyword: str | None = None
    tags: tuple[str, ...] = ()
    start_at: datetime | None = None
    end_at: datetime | None = None

    def fits(self, card: Card) -> bool:
        """Return whether the card is to be shown."""
        return (
            (self.scope is None or card.scope is self.scope)
            and (self.category is None or card.category == self.category)
            and (self.keyword is None or self._found_in(card))
            and set(self.tags) <= set(card.tags)
            and (self.start_at is None or card.updated_at >= self.start_at)
            and (self.end_at is None or card.updated_at <= self.end_at)
        )

    def _found_in(self, card: Card) -> bool:
        wanted = (self.keyword or "").casefold()
        return any(wanted in text.casefold() for text in (card.config_key, card.description, card.category, *card.tags))


@dataclass(frozen=True, slots=True)
class Listing:
    """One page; ``page`` counts from 1, ``total`` is what the filter leaves."""

    cards: tuple[Card, ...]
    page: int
    size: int
    total: int


def listing(cards: Iterable[Card], wanted: Filter, *, sort: SortBy, order: Order, page: int, size: int) -> Listing:
    """Return a page of the cards that fit; equal ones are ordered by key, so that pages never overlap."""
    by: Callable[[Card], tuple[object, str]] = lambda card: (getattr(card, sort), card.config_key)  # noqa: E731
    fitting = sorted((card for card in cards if wanted.fits(card)), key=by, reverse=order is Order.DESC)
    start = (page - 1) * size
    return Listing(tuple(fitting[start : start + size]), page, size, len(fitting))
