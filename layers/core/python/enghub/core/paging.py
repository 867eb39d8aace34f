"""Lists that are read page after page."""

from collections.abc import Callable, Iterator
from typing import Protocol, TypeVar


class Paged(Protocol):
    """A part of a list; ``cursor`` is where to go on, None at the end."""

    @property
    def cursor(self) -> str | None: ...  # noqa: D102 - said above


P = TypeVar("P", bound=Paged)


def pages(read: Callable[[str | None], P]) -> Iterator[P]:
    """Yield every page of a list; ``read`` returns the one at a cursor, the first at None."""
    cursor: str | None = None
    while True:
        page = read(cursor)
        yield page
        cursor = page.cursor
        if cursor is None:
            return
