"""Who changes an execution when no person does."""

from enghub.core.clock import system_clock
from enghub.core.identity import Origin

ENGINE_USER = "upgrade-engine"


def engine_origin(tenant_id: str, execution_id: str, run: int, factory_id: str = "") -> Origin:
    """Return the origin of a change made by a run's workflow."""
    return Origin(tenant_id, factory_id, ENGINE_USER, system_clock(), f"{execution_id}/{run}")


def queue_origin(tenant_id: str) -> Origin:
    """Return the origin of a change made for the queue."""
    return Origin(tenant_id, "", "upgrade-queue", system_clock(), "queue")


def rollout_origin(tenant_id: str, rollout_id: str, run: int) -> Origin:
    """Return the origin of a change made by a roll-out's workflow."""
    return Origin(tenant_id, "", "upgrade-rollout", system_clock(), f"{rollout_id}/{run}")


def rehearsal_origin(tenant_id: str, rehearsal_id: str, run: int) -> Origin:
    """Return the origin of a change made by a rehearsal's workflow."""
    return Origin(tenant_id, "", "upgrade-rehearsal", system_clock(), f"{rehearsal_id}/{run}")
