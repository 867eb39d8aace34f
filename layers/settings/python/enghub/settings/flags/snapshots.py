"""All flags that a tenant's users get, compiled, kept in a warm function: looked after once a second at most.

So a switch reaches every evaluation within a second. When the table cannot be read, what was read last goes on.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from enghub.core import log
from enghub.core.errors import Unavailable
from enghub.settings.flags.model import Environment, FeatureFlag, FlagLayer, FlagSet, FlagSetContent
from enghub.settings.flags.repository import FlagRepository
from enghub_flags.evaluation import Ruleset, compiled

T = TypeVar("T")
FRESH = timedelta(seconds=1)
MOST_SETS = 200
"""Sets of flags that a warm function remembers."""


@dataclass(frozen=True)
class Snapshot:
    """What one tenant gets in one environment; ``revisions`` of the tenant's set and the global one name it."""

    tenant_id: str
    environment: Environment
    revisions: tuple[int, int]
    flags: Mapping[str, FeatureFlag]
    ruleset: Ruleset

    @property
    def etag(self) -> str:
        """The same as long as nothing changed."""
        own, above = self.revisions
        return f"{self.environment}-{own}-{above}"

    def layer(self, flag_key: str) -> FlagLayer:
        """Whose flag counts."""
        return self.flags[flag_key].at.layer


@dataclass
class _Known:
    content: FlagSetContent
    looked_at: datetime


@dataclass
class Snapshots:
    """Keeps sets by tenant and environment, and what was compiled of them."""

    repository: FlagRepository
    now: Callable[[], datetime]
    _sets: "OrderedDict[FlagSet, _Known]" = field(default_factory=OrderedDict)
    _snapshots: "OrderedDict[FlagSet, Snapshot]" = field(default_factory=OrderedDict)

    def of(self, tenant_id: str, environment: Environment) -> Snapshot:
        """Return what a tenant gets now.

        Raises:
            Unavailable: the table cannot be read, and nothing was read before.
        """
        own = FlagSet(tenant_id, environment)
        sets = [own, own.above] if own.above else [own]
        self._refresh([one for one in sets if one is not None])
        contents = [self._sets[one].content for one in sets if one is not None]
        revisions = (contents[0].revision, contents[-1].revision)
        found = self._snapshots.get(own)
        if found is None or found.revisions != revisions:
            found = _snapshot(own, contents, revisions)
            _remember(self._snapshots, own, found)
        return found

    def forget(self) -> None:
        """Drop everything."""
        self._sets.clear()
        self._snapshots.clear()

    def _refresh(self, sets: list[FlagSet]) -> None:
        now = self.now()
        due = [one for one in sets if one not in self._sets or now - self._sets[one].looked_at >= FRESH]
        if not due:
            return
        try:
            revisions = self.repository.revisions(due)
            for one in due:
                known = self._sets.get(one)
                content = known.content if known and known.content.revision == revisions[one] else None
                _remember(self._sets, one, _Known(content or self.repository.load(one), now))
        except Unavailable:
            if any(one not in self._sets for one in sets):
                raise
            log.exception("flags cannot be read: what was read before goes on")


def _remember(kept: "OrderedDict[FlagSet, T]", name: FlagSet, value: T) -> None:
    kept[name] = value
    kept.move_to_end(name)
    while len(kept) > MOST_SETS:
        kept.popitem(last=False)


def _snapshot(own: FlagSet, contents: list[FlagSetContent], revisions: tuple[int, int]) -> Snapshot:
    """The nearer flag of a key counts, and so does the nearer segment."""
    flags = {flag.flag_key: flag for content in reversed(contents) for flag in content.flags}
    segments = [one.segment for content in reversed(contents) for one in content.segments]
    ordered = {key: flags[key] for key in sorted(flags)}
    ruleset = compiled((flag.flag for flag in ordered.values()), segments)
    return Snapshot(own.tenant_id, own.environment, revisions, ordered, ruleset)
