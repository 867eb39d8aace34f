"""How a tenant's systems are reached, from the secret store."""

from collections.abc import Mapping
from typing import Any

from enghub.core import config, secrets
from enghub.core.config import CoreConfig


def database_secret(tenant_id: str, name: str) -> Mapping[str, Any]:
    """Return how a tenant's database is reached."""
    stage: str = config.load(CoreConfig).stage
    return secrets.secret(f"enghub/{stage}/golive/{tenant_id}/{name}")
