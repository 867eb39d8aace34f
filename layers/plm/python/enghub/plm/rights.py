"""What one may do with engineering changes and products from the PLM, and which roles may."""

from enghub.core.rights import Right

READ_CHANGE_ORDER = Right("change_order:read", roles=("PLM_ADMIN", "QUALITY_ENGINEER"))
RETRY_CHANGE_ORDER = Right("change_order:retry", roles=("PLM_ADMIN",))
READ_IMPACT = Right("change_impact:read", roles=("PLM_ADMIN", "QUALITY_ENGINEER", "PLANNER"))
READ_PRODUCT = Right("product:read", roles=("PLM_ADMIN", "QUALITY_ENGINEER"))
START_SYNC = Right("sync:start", roles=("PLM_ADMIN",))
ROLLBACK_SYNC = Right("sync:rollback", roles=("PLM_ADMIN",))
READ_SYNC = Right("sync:read", roles=("PLM_ADMIN",))
READ_BOM = Right("bom:read", roles=("PLM_ADMIN", "QUALITY_ENGINEER", "PLANNER"))
CHANGE_BOM = Right("bom:change", roles=("PLM_ADMIN",))
READ_SETUP = Right("plm_setup:read", roles=("PLM_ADMIN", "QUALITY_ENGINEER"))
CHANGE_SETUP = Right("plm_setup:change", roles=("PLM_ADMIN",))
READ_PPAP = Right("ppap:read", roles=("PLM_ADMIN", "QUALITY_ENGINEER"))
CHANGE_PPAP = Right("ppap:change", roles=("QUALITY_ENGINEER",))
DECIDE_PPAP = Right("ppap:decide", roles=("QUALITY_ENGINEER",))
READ_FEEDBACK = Right("feedback:read", roles=("PLM_ADMIN", "QUALITY_ENGINEER"))
CHANGE_FEEDBACK = Right("feedback:change", roles=("QUALITY_ENGINEER",))
READ_APQP = Right("apqp:read", roles=("PLM_ADMIN", "QUALITY_ENGINEER"))
CHANGE_APQP = Right("apqp:change", roles=("PLM_ADMIN", "QUALITY_ENGINEER"))
SIGN_APQP = Right("apqp:sign", roles=("PLM_ADMIN", "QUALITY_ENGINEER"))
