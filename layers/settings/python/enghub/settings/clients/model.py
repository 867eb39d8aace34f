"""Clients that keep settings and flags: which revision is current, and which one each applied (CFG-11, CFG-12). Pure.

A revision counts changes of five things: the tenant's flags, the global flags, and the global, the tenant's and the
user's configuration. Each only grows, so a revision is behind another one where any of its numbers is smaller.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from enghub.settings.configs.model import Address, Config, Owner, effective, next_change
from enghub.settings.flags.model import Environment

MOST_CHANGES = 10
"""Planned changes of one key that a client is told beforehand."""


class Revision(NamedTuple):
    """What a client has; its text are the numbers with points between them."""

    flags: int = 0
    global_flags: int = 0
    global_configs: int = 0
    tenant_configs: int = 0
    user_configs: int = 0

    @property
    def text(self) -> str:
        """As it travels."""
        return ".".join(map(str, self))

    @classmethod
    def of(cls, text: str) -> "Revision":
        """Return the revision of its text."""
        return cls(*map(int, text.split(".")))

    def is_behind(self, current: "Revision") -> bool:
        """Tell whether ``current`` has a change that this one has not."""
        return any(mine < theirs for mine, theirs in zip(self, current, strict=True))


class Activation(StrEnum):
    """What became of a revision at a client."""

    ACTIVE = "ACTIVE"
    FAILED = "FAILED"
    """It is in force, and a callback raised."""
    TAKEN_BACK = "TAKEN_BACK"
    """A check of the client refused it: what was in force before goes on."""


@dataclass(frozen=True, slots=True)
class ClientState:
    """What a client said last; the last ``revision`` that it tried, and the one in force there."""

    tenant_id: str
    user_id: str
    client_id: str
    environment: Environment
    revision: str
    active_revision: str
    status: Activation
    problem: str
    library: str
    since: datetime
    """From when on it has been so."""
    seen_at: datetime

    def same(self, other: "ClientState") -> bool:
        """Tell whether both say the same of the same revision."""
        return (self.revision, self.status, self.problem) == (other.revision, other.status, other.problem)

    @property
    def subject(self) -> str:
        """Its name for people and notices."""
        return f"settings_client/{self.user_id}/{self.client_id}"


@dataclass(frozen=True, slots=True)
class Planned:
    """What will answer from a time on, by itself; nothing does where ``value`` is None."""

    at: datetime
    value: str | None
    is_encrypted: bool = False
    owner: Owner | None = None
    version: int = 0


@dataclass(frozen=True, slots=True)
class Setting:
    """One key as one user gets it: now, and as far as it is planned."""

    config_key: str
    type: str
    now: Planned
    changes: tuple[Planned, ...]

    @property
    def size(self) -> int:
        """Characters of its values."""
        return sum(len(one.value or "") for one in (self.now, *self.changes))


def setting(addresses: tuple[Address, ...], layers: list[Config | None], at: datetime) -> Setting | None:
    """Return what one user gets for a key, nearest layer first; None where nothing answers and nothing is planned."""
    # What was read was saved, whatever this machine's clock says: a slow one must not find nothing in force.
    at = max([at, *(config.updated_at for config in layers if config is not None)])
    now, moment = _planned(layers, at), at
    planned: list[Planned] = []
    while len(planned) < MOST_CHANGES and (following := next_change(layers, moment)) is not None:
        moment = following[0]
        planned.append(_planned(layers, moment))
    if now.owner is None and not any(one.owner for one in planned):
        return None
    found = next(one for time in (at, *(each.at for each in planned)) if (one := effective(layers, time)) is not None)
    return Setting(addresses[0].config_key, found.slot.content.type, now, tuple(planned))


def _planned(layers: list[Config | None], at: datetime) -> Planned:
    found = effective(layers, at)
    if found is None:
        return Planned(at, None)
    secret = found.slot.content.is_encrypted
    return Planned(at, found.shown, secret, found.config.address.owner, found.slot.version)
