"""Takes up roll-outs whose workflow is lost, so that none stands still unseen (UPG-11). Safe to repeat."""

from enghub.core.commits import Commit, Kept
from enghub.core.identity import Origin
from enghub.kit.runs.sweep import Fate, Swept, sweep
from enghub.upgrade.executions.step import Problem
from enghub.upgrade.origin import rollout_origin
from enghub.upgrade.rollouts.commits import commit_of, stop_commit
from enghub.upgrade.rollouts.errors import RolloutChanged, RolloutNotFound
from enghub.upgrade.rollouts.model import MOST_LOSSES, Rollout, RolloutStatus
from enghub.upgrade.rollouts.repository import RolloutStore

LOST = Problem(
    f"Its workflow was lost {MOST_LOSSES} times in a row; see the state machine roll_out_fleet, then resume",
    f"工作流连续 {MOST_LOSSES} 次丢失，请检查状态机 roll_out_fleet 后继续",
    "fault",
)


def recover(store: RolloutStore) -> Swept:
    """Look at every roll-out that needs a workflow; one that fails holds up none of the others."""
    return sweep(store.at_work(), lambda found: _recover(store, *found))


def _recover(store: RolloutStore, tenant_id: str, rollout_id: str) -> Fate:
    try:
        commit = _commit(store, tenant_id, rollout_id)
        if commit is None:
            return Fate.ALIVE
        store.save(commit)
    except (RolloutChanged, RolloutNotFound):  # it is alive, or the index is a moment behind
        return Fate.ALIVE
    return Fate.TAKEN_UP if commit.commands else Fate.GIVEN_UP


def _commit(store: RolloutStore, tenant_id: str, rollout_id: str) -> Commit[Rollout] | None:
    kept = store.kept(tenant_id, rollout_id)
    rollout = kept.value
    origin = rollout_origin(tenant_id, rollout_id, rollout.run)
    if not rollout.is_lost(origin.at):
        return None
    if rollout.lost < MOST_LOSSES:
        return commit_of(origin, rollout.taken_up(origin.at), kept, "taken_up", launch=True)
    return _given_up(store, kept, origin)


def _given_up(store: RolloutStore, kept: Kept[Rollout], origin: Origin) -> Commit[Rollout]:
    """Stop one that runs, which tells people; one that only followed what had begun is left as it is."""
    rollout = kept.value
    resting = rollout.at_rest()
    if rollout.status is not RolloutStatus.RUNNING:
        return commit_of(origin, resting, kept, "given_up")
    return stop_commit(kept, resting, LOST, store.rows(rollout.tenant_id, rollout.rollout_id, rollout.wave), origin)
