"""What one may do with configuration, and which roles may (REQ-008): by verb and by layer."""

from enghub.core.rights import Right

_OWN = ("CONFIG_VIEWER", "TENANT_ADMIN", "SYSTEM_ADMIN")
_TENANT = ("TENANT_ADMIN", "SYSTEM_ADMIN")

_APPROVERS = ("CONFIG_ADMIN", "CONFIG_APPROVER", "TENANT_ADMIN", "SYSTEM_ADMIN")

READ_CONFIG = Right("config:read", roles=("AUDITOR", *_OWN))

REVEAL_GLOBAL_CONFIG = Right("config:reveal:global", roles=("SYSTEM_ADMIN",))
REVEAL_CONFIG = Right("config:reveal", roles=_TENANT)
"""To be told the value of an encrypted item; each time is audited."""
REVEAL_OWN_CONFIG = Right("config:reveal:own", roles=_OWN)

CREATE_GLOBAL_CONFIG = Right("config:create:global", roles=("SYSTEM_ADMIN",))
CREATE_CONFIG = Right("config:create", roles=_TENANT)
CREATE_OWN_CONFIG = Right("config:create:own", roles=_OWN)

UPDATE_GLOBAL_CONFIG = Right("config:update:global", roles=("SYSTEM_ADMIN",))
UPDATE_CONFIG = Right("config:update", roles=_TENANT)
UPDATE_OWN_CONFIG = Right("config:update:own", roles=_OWN)

DELETE_GLOBAL_CONFIG = Right("config:delete:global", roles=("SYSTEM_ADMIN",))
DELETE_CONFIG = Right("config:delete", roles=_TENANT)
DELETE_OWN_CONFIG = Right("config:delete:own", roles=_OWN)

KEEP_BACKUPS = Right("config_backup:keep", roles=_TENANT)
"""To take backups of configuration, compare and restore them."""
KEEP_GLOBAL_BACKUPS = Right("config_backup:keep:global", roles=("SYSTEM_ADMIN",))

READ_APPROVALS = Right("approval:read", roles=("AUDITOR", "CONFIG_VIEWER", *_APPROVERS))
DECIDE_CHANGE = Right("change_request:decide", roles=_APPROVERS)
DECIDE_GLOBAL_CHANGE = Right("change_request:decide:global", roles=("SYSTEM_ADMIN",))
CHANGE_APPROVAL_RULES = Right("approval_rule:change", roles=_TENANT)
CHANGE_GLOBAL_APPROVAL_RULES = Right("approval_rule:change:global", roles=("SYSTEM_ADMIN",))

_PEOPLE = ("PLANNER", "OPERATOR", "SHIFT_LEAD", "QUALITY_ENGINEER", "PLM_ADMIN", "UPGRADE_ADMIN", "UPGRADE_VIEWER")

READ_FLAG = Right("flag:read", roles=("AUDITOR", *_OWN))
EVALUATE_FLAG = Right("flag:evaluate", roles=("AUDITOR", *_PEOPLE, *_OWN))
"""To be told what a flag answers; programs of the tenant sign in with one of these roles."""
CHANGE_FLAG = Right("flag:change", roles=_TENANT)
CHANGE_GLOBAL_FLAG = Right("flag:change:global", roles=("SYSTEM_ADMIN",))

READ_CLIENTS = Right("settings_client:read", roles=("AUDITOR", *_OWN))
"""To see which of the tenant's clients runs which revision."""

READ_RULE = Right("business_rule:read", roles=("AUDITOR", *_OWN))
CHANGE_RULE = Right("business_rule:change", roles=_TENANT)
CHANGE_GLOBAL_RULE = Right("business_rule:change:global", roles=("SYSTEM_ADMIN",))

READ_RELEASE = Right("release:read", roles=("AUDITOR", *_OWN))
CHANGE_RELEASE = Right("release:change", roles=_TENANT)
CHANGE_GLOBAL_RELEASE = Right("release:change:global", roles=("SYSTEM_ADMIN",))

READ_TEMPLATE = Right("config_template:read", roles=("AUDITOR", *_OWN))
CHANGE_TEMPLATE = Right("config_template:change", roles=_TENANT)
CHANGE_GLOBAL_TEMPLATE = Right("config_template:change:global", roles=("SYSTEM_ADMIN",))

READ_INTERFACE = Right("interface:read", roles=("AUDITOR", *_PEOPLE, *_OWN))
"""To be told what the own interface looks like."""

READ_SECURITY = Right("security_policy:read", roles=("AUDITOR", *_TENANT))
"""To see the security policy; its items are changed by who may change configuration."""
_BRIDGES = ("DEVICE_BRIDGE", "PLM_BRIDGE")
_OTHERS = ("MAINTENANCE", "WAREHOUSE", *_BRIDGES, "OPS_ENGINEER", "OPS_LEAD", "OPS_VIEWER", "CONFIG_ADMIN")
OWN_SESSIONS = Right("session:own", roles=("AUDITOR", "CONFIG_APPROVER", *_PEOPLE, *_OTHERS, *_OWN))
"""To see one's own sessions and to end them: signing out. Every role has it."""
READ_SESSIONS = Right("session:read", roles=("AUDITOR", *_TENANT))
END_SESSIONS = Right("session:end", roles=_TENANT)
"""To end other people's."""

READ_GRANTS = Right("grant:read", roles=("AUDITOR", *_TENANT))
"""To see who was given which rights, and who asks for them."""
CHANGE_GRANTS = Right("grant:change", roles=_TENANT)
CHANGE_GLOBAL_GRANTS = Right("grant:change:global", roles=("SYSTEM_ADMIN",))
"""To give rights on the global layer."""
ASK_GRANT = Right("grant:ask", roles=OWN_SESSIONS.roles)
"""To see one's own rights and to ask for others. Every role has it."""

EXPORT_AUDIT = Right("audit:export", roles=("AUDITOR", *_TENANT))
"""To take the tenant's audit of settings out, as OCSF events."""
EXPORT_GLOBAL_AUDIT = Right("audit:export:global", roles=("SYSTEM_ADMIN",))
