"""What people do with roll-outs: start, pause, resume, confirm, abort, look (UPG-11, UPG-12)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from enghub.core import ids
from enghub.core.claims import Claim
from enghub.core.identity import Origin
from enghub.upgrade.executions.model import OnFailure
from enghub.upgrade.rollouts.commits import commit_of
from enghub.upgrade.rollouts.errors import CanaryOutside, NoSites, RolloutChanged
from enghub.upgrade.rollouts.model import QUEUE_SECONDS, Rollout, SiteRow, plan_rows
from enghub.upgrade.rollouts.repository import RolloutStore
from enghub.upgrade.sites.repository import Sites

ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class StartRollout:
    """Which roll-out is wanted; sites by id, else by tags they all carry."""

    name: str
    target_version: str
    environment: str
    site_ids: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    canaries: tuple[str, ...] = ()
    wave_size: int = 5
    max_failure_rate: float = 0.0
    pause_seconds: int = 0
    requires_confirmation: bool = False
    on_failure: OnFailure = OnFailure.STOP
    max_queue_seconds: int = QUEUE_SECONDS


@dataclass(frozen=True, slots=True)
class RolloutDetail:
    """A roll-out with its sites."""

    rollout: Rollout
    rows: tuple[SiteRow, ...]


class Rollouts:
    """The use cases."""

    def __init__(self, store: RolloutStore, sites: Sites) -> None:
        self._store = store
        self._sites = sites

    def start(self, asked: StartRollout, origin: Origin, claim: Claim | None = None) -> Rollout:
        """Accept a roll-out; the outbox starts its workflow.

        Raises:
            SiteNotFound, NoSites, CanaryOutside
        """
        chosen = self._chosen(origin.tenant_id, asked)
        outside = [site_id for site_id in asked.canaries if site_id not in chosen]
        if outside:
            raise CanaryOutside(site_ids=", ".join(outside))
        rollout_id = ids.new_id(origin.at)
        rows = plan_rows(rollout_id, chosen, asked.canaries, asked.wave_size)
        rollout = Rollout(
            tenant_id=origin.tenant_id,
            rollout_id=rollout_id,
            name=asked.name,
            target_version=asked.target_version,
            environment=asked.environment,
            wave_size=asked.wave_size,
            max_failure_rate=asked.max_failure_rate,
            pause_seconds=asked.pause_seconds,
            requires_confirmation=asked.requires_confirmation,
            on_failure=asked.on_failure,
            sites=len(rows),
            waves=rows[-1].wave,
            canary_waves=max((row.wave for row in rows if row.canary), default=0),
            created_by=origin.user_id,
            created_at=origin.at,
            factory_id=origin.factory_id,
            max_queue_seconds=asked.max_queue_seconds,
        ).leased(origin.at)
        commit = commit_of(origin, rollout, None, "started", events=("RolloutStarted",), launch=True, claim=claim)
        return self._store.create(rows, commit)

    def _chosen(self, tenant_id: str, asked: StartRollout) -> tuple[str, ...]:
        if asked.site_ids:
            return tuple(self._sites.get(tenant_id, site_id).site_id for site_id in dict.fromkeys(asked.site_ids))
        wanted = asked.tags.items()
        sites = (kept.value for kept in self._sites.find(tenant_id))
        found = tuple(site.site_id for site in sites if wanted <= site.tags.items())
        if not found:
            raise NoSites(tags=", ".join(f"{name}={value}" for name, value in wanted))
        return found

    def pause(self, rollout_id: str, origin: Origin, claim: Claim | None = None) -> Rollout:
        """Begin no further site; what was started goes on.

        Raises:
            RolloutNotFound, RolloutNotPossible
        """
        return self._change(rollout_id, "paused", Rollout.pause, origin, claim, launch=False)

    def resume(self, rollout_id: str, origin: Origin, claim: Claim | None = None) -> Rollout:
        """Go on; after a stop the wave's failed sites are tried again.

        Raises:
            RolloutNotFound, RolloutNotPossible
        """
        return self._change(rollout_id, "resumed", Rollout.resume, origin, claim)

    def confirm(self, rollout_id: str, origin: Origin, claim: Claim | None = None) -> Rollout:
        """Let the next wave begin.

        Raises:
            RolloutNotFound, RolloutNotPossible
        """
        return self._change(rollout_id, "confirmed", Rollout.confirm, origin, claim)

    def abort(self, rollout_id: str, origin: Origin, claim: Claim | None = None) -> Rollout:
        """End it: what is queued is withdrawn, what runs goes on to its own end.

        Raises:
            RolloutNotFound, RolloutNotPossible
        """
        return self._change(rollout_id, "aborted", lambda rollout: rollout.abort(origin.at), origin, claim)

    def _change(
        self,
        rollout_id: str,
        action: str,
        decide: Callable[[Rollout], Rollout],
        origin: Origin,
        claim: Claim | None,
        *,
        launch: bool = True,
    ) -> Rollout:
        for _ in range(ATTEMPTS):
            kept = self._store.kept(origin.tenant_id, rollout_id)
            decided = decide(kept.value).leased(origin.at) if launch else decide(kept.value)
            try:
                return self._store.save(commit_of(origin, decided, kept, action, launch=launch, claim=claim)).value
            except RolloutChanged:
                continue
        raise RolloutChanged(rollout_id=rollout_id)

    def look(self, tenant_id: str, rollout_id: str) -> RolloutDetail:
        """Return a roll-out with its sites.

        Raises:
            RolloutNotFound: there is none.
        """
        return RolloutDetail(self._store.get(tenant_id, rollout_id), self._store.rows(tenant_id, rollout_id))

    def find(self, tenant_id: str, limit: int, cursor: str | None) -> tuple[tuple[Rollout, ...], str | None]:
        """Return one page of roll-outs, newest first."""
        return self._store.find(tenant_id, limit, cursor)
