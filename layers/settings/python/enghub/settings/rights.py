"""What one may do with configuration, and which roles may (REQ-008): by verb and by layer."""

from enghub.core.rights import Right

_OWN = ("CONFIG_VIEWER", "TENANT_ADMIN", "SYSTEM_ADMIN")
_TENANT = ("TENANT_ADMIN", "SYSTEM_ADMIN")

READ_CONFIG = Right("config:read", roles=("AUDITOR", *_OWN))

CREATE_GLOBAL_CONFIG = Right("config:create:global", roles=("SYSTEM_ADMIN",))
CREATE_CONFIG = Right("config:create", roles=_TENANT)
CREATE_OWN_CONFIG = Right("config:create:own", roles=_OWN)

UPDATE_GLOBAL_CONFIG = Right("config:update:global", roles=("SYSTEM_ADMIN",))
UPDATE_CONFIG = Right("config:update", roles=_TENANT)
UPDATE_OWN_CONFIG = Right("config:update:own", roles=_OWN)

DELETE_GLOBAL_CONFIG = Right("config:delete:global", roles=("SYSTEM_ADMIN",))
DELETE_CONFIG = Right("config:delete", roles=_TENANT)
DELETE_OWN_CONFIG = Right("config:delete:own", roles=_OWN)
