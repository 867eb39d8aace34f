"""What changed, as the contexts' events tell it (OPS-25). Pure.

Nobody reports a change here: whoever changes something says so on the bus anyway, and this is what is kept of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

GLOBAL = "*"
"""The tenant of what changes for all of them."""


class ChangeKind(StrEnum):
    """What kind of thing changed."""

    UPGRADE = "UPGRADE"
    ROLLOUT = "ROLLOUT"
    SETTING = "SETTING"
    FLAG = "FLAG"
    GRAY_RELEASE = "GRAY_RELEASE"
    RULE = "RULE"
    ENGINEERING_CHANGE = "ENGINEERING_CHANGE"
    BOM = "BOM"
    CUTOVER = "CUTOVER"
    RAMP = "RAMP"
    RELEASE = "RELEASE"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that changed: ``subject`` names it, ``action`` says how, ``facts`` are what the event said of it.

    ``system`` is where it changed: a site, or the context whose thing it is.
    """

    tenant_id: str
    event_id: str
    at: datetime
    kind: ChangeKind
    action: str
    subject: str
    system: str
    factory_id: str
    facts: Mapping[str, str]

    @property
    def is_global(self) -> bool:
        """Whether it changed for all tenants."""
        return self.tenant_id == GLOBAL


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which changes are asked for; an empty member asks for all."""

    since: datetime
    until: datetime
    kind: ChangeKind | None = None
    factory_id: str = ""
    system: str = ""

    def holds(self, change: Change) -> bool:
        """Tell whether a change is asked for; what belongs to no factory concerns each of them."""
        return (
            self.kind in (None, change.kind)
            and (not self.factory_id or change.factory_id in ("", "-", self.factory_id))
            and (not self.system or change.system == self.system)
        )
