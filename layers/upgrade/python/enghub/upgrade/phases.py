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


class Stage(StrEnum):
    """The five phases, and the two moments around the outage when the business system is stopped and started."""

    PRE_BUSINESS_CHECK = Phase.PRE_BUSINESS_CHECK
    PRE_UPGRADE_PROCESS = Phase.PRE_UPGRADE_PROCESS
    STOP_SERVICE = "stop_service"
    STARTUP_PRE_PROCESS = Phase.STARTUP_PRE_PROCESS
    START_SERVICE = "start_service"
    STARTUP_POST_PROCESS = Phase.STARTUP_POST_PROCESS
    POST_UPGRADE = Phase.POST_UPGRADE


STAGES = tuple(Stage)
