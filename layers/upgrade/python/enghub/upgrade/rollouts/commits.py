"""The commits of a roll-out: what is told of a change, and whether a workflow is started."""

from collections.abc import Sequence
from typing import Any

from enghub.core.claims import Claim
from enghub.core.commits import Commit, Kept
from enghub.core.identity import Origin
from enghub.upgrade import published
from enghub.upgrade.executions.step import Problem
from enghub.upgrade.rollouts.model import Rollout, SiteRow, Tally, launch_command, tally


def commit_of(
    origin: Origin,
    after: Rollout,
    before: Kept[Rollout] | None,
    action: str = "",
    *,
    events: Sequence[str] = (),
    found: Tally | None = None,
    launch: bool = False,
    claim: Claim | None = None,
) -> Commit[Rollout]:
    """Return a commit; `found` counts the wave that its events are about."""
    told = _state(after, after.wave if before is None else before.value.wave, found) if events else {}
    return Commit(
        origin,
        action,
        after,
        before,
        events=tuple(published.EVENTS[name].model_validate(told).envelope(origin) for name in events),
        commands=(launch_command(after),) if launch else (),
        claim=claim,
    )


def stop_commit(
    kept: Kept[Rollout], resting: Rollout, problem: Problem, rows: Sequence[SiteRow], origin: Origin
) -> Commit[Rollout]:
    """Return the commit that begins no further site, and tells why; `resting` is the roll-out as it goes into it."""
    after = resting.stop(problem, origin.at)
    found = tally(rows, resting.attempt)
    return commit_of(origin, after, kept, "stopped", events=("RolloutStopped",), found=found)


def _state(rollout: Rollout, wave: int, found: Tally | None) -> dict[str, Any]:
    state = {
        "rollout_id": rollout.rollout_id,
        "name": rollout.name,
        "environment": rollout.environment,
        "target_version": rollout.target_version,
        "status": rollout.status.value,
        "run": rollout.run,
        "sites": rollout.sites,
        "waves": rollout.waves,
        "wave": wave,
        "problem": None if rollout.problem is None else rollout.problem.en,
        "max_failure_rate": rollout.max_failure_rate,
    }
    if found is None:
        return state
    counts = {"succeeded": found.succeeded, "failed": found.failed, "skipped": found.skipped}
    return {**state, **counts, "failed_sites": found.failed_sites, "failure_rate": found.failure_rate}
