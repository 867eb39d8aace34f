"""What one may do in go-live and operations, and which roles may."""

from enghub.core.rights import Right

_ADMINS = ("TENANT_ADMIN", "SYSTEM_ADMIN")
_ENGINEERS = ("OPS_ENGINEER", "OPS_LEAD", *_ADMINS)
_READERS = ("OPS_VIEWER", "AUDITOR", "UPGRADE_ADMIN", "SHIFT_LEAD", *_ENGINEERS)

READ_GOLIVE = Right("golive:read", roles=_READERS)
MANAGE_DIRECTORY = Right("golive:directory:manage", roles=("OPS_LEAD", *_ADMINS))
"""Contacts, working calendars, important dates, where documents and tools are."""
MANAGE_GOLIVE = Right("golive:manage", roles=("OPS_LEAD", *_ADMINS))
"""Go-lives, their dates and teams, cut-over plans, verifications, ramps, drills, releases."""
WORK_ON_GOLIVE = Right("golive:work", roles=_ENGINEERS)
"""Owners, evidence, probes; tasks of a cut-over."""
SIGN_OFF_GOLIVE = Right("golive:sign-off", roles=("OPS_LEAD", *_ADMINS))
WAIVE_GOLIVE = Right("golive:waive", roles=("OPS_LEAD", *_ADMINS))
DECIDE_GOLIVE = Right("golive:decide", roles=("OPS_LEAD", *_ADMINS))
"""Go or no-go, approvals and the rollback of a cut-over."""
REQUEST_RELEASES = Right("golive:release:request", roles=("UPGRADE_ADMIN", *_ENGINEERS))
"""To ask for releases and propose improvements, to review them where one is asked, to verify them."""
MANAGE_ONCALL = Right("golive:oncall:manage", roles=("OPS_LEAD", *_ADMINS))
"""Schedules, policies, anybody's overrides and days off."""
OWN_ONCALL = Right("golive:oncall:own", roles=_ENGINEERS)
"""To ask to be covered, to cover others, to read a feed of shifts."""
RESPOND = Right("golive:incident:respond", roles=(*_ENGINEERS, "SHIFT_LEAD"))
"""To declare, acknowledge and lead incidents; to silence alerts."""
MANAGE_RUNBOOKS = Right("golive:runbook:manage", roles=("OPS_LEAD", *_ADMINS))
"""To write runbooks; who responds follows them."""
