"""What one may do with notices, and which roles may."""

from enghub.core.rights import Right

_ADMINS = ("TENANT_ADMIN", "SYSTEM_ADMIN")
_PEOPLE = (
    *("PLANNER", "OPERATOR", "SHIFT_LEAD", "QUALITY_ENGINEER", "PLM_ADMIN", "UPGRADE_ADMIN", "UPGRADE_VIEWER"),
    *("CONFIG_VIEWER", "AUDITOR", *_ADMINS),
)

READ_NOTICES = Right("notice:read", roles=("AUDITOR", *_ADMINS))
MANAGE_NOTICES = Right("notice:manage", roles=_ADMINS)
ACKNOWLEDGE_NOTICE = Right("notice:acknowledge", roles=_PEOPLE)
OWN_CONTACT = Right("notice:contact:own", roles=_PEOPLE)
"""To say by which address, in which language and when one wants to hear."""
