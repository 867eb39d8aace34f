"""What one may do in manufacturing, and which roles may (MES-18); always in one factory."""

from enghub.core.rights import Right

CREATE_WORK_ORDER = Right("work_order:create", roles=("PLANNER",), of_factory=True)
READ_WORK_ORDER = Right(
    "work_order:read", roles=("PLANNER", "OPERATOR", "SHIFT_LEAD", "QUALITY_ENGINEER"), of_factory=True
)
RELEASE_WORK_ORDER = Right("work_order:release", roles=("PLANNER", "SHIFT_LEAD"), of_factory=True)
START_WORK_ORDER = Right("work_order:start", roles=("OPERATOR", "SHIFT_LEAD"), of_factory=True)
CLOSE_WORK_ORDER = Right("work_order:close", roles=("PLANNER", "SHIFT_LEAD"), of_factory=True)
HOLD_WORK_ORDER = Right("work_order:hold", roles=("PLANNER", "SHIFT_LEAD", "QUALITY_ENGINEER"), of_factory=True)
REPORT_PRODUCTION = Right("report:create", roles=("OPERATOR", "SHIFT_LEAD"), of_factory=True)
REVERSE_REPORT = Right("report:reverse", roles=("SHIFT_LEAD",), of_factory=True)
READ_REPORT = Right("report:read", roles=("PLANNER", "OPERATOR", "SHIFT_LEAD", "QUALITY_ENGINEER"), of_factory=True)
READ_QUALITY = Right("quality:read", roles=("PLANNER", "OPERATOR", "SHIFT_LEAD", "QUALITY_ENGINEER"), of_factory=True)
"""Inspections, charts, defects, OCAP, dossiers."""
INSPECT = Right("quality:inspect", roles=("OPERATOR", "SHIFT_LEAD", "QUALITY_ENGINEER"), of_factory=True)
"""To record samples, results and defects."""
MANAGE_QUALITY = Right("quality:manage", roles=("QUALITY_ENGINEER",), of_factory=True)
"""To define what is inspected and how, set limits, decide about lots."""
READ_STOCK = Right("stock:read", roles=("PLANNER", "OPERATOR", "SHIFT_LEAD", "QUALITY_ENGINEER"), of_factory=True)
MOVE_STOCK = Right("stock:move", roles=("PLANNER", "OPERATOR", "SHIFT_LEAD"), of_factory=True)
HOLD_LOT = Right("lot:hold", roles=("QUALITY_ENGINEER",), of_factory=True)
PLAN = Right("planning:run", roles=("PLANNER",), of_factory=True)
READ_PLANNING = Right("planning:read", roles=("PLANNER", "SHIFT_LEAD"), of_factory=True)
READ_COST = Right("cost:read", roles=("PLANNER",), of_factory=True)
"""Standard costs, and what orders cost."""
MANAGE_COST = Right("cost:manage", roles=("PLANNER",), of_factory=True)
READ_BOARD = Right("board:read", roles=("PLANNER", "OPERATOR", "SHIFT_LEAD", "QUALITY_ENGINEER"), of_factory=True)
SEND_DEVICE_MESSAGES = Right("device:send", roles=("DEVICE_BRIDGE",), of_factory=True)
ANSWER_ANDON = Right(
    "andon:answer", roles=("SHIFT_LEAD", "QUALITY_ENGINEER", "MAINTENANCE", "WAREHOUSE"), of_factory=True
)
REPORT_STOP = Right("stop:report", roles=("OPERATOR", "SHIFT_LEAD"), of_factory=True)
READ_PLANT = Right("plant:read", roles=("PLANNER", "OPERATOR", "SHIFT_LEAD", "QUALITY_ENGINEER"), of_factory=True)
MANAGE_PLANT = Right("plant:manage", roles=("PLANNER",), of_factory=True)
READ_ERP = Right("erp:read", roles=("PLANNER", "SHIFT_LEAD", "QUALITY_ENGINEER"), of_factory=True)
"""What the ERP was told, how it is, what waits for it."""
MANAGE_ERP = Right("erp:manage", roles=("PLANNER",), of_factory=True)
"""To connect the ERP, and to send again what it refused."""
READ_EQUIPMENT = Right(
    "equipment:read", roles=("PLANNER", "OPERATOR", "SHIFT_LEAD", "QUALITY_ENGINEER", "MAINTENANCE"), of_factory=True
)
"""Machines, their states and meters, plans and jobs of maintenance."""
TELL_EQUIPMENT = Right("equipment:tell", roles=("OPERATOR", "SHIFT_LEAD", "MAINTENANCE"), of_factory=True)
"""To tell states and readings, and to ask for maintenance."""
MAINTAIN = Right("equipment:maintain", roles=("MAINTENANCE",), of_factory=True)
"""To describe machines and plans, and to take jobs from step to step."""
