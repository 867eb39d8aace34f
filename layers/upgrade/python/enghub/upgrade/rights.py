"""What one may do with upgrades, and which roles may."""

from enghub.core.rights import Right

EXECUTE_UPGRADE = Right("upgrade:execute", roles=("UPGRADE_ADMIN",))
MANAGE_UPGRADE = Right("upgrade:manage", roles=("UPGRADE_ADMIN",))
"""Manifests, sites, artifacts, limits: what upgrades are made of."""
READ_UPGRADE = Right("upgrade:read", roles=("UPGRADE_ADMIN", "UPGRADE_VIEWER"))
