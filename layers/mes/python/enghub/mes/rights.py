"""What one may do in manufacturing, and which roles may (MES-18); always in one factory."""

from enghub.core.rights import Right

CREATE_WORK_ORDER = Right("work_order:create", roles=("PLANNER",), of_factory=True)
READ_WORK_ORDER = Right(
    "work_order:read", roles=("PLANNER", "OPERATOR", "SHIFT_LEAD", "QUALITY_ENGINEER"), of_factory=True
)
RELEASE_WORK_ORDER = Right("work_order:release", roles=("PLANNER", "SHIFT_LEAD"), of_factory=True)
START_WORK_ORDER = Right("work_order:start", roles=("OPERATOR", "SHIFT_LEAD"), of_factory=True)
CLOSE_WORK_ORDER = Right("work_order:close", roles=("PLANNER", "SHIFT_LEAD"), of_factory=True)
REPORT_PRODUCTION = Right("report:create", roles=("OPERATOR", "SHIFT_LEAD"), of_factory=True)
READ_REPORT = Right("report:read", roles=("PLANNER", "OPERATOR", "SHIFT_LEAD", "QUALITY_ENGINEER"), of_factory=True)
READ_BOARD = Right("board:read", roles=("PLANNER", "OPERATOR", "SHIFT_LEAD", "QUALITY_ENGINEER"), of_factory=True)
