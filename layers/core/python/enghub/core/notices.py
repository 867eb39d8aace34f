"""How a context asks that people be told of something: one event type, which the context notices reads (decision 0048).

    NoticeRequested(notice_type="upgrade.failed", severity=Severity.CRITICAL, ...).envelope(origin)

goes into the outbox of the transaction that makes it true. Who hears by which way in which language is not said here,
but by the rules of the tenant, unless the publisher has names of its own (a manifest's addresses).
"""

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from enghub.core.event_data import EventData


class Severity(StrEnum):
    """How much it matters. CRITICAL reaches people in their quiet hours."""

    INFO = "INFO"
    WARNING = "WARNING"
    CRITICAL = "CRITICAL"


class NoticeAddress(BaseModel):
    """An address that the publisher knows, for example from a manifest."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    kind: Literal["email", "webhook"]
    address: Annotated[str, Field(max_length=2000)]


class NoticeRequested(EventData):
    """Somebody should hear of something.

    ``facts`` are what templates may say, by the names that ``enghub/notices/catalogue/types.json`` lists for the type;
    ``payload`` is what programs are told where the publisher promises them a form of its own. ``roles``, ``users`` and
    ``addresses`` hear in any case; the tenant's rules add to them. The same ``dedupe_key`` is told once in 14 days.
    """

    notice_type: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$", max_length=100)]
    severity: Severity
    subject: Annotated[str, Field(max_length=200)]
    """What it is about, for those who look for it: ``upgrade/01J...``."""
    facts: dict[str, Any] = Field(default_factory=dict)
    roles: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    addresses: tuple[NoticeAddress, ...] = ()
    language: Literal["en", "zh"] | None = None
    """Of recipients that say none themselves; without it they read both."""
    links: dict[str, str] = Field(default_factory=dict)
    """Where more is to be seen, by its name for people."""
    acknowledge: bool = False
    """Whether somebody has to say that they have seen it."""
    dedupe_key: Annotated[str, Field(max_length=200)] | None = None
    digestable: bool = False
    """Whether it may wait for a collection, where a rule collects."""
    payload: dict[str, Any] | None = None
