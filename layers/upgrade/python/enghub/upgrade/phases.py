"""The phases of an upgrade."""

from enum import StrEnum


class Phase(StrEnum):
    """The five phases, in the order they run (UPG-05)."""

    PRE_BUSINESS_CHECK = "pre_business_check"
    PRE_UPGRADE_PROCESS = "pre_upgrade_process"
    STARTUP_PRE_PROCESS = "startup_pre_process"
    STARTUP_POST_PROCESS = "startup_post_process"
    POST_UPGRADE = "post_upgrade"


PHASES = tuple(Phase)
