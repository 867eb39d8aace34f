"""What operations run, who is paged for it, and what to type first (OPS-10, OPS-13). No I/O."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OperatedService:
    """A system or a part of one."""

    tenant_id: str
    service_id: str
    name: str
    policy_id: str
    calendar_id: str = ""
    """In whose working time its P2 and P3 clocks run."""
    first_steps: str = ""
    """What whoever is paged types next; it stands in the page."""
    runbooks: tuple[str, ...] = ()
    """Which runbooks are for it, the likeliest first; they stand in the page."""
    environment: str = "PRODUCTION"
    """Drills run against TEST alone."""
    war_room: str = ""
    """Where people meet for a P0: a link, or a number to call."""
    lines: tuple[str, ...] = ()
    """Lines it is for, ``F1/SMT-1``, or whole factories, ``F1``: only their stops stand in its pages, and calls of
    their stations page. None: stops of all lines stand there, and no call pages."""
    is_deleted: bool = False
