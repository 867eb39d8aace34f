"""Connections that are told of changes (CFG-11): whose they are, and which changes concern them. Pure."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from enghub.settings.configs.model import EVERY_TENANT, Layer, Owner
from enghub.settings.flags.model import Environment


@dataclass(frozen=True, slots=True)
class Connection:
    """One open WebSocket of a client."""

    connection_id: str
    tenant_id: str
    user_id: str
    environment: Environment
    connected_at: datetime


@dataclass(frozen=True, slots=True)
class Changed:
    """That something changed: configuration of a layer, or flags of an environment; never what it is now."""

    owner: Owner
    environment: Environment | None = None
    """Of flags; None: it is configuration."""

    @property
    def is_for_all(self) -> bool:
        """Whether it concerns every tenant."""
        return self.owner.tenant_id == EVERY_TENANT

    def concerns(self, connection: Connection) -> bool:
        """Tell whether the client of a connection gets another answer by it."""
        if not self.is_for_all and self.owner.tenant_id != connection.tenant_id:
            return False
        if self.environment is not None:
            return self.environment is connection.environment
        return self.owner.layer is not Layer.USER or self.owner.user_id == connection.user_id


def frame(changes: Iterable[Changed]) -> bytes:
    """Return what a connection is sent for all its changes together: which of both parts to fetch again."""
    parts = sorted({"settings" if one.environment is None else "flags" for one in changes})
    return json.dumps({"type": "changed", "parts": parts}).encode()
