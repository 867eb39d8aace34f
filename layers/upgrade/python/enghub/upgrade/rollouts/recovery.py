"""Takes up roll-outs whose workflow is lost, so that none stands still unseen (UPG-11). Safe to repeat."""

from enghub.core.identity import Origin
from enghub.kit.runs.sweep import Fate, Swept, sweep
from enghub.upgrade.executions.step import Problem
from enghub.upgrade.origin import rollout_origin
from enghub.upgrade.rollouts.errors import RolloutChanged, RolloutNotFound
from enghub.upgrade.rollouts.model import MOST_LOSSES, Rollout, RolloutStatus
from enghub.upgrade.rollouts.repository import Change, RolloutStore
from enghub.upgrade.rollouts.workflow import stop_change

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
        change = _change(store, tenant_id, rollout_id)
        if change is None:
            return Fate.ALIVE
        store.save(change)
    except (RolloutChanged, RolloutNotFound):  # it is alive, or the index is a moment behind
        return Fate.ALIVE
    return Fate.TAKEN_UP if change.launch else Fate.GIVEN_UP


def _change(store: RolloutStore, tenant_id: str, rollout_id: str) -> Change | None:
    rollout = store.get(tenant_id, rollout_id)
    origin = rollout_origin(tenant_id, rollout_id, rollout.run)
    if not rollout.is_lost(origin.at):
        return None
    if rollout.lost < MOST_LOSSES:
        return Change(origin, rollout.taken_up(origin.at), action="take_up", before=rollout, launch=True)
    return _given_up(store, rollout, origin)


def _given_up(store: RolloutStore, rollout: Rollout, origin: Origin) -> Change:
    """Stop one that runs, which tells people; one that only followed what had begun is left as it is."""
    resting = rollout.at_rest()
    if rollout.status is not RolloutStatus.RUNNING:
        return Change(origin, resting, action="give_up", before=rollout)
    return stop_change(resting, LOST, store.rows(rollout.tenant_id, rollout.rollout_id, rollout.wave), origin)
