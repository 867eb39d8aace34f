"""How often flags are asked for, and who was seen: counts by day and variant, and a bounded sample of contexts. Pure.

A warm function collects and writes together, at the latest with the first call ten seconds later: what it holds when it
dies is not counted. The sample answers "whom would this change hit"; it holds the contexts that callers sent, for a
week, in the encrypted table, and reaches no log.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol
from zlib import crc32

from enghub.core import log
from enghub.core.errors import EngHubError
from enghub.settings.flags.model import Environment
from enghub_flags.model import Result

EVERY = timedelta(seconds=10)
MOST = 2_000
"""Evaluations that are held before they are written."""
SAMPLED = 10
"""Contexts of one writing."""
SLOTS = 200
"""Contexts that are kept of one tenant and environment, and as many of all tenants together."""
KEPT_SAMPLE, KEPT_COUNTS = timedelta(days=7), timedelta(days=400)
MAX_CONTEXT = 2_000
"""Characters of a context that is kept."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One context that was evaluated; ``slot`` is where the sample keeps it: the latest of its slot."""

    tenant_id: str
    environment: Environment
    context: Mapping[str, Any]
    seen_at: datetime

    @property
    def slot(self) -> int:
        """The same for the same subject."""
        return crc32(f"{self.tenant_id}/{self.context.get('targetingKey')}".encode("utf-8", "replace")) % SLOTS


@dataclass(frozen=True, slots=True)
class Day:
    """What one flag answered on a day (UTC), by variant; a deleted variant stays counted."""

    flag_key: str
    day: str
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Counted:
    """What was answered since the last writing: flag to variant to number."""

    tenant_id: str
    environment: Environment
    counts: Mapping[str, Mapping[str, int]]


class UsageRepository(Protocol):
    """Keeps counts and the sample."""

    def add(self, counted: Iterable[Counted], seen: Iterable[Seen], at: datetime) -> None:
        """Add what was counted.

        Raises:
            Unavailable
        """

    def days(self, tenant_id: str, environment: Environment, flag_key: str, since: str, until: str) -> list[Day]:
        """Return the days of a flag, both ends included."""

    def last_days(self, tenant_id: str, environment: Environment) -> Mapping[str, str]:
        """Return for each flag the day on which it was asked for last."""

    def sample(self, tenant_id: str, environment: Environment) -> list[Seen]:
        """Return the contexts seen lately; ``*`` for those of all tenants."""


@dataclass
class Usage:
    """Collects in a warm function."""

    repository: UsageRepository
    now: Callable[[], datetime]
    _counts: "Counter[tuple[str, Environment, str, str]]" = field(default_factory=Counter)
    _seen: dict[tuple[str, Any], Seen] = field(default_factory=dict)
    _since: datetime | None = None

    def note(
        self, tenant_id: str, environment: Environment, context: Mapping[str, Any], results: Iterable[Result]
    ) -> None:
        """Count results, and write when it is time; what cannot be written now waits."""
        now = self.now()
        self._since = self._since or now
        self._counts.update((tenant_id, environment, one.key, one.variant) for one in results if one.error is None)
        if len(self._seen) < SAMPLED and len(str(context)) <= MAX_CONTEXT:
            self._seen[tenant_id, context.get("targetingKey")] = Seen(tenant_id, environment, context, now)
        if now - self._since >= EVERY or sum(self._counts.values()) >= MOST:
            self.flush()

    def flush(self) -> None:
        """Write what was collected."""
        try:
            self.repository.add(self._grouped(), self._seen.values(), self.now())
        except EngHubError:
            log.exception("evaluations cannot be counted now")
            if len(self._counts) < MOST:
                return
        self._counts.clear()
        self._seen.clear()
        self._since = None

    def _grouped(self) -> list[Counted]:
        found: dict[tuple[str, Environment], dict[str, dict[str, int]]] = {}
        for (tenant_id, environment, key, variant), number in self._counts.items():
            found.setdefault((tenant_id, environment), {}).setdefault(key, {})[variant] = number
        return [Counted(tenant_id, environment, counts) for (tenant_id, environment), counts in found.items()]
