"""Takes up roll-outs whose workflow is lost, so that none stands still unseen (UPG-11). Safe to repeat."""

from dataclasses import dataclass

from enghub.core.identity import Origin
from enghub.core.observability import logger
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


@dataclass(frozen=True, slots=True)
class Recovered:
    """How many roll-outs go on in a fresh workflow, were given up, and could not be looked at."""

    taken_up: int = 0
    given_up: int = 0
    failed: int = 0


def recover(store: RolloutStore) -> Recovered:
    """Look at every roll-out that needs a workflow; one that fails holds up none of the others."""
    taken_up = given_up = failed = 0
    for tenant_id, rollout_id in store.at_work():
        try:
            change = _change(store, tenant_id, rollout_id)
            if change is not None:
                store.save(change)
                taken_up, given_up = taken_up + change.launch, given_up + (not change.launch)
        except (RolloutChanged, RolloutNotFound):  # it is alive, or the index is a moment behind
            continue
        except Exception:
            logger.exception("roll-out cannot be taken up", tenant_id=tenant_id, rollout_id=rollout_id)
            failed += 1
    return Recovered(taken_up, given_up, failed)


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
