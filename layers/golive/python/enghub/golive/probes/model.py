"""Criteria and the probes that measure them (OPS-01, OPS-02). No I/O.

A probe is run where people named one; what it reads is evidence, by the names of its measures. A certificate is judged
by the one of its chain that ends first; days are whole days, rounded down, so one that ended is below zero.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from operator import eq, ge, gt, le, lt
from types import MappingProxyType

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
_NONE: Mapping[str, Decimal] = MappingProxyType({})
_FACTS: Mapping[str, str] = MappingProxyType({})


class Operator(StrEnum):
    """How a measure compares with the wanted value."""

    LESS = "<"
    AT_MOST = "<="
    EQUAL = "=="
    AT_LEAST = ">="
    MORE = ">"


_HOLDS: Mapping[Operator, Callable[[Decimal, Decimal], bool]] = {
    Operator.LESS: lt,
    Operator.AT_MOST: le,
    Operator.EQUAL: eq,
    Operator.AT_LEAST: ge,
    Operator.MORE: gt,
}


@dataclass(frozen=True, slots=True)
class Criterion:
    """What evidence has to show: ``lag < 1 s``."""

    measure: str
    operator: Operator
    value: Decimal
    unit: str = ""

    def holds(self, measured: Decimal | None) -> bool:
        """Tell whether a measured value is as wanted; what was not measured, or is no number, is not."""
        if measured is None or not measured.is_finite():
            return False
        return _HOLDS[self.operator](measured, self.value)

    def __str__(self) -> str:
        return f"{self.measure} {self.operator} {self.value} {self.unit}".rstrip()


def unmet(criteria: Iterable[Criterion], measures: Mapping[str, Decimal]) -> tuple[Criterion, ...]:
    """Return the criteria that the measures do not show to hold."""
    return tuple(one for one in criteria if not one.holds(measures.get(one.measure)))


class ProbeKind(StrEnum):
    """What a probe does."""

    HTTP = "http"
    TCP = "tcp"
    SQL = "sql"
    CERTIFICATE = "certificate"
    METRIC = "metric"
    BACKUP_AGE = "backup_age"


@dataclass(frozen=True, slots=True)
class Probe:
    """What is to be asked. ``database`` names a database of the tenant (secret ``golive/<tenant>/<name>``)."""

    kind: ProbeKind
    url: str = ""
    """HTTP and certificate: what is called; metric: a Prometheus server; backup: a file, by its Last-Modified."""
    host: str = ""
    port: int = 0
    database: str = ""
    query: str = ""
    """SQL: one SELECT whose first row's columns are measures by their names; metric: PromQL."""
    measure: str = "value"
    """The name of what a metric measures."""


class Outcome(StrEnum):
    """Whether a probe could measure. A value outside its criterion is READ; an error says nothing about the value."""

    READ = "READ"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class Reading:
    """What a probe found; ``facts`` are for people (dates, the answer's beginning)."""

    outcome: Outcome
    measures: Mapping[str, Decimal] = field(default_factory=lambda: _NONE)
    facts: Mapping[str, str] = field(default_factory=lambda: _FACTS)


def failed(reason: str) -> Reading:
    """Return that nothing could be measured."""
    return Reading(Outcome.FAILED, facts={"reason": reason[:500]})


@dataclass(frozen=True, slots=True)
class Certificate:
    """One certificate of a chain, as a server showed it."""

    host: str
    subject: str
    not_before: datetime
    not_after: datetime


def certificate_reading(chain: Iterable[Certificate], trusted: Mapping[str, str], now: datetime) -> Reading:
    """Judge the chains of all hosts that an address led to.

    Args:
        chain: every certificate shown.
        trusted: for each host the reason why its chain is not trusted, empty where it is.
        now: the instant of judging.
    """
    found = sorted(chain, key=lambda one: one.not_after)
    if not found:
        return failed("no certificate was shown")
    first = found[0]
    valid = all(one.not_before <= now < one.not_after for one in found)
    measures = {
        "daysLeft": Decimal((first.not_after - now) // DAY),
        "valid": Decimal(int(valid)),
        "trusted": Decimal(int(not any(trusted.values()))),
        "certificates": Decimal(len(found)),
    }
    facts = {
        "endsFirst": f"{first.host}: {first.subject}"[:300],
        "notAfter": f"{first.not_after:%Y-%m-%dT%H:%M:%SZ}",
        "notBefore": f"{first.not_before:%Y-%m-%dT%H:%M:%SZ}",
        "state": "valid" if valid else "expired" if first.not_after <= now else "not yet valid",
        **{f"notTrusted {host}": why[:200] for host, why in trusted.items() if why},
    }
    return Reading(Outcome.READ, measures, facts)


def age_reading(made_at: datetime, now: datetime, facts: Mapping[str, str]) -> Reading:
    """Return the age of a backup in hours, exact to the second."""
    seconds = Decimal((now - made_at) // timedelta(seconds=1))
    hours = (seconds / 3600).quantize(Decimal("0.0001"))
    return Reading(Outcome.READ, {"age": hours}, {"madeAt": f"{made_at:%Y-%m-%dT%H:%M:%SZ}", **facts})
