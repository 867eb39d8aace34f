"""What the use cases of ramps need of a store, of what is between callers and versions, and of metrics."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from enghub.core.commits import Commit, Kept
from enghub.golive.ramps.model import Ramp
from enghub.golive.traffic.model import Measured, Traffic, Watch


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a ramp's journal."""

    at: datetime
    turn: int
    what: str
    state: str
    percent: int
    verdict: str
    why: str
    said: str
    by: str
    measured: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RampPage:
    """Some ramps, the latest first."""

    items: tuple[Kept[Ramp], ...]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class LinePage:
    """Some lines of a journal, the latest first."""

    items: tuple[Line, ...]
    cursor: str | None


class Ramps(Protocol):
    """Stores ramps with their journals and timers."""

    def get(self, tenant_id: str, ramp_id: str) -> Kept[Ramp] | None:
        """Return one."""

    def page(self, tenant_id: str, limit: int, cursor: str | None) -> RampPage:
        """Return part of the tenant's ramps."""

    def journal(self, tenant_id: str, ramp_id: str, limit: int, cursor: str | None) -> LinePage:
        """Return part of a journal."""

    def save(self, commit: Commit[Ramp], line: Line) -> Kept[Ramp]:
        """Store a turn with its line and the timer of the next one.

        Raises:
            Replayed, VersionConflict
        """


class Control(Protocol):
    """Sets and reads shares."""

    def read(self, tenant_id: str, traffic: Traffic) -> int:
        """Return the new version's share in percent.

        Raises:
            TrafficFailed
        """

    def set(self, tenant_id: str, traffic: Traffic, percent: int) -> None:
        """Set it; the same again changes nothing.

        Raises:
            TrafficFailed
        """


class Meter(Protocol):
    """Measures versions."""

    def measure(self, watch: Watch) -> Measured:
        """Return what a look finds; what goes wrong is a finding, too."""

    def health(self, url: str) -> str:
        """Return what is wrong with the old version, empty when it is healthy."""
