"""What one may do with messages that failed for good, and which roles may; the same in every context."""

from enghub.core.rights import Right

READ_PARKED = Right("parked_message:read", roles=("TENANT_ADMIN", "SYSTEM_ADMIN"))
REDRIVE_PARKED = Right("parked_message:redrive", roles=("TENANT_ADMIN", "SYSTEM_ADMIN"))
DISCARD_PARKED = Right("parked_message:discard", roles=("TENANT_ADMIN", "SYSTEM_ADMIN"))
UNASSIGNED = Right("parked_message:unassigned", roles=("SYSTEM_ADMIN",))
"""To see and decide about messages whose tenant cannot be read."""
