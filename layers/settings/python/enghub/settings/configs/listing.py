"""Lists one layer: filters, sorts and pages the bounded set of its summaries (CFG-03)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from enghub.settings.configs.model import Config, ConfigType, Scope

MAX_ITEMS_PER_LAYER = 10_000
"""Of one tenant, of one user, or of the global layer: what a sorted list may have to look through."""
LOOKED_AT = 1_000
"""Items that one call looks at when it goes through a layer by key and a filter narrows it."""

SUMMARY_VALUE_BYTES = 1_024
"""A longer value is left out of lists; the detail has it."""


@dataclass(frozen=True, slots=True)
class Summary:
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
    state: str = "in force"
    """Of the item when it was listed last: ``in force``, ``inactive``, ``staged``, ``scheduled`` or ``expired``."""


def summary_of(config: Config, at: datetime) -> Summary:
    """Return the summary of an item: of the version in force at that time, of the one saved last where none is."""
    slot = config.slot(at)
    content = config.content if slot is None else slot.content
    return Summary(
        config_key=config.address.config_key,
        value=content.shown if len(content.shown.encode()) <= SUMMARY_VALUE_BYTES else None,
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
        state=config.state(at),
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

    @property
    def narrows(self) -> bool:
        """Whether it leaves anything out."""
        return self != Filter()

    def fits(self, summary: Summary) -> bool:
        """Return whether the summary is to be shown."""
        return (
            (self.scope is None or summary.scope is self.scope)
            and (self.category is None or summary.category == self.category)
            and (self.keyword is None or self._found_in(summary))
            and set(self.tags) <= set(summary.tags)
            and (self.start_at is None or summary.updated_at >= self.start_at)
            and (self.end_at is None or summary.updated_at <= self.end_at)
        )

    def _found_in(self, summary: Summary) -> bool:
        wanted = (self.keyword or "").casefold()
        return any(
            wanted in text.casefold()
            for text in (summary.config_key, summary.description, summary.category, *summary.tags)
        )


@dataclass(frozen=True, slots=True)
class Listing:
    """One page; ``page`` counts from 1, ``total`` is what the filter leaves."""

    summaries: tuple[Summary, ...]
    page: int
    size: int
    total: int | None
    """None where a layer is gone through by key: nobody counted."""
    next_after: str | None = None
    """The key after which the next page begins, of a layer that is gone through by key; None at the end."""


@dataclass(frozen=True, slots=True)
class Looked:
    """A part of a layer by key; ``last`` is the last key that was looked at, None where the layer ends there."""

    summaries: tuple[Summary, ...]
    last: str | None


def by_key(looked: Looked, wanted: Filter, size: int) -> Listing:
    """Return the page of what was looked at; it may hold fewer than ``size`` while there is more."""
    fitting = [summary for summary in looked.summaries if wanted.fits(summary)]
    shown = tuple(fitting[:size])
    return Listing(shown, 1, size, None, shown[-1].config_key if len(fitting) > size else looked.last)


def listing(
    summaries: Iterable[Summary], wanted: Filter, *, sort: SortBy, order: Order, page: int, size: int
) -> Listing:
    """Return a page of the summaries that fit; equal ones are ordered by key, so that pages never overlap."""

    def by(summary: Summary) -> tuple[Any, str]:
        return getattr(summary, sort), summary.config_key

    fitting = sorted((summary for summary in summaries if wanted.fits(summary)), key=by, reverse=order is Order.DESC)
    start = (page - 1) * size
    return Listing(tuple(fitting[start : start + size]), page, size, len(fitting))
