"""How the stand-in ERP behaves: what is down, slow, behind or answers garbage; what it says of materials and people."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

SERVICES = ("bom", "ppap", "permissions", "notifications", "movements", "orders", "received")
CONTROLS = ("down", "garbage", "delay_ms", "lag_seconds", "lost_answers", "refuse")


@dataclass(frozen=True, slots=True)
class Said:
    """What was said of somebody or something, and when: a lagging ERP does not know it yet."""

    kind: str
    """``ppap``, ``bom``, ``permissions`` or ``order``."""
    name: str
    value: str
    """A status; permissions with blanks between; materials as ``MAT-1=2,MAT-2=0.5``; an order as JSON; or empty."""
    at: datetime


@dataclass(frozen=True, slots=True)
class Scenario:
    """``services`` are those that a fault is about, all when empty. ``lost_answers``: so many are taken, unanswered."""

    services: tuple[str, ...] = ()
    down: bool = False
    garbage: bool = False
    delay_ms: int = 0
    lag_seconds: int = 0
    lost_answers: int = 0
    refuse: str = ""
    """A subject that the ERP refuses for good: an order, a lot."""
    said: tuple[Said, ...] = ()

    def hits(self, service: str) -> bool:
        """Tell whether the faults are about a service."""
        return not self.services or service in self.services

    def changed(self, wanted: Mapping[str, Any], at: datetime) -> "Scenario":
        """Return the scenario with CONTROLS and ``services`` as wanted; ``say`` is a list of kind, name, value.

        Raises:
            ValueError: a service is none.
        """
        found = replace(self, **{name: wanted[name] for name in CONTROLS if name in wanted})
        if "services" in wanted:
            found = replace(found, services=tuple(SERVICES[SERVICES.index(name)] for name in wanted["services"]))
        for kind, name, value in wanted.get("say", []):
            found = found.saying(kind, name, value, at)
        return found

    def saying(self, kind: str, name: str, value: str, at: datetime) -> "Scenario":
        """Return the scenario with something said; the latest hundred stay."""
        return replace(self, said=(*self.said, Said(kind, name, value, at))[-100:])

    def known(self, service: str, now: datetime) -> datetime:
        """Return as of when a service answers."""
        return now - timedelta(seconds=self.lag_seconds) if self.hits(service) else now

    def latest(self, kind: str, name: str, as_of: datetime) -> str | None:
        """Return what was said last by ``as_of``, None where nothing was."""
        found = [one.value for one in self.said if (one.kind, one.name) == (kind, name) and one.at <= as_of]
        return found[-1] if found else None
