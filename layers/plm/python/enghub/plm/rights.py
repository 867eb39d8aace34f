"""What one may do with engineering changes and products from the PLM, and which roles may."""

from enghub.core.rights import Right

READ_CHANGE_ORDER = Right("change_order:read", roles=("PLM_ADMIN", "QUALITY_ENGINEER"))
RETRY_CHANGE_ORDER = Right("change_order:retry", roles=("PLM_ADMIN",))
READ_PRODUCT = Right("product:read", roles=("PLM_ADMIN", "QUALITY_ENGINEER"))
START_SYNC = Right("sync:start", roles=("PLM_ADMIN",))
READ_SYNC = Right("sync:read", roles=("PLM_ADMIN",))
