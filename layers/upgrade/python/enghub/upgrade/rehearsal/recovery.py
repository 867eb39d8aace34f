"""Takes up rehearsals whose workflow is lost, so that none runs for ever unseen (UPG-09). Safe to repeat."""

from datetime import datetime

from enghub.core.commits import Commit
from enghub.kit.runs.leases import Lease
from enghub.kit.runs.sweep import Fate, Swept, sweep
from enghub.upgrade.executions.step import Problem
from enghub.upgrade.origin import rehearsal_origin
from enghub.upgrade.rehearsal.errors import RehearsalChanged, RehearsalNotFound
from enghub.upgrade.rehearsal.model import MOST_LOSSES, launch_command
from enghub.upgrade.rehearsal.repository import RehearsalStore

LOST = Problem(
    f"Its workflow was lost {MOST_LOSSES} times in one part; see the state machine rehearse_upgrade, then start anew",
    f"工作流在同一阶段连续 {MOST_LOSSES} 次丢失，请检查状态机 rehearse_upgrade 后重新演练",
    "fault",
)


def recover(store: RehearsalStore, now: datetime) -> Swept:
    """Look at every rehearsal whose workflow is silent; one that fails holds up none of the others."""
    return sweep(store.lost(now), lambda lease: _recover(store, lease))


def _recover(store: RehearsalStore, lease: Lease) -> Fate:
    origin = rehearsal_origin(lease.tenant_id, lease.run_id, lease.turn)
    try:
        kept = store.kept(lease.tenant_id, lease.run_id)
        rehearsal = kept.value
        if not rehearsal.is_running or rehearsal.run != lease.turn:
            store.forget(lease)
            return Fate.ALIVE
        if rehearsal.lost < MOST_LOSSES:
            fresh = rehearsal.taken_up()
            store.save(Commit(origin, "taken_up", fresh, kept, commands=(launch_command(fresh),)))
            return Fate.TAKEN_UP
        store.save(Commit(origin, "ended", rehearsal.ended(rehearsal.steps, LOST, origin.at), kept))
    except RehearsalNotFound:
        store.forget(lease)
        return Fate.ALIVE
    except RehearsalChanged:
        return Fate.ALIVE
    return Fate.GIVEN_UP
