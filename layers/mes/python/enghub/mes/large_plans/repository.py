"""What large runs need: a store, and who starts executions."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from enghub.core.commits import Commit, Kept
from enghub.mes.factories import Factory
from enghub.mes.large_plans.model import Chunk, Given, Passed, Stocked
from enghub.mes.planning.model import Run, Suggested


class LargeRuns(Protocol):
    """Keeps large runs and what their chunks are made of. Putting the same thing twice is right."""

    def get(self, factory: Factory, run_id: str) -> Kept[Run] | None:
        """Return a run, read consistently."""

    def save(self, commit: Commit[Run]) -> None:
        """Store a run with its lease; one that is over gives the lease back.

        Raises:
            Replayed, VersionConflict
        """

    def extend(self, run: Run) -> None:
        """Say that a run's turn is at work."""

    def put(self, facts: Sequence[Given | Chunk | Passed | Suggested]) -> None:
        """Store facts."""

    def stock(self, wanted: Stocked) -> Stocked:
        """Store the stock of a chunk, or return what was stored first."""

    def stocked(self, run: Run, number: int) -> Stocked | None:
        """Return the stock of a chunk."""

    def given(self, run: Run) -> Iterator[Given]:
        """Yield what a run was asked with, in its order."""

    def chunk(self, run: Run, number: int) -> Chunk:
        """Return a chunk of a run that is ordered."""

    def passed(self, run: Run, number: int) -> Iterator[Passed]:
        """Yield what was passed on to a chunk, by where it comes from and piece."""


class Launcher(Protocol):
    """Starts executions."""

    def launch(self, name: str, given: Mapping[str, Any]) -> None:
        """Start the execution ``name``; does nothing when it was started before."""
