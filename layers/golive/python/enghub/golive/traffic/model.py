"""What is between callers and two versions of a system, and what a look at the new one asks and finds. No I/O.

Beside the ramps (OPS-08), as the gateways that set shares and measure know these, too.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from enghub.golive.probes.model import Criterion

WHOLE = 100
TTL = 60
"""Seconds that names of a ramp live in caches (source document 003, line 217)."""
UNMEASURED: Mapping[str, Decimal | None] = {}


class Adapter(StrEnum):
    """How shares are set."""

    LAMBDA_ALIAS = "LAMBDA_ALIAS"
    ROUTE53 = "ROUTE53"
    WEBHOOK = "WEBHOOK"


@dataclass(frozen=True, slots=True)
class Traffic:
    """What is between callers and the two versions. ``secret`` names the tenant's role or headers for it."""

    adapter: Adapter
    secret: str = ""
    function: str = ""
    alias: str = ""
    old: str = ""
    """Lambda: the version; Route 53: the identifier of the weighted record."""
    new: str = ""
    zone_id: str = ""
    record: str = ""
    record_type: str = "A"
    url: str = ""


@dataclass(frozen=True, slots=True)
class Custom:
    """A measure of one's own, by a query, and what it has to be."""

    query: str
    criterion: Criterion


@dataclass(frozen=True, slots=True)
class Watch:
    """What decides: queries of the new version over ``$window``, and what must not be reached."""

    url: str
    requests: str
    errors: str
    error_rate: Decimal
    """Percent; it must stay below."""
    latency: str = ""
    latency_limit: Decimal = Decimal(0)
    """Milliseconds; it must stay below."""
    customs: tuple[Custom, ...] = ()
    minimum: int = 100
    """Requests in the window that are needed to say anything."""
    seconds: int = 60
    failures: int = 0
    """Looks of one step that may fail before it goes back."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What one look found; None: no number. ``failure``: it could not be read."""

    requests: Decimal | None = None
    errors: Decimal | None = None
    latency: Decimal | None = None
    customs: Mapping[str, Decimal | None] = field(default_factory=lambda: UNMEASURED)
    failure: str = ""
