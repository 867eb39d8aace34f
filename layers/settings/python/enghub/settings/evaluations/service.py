"""What flags answer, why, whom a change would hit, and which flags nobody needs any more (CFG-09, CFG-29, CFG-30)."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from enghub.settings.flags.errors import FlagNotFound
from enghub.settings.flags.model import EVERY_TENANT, Environment, FeatureFlag, FlagLayer, FlagSet
from enghub.settings.flags.repository import FlagRepository
from enghub.settings.flags.snapshots import Snapshot, Snapshots
from enghub.settings.usage.model import Seen, Usage
from enghub_flags.evaluation import Ruleset, compiled
from enghub_flags.explaining import Explanation, explain
from enghub_flags.model import TENANT, Flag, Result

STALE_AFTER = timedelta(days=30)
MAX_EXAMPLES = 20


@dataclass(frozen=True, slots=True)
class Explained:
    """An explanation, and the version that gave the answer with who made it."""

    explanation: Explanation
    flag: FeatureFlag
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Impact:
    """Who of those looked at would get another variant; ``looked_at`` were given or seen in the last seven days."""

    looked_at: int
    tenants: int
    changed: int
    changed_tenants: int
    moves: Mapping[tuple[str, str], int]
    """From variant to variant, how many."""
    examples: tuple[tuple[Mapping[str, Any], str, str], ...]
    dependants: tuple[str, ...]
    """Flags that need it, whose answers may change with it; they are looked at too."""


@dataclass(frozen=True, slots=True)
class Stale:
    """A flag that may be taken out of the code, and why."""

    flag: FeatureFlag
    reasons: tuple[str, ...]
    last_day: str | None


@dataclass(frozen=True, slots=True)
class Evaluations:
    """The use cases around evaluating."""

    snapshots: Snapshots
    repository: FlagRepository
    usage: Usage

    def evaluate(self, tenant_id: str, environment: Environment, key: str, context: Mapping[str, Any]) -> Result:
        """Return what a flag answers; the tenant is who signed in, whatever the context says."""
        whole = {**context, TENANT: tenant_id}
        found = self.snapshots.of(tenant_id, environment).ruleset.evaluate(key, whole)
        self.usage.note(tenant_id, environment, whole, (found,))
        return found

    def evaluate_all(
        self, snapshot: Snapshot, context: Mapping[str, Any], keys: Iterable[str] = ()
    ) -> Sequence[Result]:
        """Return what all flags answer, or those named."""
        whole = {**context, TENANT: snapshot.tenant_id}
        found = [snapshot.ruleset.evaluate(key, whole) for key in (keys or snapshot.flags)]
        self.usage.note(snapshot.tenant_id, snapshot.environment, whole, found)
        return found

    def explain(
        self,
        tenant_id: str,
        environment: Environment,
        key: str,
        context: Mapping[str, Any],
        at: datetime | None = None,
    ) -> Explained:
        """Return why a flag answers what it does, or did at a time: with the versions that were in force then.

        Segments have no versions: they count as they are now.

        Raises:
            FlagNotFound: there is or was no such flag.
        """
        snapshot = self.snapshots.of(tenant_id, environment)
        whole = {**context, TENANT: tenant_id}
        flags = snapshot.flags if at is None else self._then(snapshot, key, at)
        if key not in flags:
            raise FlagNotFound(flag_key=key, environment=environment.value)
        ruleset = snapshot.ruleset if at is None else _with(snapshot.ruleset, flags)
        return Explained(explain(ruleset, key, whole), flags[key], at)

    def _then(self, snapshot: Snapshot, key: str, at: datetime) -> Mapping[str, FeatureFlag]:
        """Return a flag and all it needed as they were at a time."""
        found: dict[str, FeatureFlag] = {}
        own = FlagSet(snapshot.tenant_id, snapshot.environment)
        waiting = [key]
        while waiting:
            wanted = waiting.pop()
            for one in (own, own.above):
                flag = None if one is None else self.repository.version_at(one, wanted, at)
                if flag is not None and not flag.is_deleted:
                    found[wanted] = flag
                    waiting += [one.flag for one in flag.flag.prerequisites if one.flag not in found]
                    break
        return found

    def impact(
        self, tenant_id: str, environment: Environment, wanted: FeatureFlag, contexts: Sequence[Mapping[str, Any]]
    ) -> Impact:
        """Return whom a change of a flag would hit, of ``contexts`` or, where none are given, of who was seen lately.

        A change of the global layer is looked at with the subjects of all tenants; names of others stay unsaid.
        """
        snapshot = self.snapshots.of(tenant_id, environment)
        key, is_global = wanted.flag_key, wanted.at.layer is FlagLayer.GLOBAL
        before, after = self._around(snapshot, wanted)
        seen = self._subjects(tenant_id, environment, contexts, is_global)
        keys = [key, *sorted(_dependants(snapshot.ruleset, key))]
        moves: Counter[tuple[str, str]] = Counter()
        examples: list[tuple[Mapping[str, Any], str, str]] = []
        tenants, hit = set(), set()
        for context in seen:
            tenants.add(context[TENANT])
            pairs = [(before.evaluate(one, context), after.evaluate(one, context)) for one in keys]
            if any(old.value != new.value for old, new in pairs):
                old, new = pairs[0]
                moves[old.variant, new.variant] += 1
                hit.add(context[TENANT])
                if context[TENANT] == tenant_id and len(examples) < MAX_EXAMPLES:
                    examples.append((context, old.variant, new.variant))
        changed = sum(moves.values())
        return Impact(len(seen), len(tenants), changed, len(hit), moves, tuple(examples), tuple(keys[1:]))

    def _around(self, snapshot: Snapshot, wanted: FeatureFlag) -> tuple[Ruleset, Ruleset]:
        """Return the flags of the layer before and after; a tenant's own flag of the key hides a global one."""
        flags = snapshot.flags
        hidden = flags.get(wanted.flag_key)
        is_hidden = hidden is not None and hidden.at != wanted.at and wanted.at.layer is FlagLayer.GLOBAL
        after = flags if is_hidden else {**flags, wanted.flag_key: wanted}
        return snapshot.ruleset, _with(snapshot.ruleset, after)

    def _subjects(
        self, tenant_id: str, environment: Environment, contexts: Sequence[Mapping[str, Any]], is_global: bool
    ) -> list[Mapping[str, Any]]:
        if contexts:
            return [{**context, TENANT: tenant_id} for context in contexts]
        owner = EVERY_TENANT if is_global else tenant_id
        found: Iterable[Seen] = self.usage.repository.sample(owner, environment)
        return [{**one.context, TENANT: one.tenant_id} for one in found]

    def stale(self, tenant_id: str, environment: Environment, today: date, after: timedelta) -> list[Stale]:
        """Return the flags that nobody asked for lately, or that have answered the same to everybody for as long."""
        last = self.usage.repository.last_days(tenant_id, environment)
        border = today - after
        found = []
        for key, flag in self.snapshots.of(tenant_id, environment).flags.items():
            reasons = _reasons(flag, last.get(key), border)
            if reasons:
                found.append(Stale(flag, reasons, last.get(key)))
        return found


def _reasons(flag: FeatureFlag, last: str | None, border: date) -> tuple[str, ...]:
    changed = flag.updated_at
    if changed is None or changed.date() > border:
        return ()
    definition = flag.flag
    always = not (definition.rules or definition.targets or definition.fallthrough.draws or definition.prerequisites)
    found = []
    if last is None or date.fromisoformat(last) <= border:
        found.append("NOT_EVALUATED")
    if not definition.is_enabled:
        found.append("DISABLED")
    elif always:
        found.append("SAME_FOR_ALL")
    return tuple(found)


def _with(ruleset: Ruleset, flags: Mapping[str, FeatureFlag]) -> Ruleset:
    made: list[Flag] = [one.flag for one in flags.values()]
    return compiled(made, ruleset.segments.values())


def _dependants(ruleset: Ruleset, key: str) -> set[str]:
    """Return the flags that need one, also through others."""
    found: set[str] = set()
    waiting = {key}
    while waiting:
        wanted = waiting.pop()
        more = {one.key for one in ruleset.flags.values() if any(p.flag == wanted for p in one.prerequisites)} - found
        found |= more
        waiting |= more
    return found - {key}
