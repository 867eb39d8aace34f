"""Business rules of ``settings`` as other contexts keep and ask them (CFG-15). Pure.

A context names the rules that it asks, hears of them by ``BusinessRuleActivated``, which carries the whole table, and
asks the version that decides without a call to anybody. A rule is never a reason not to do what it is asked about: one
that fails is told with its problem, and what is built in counts.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from enghub.core.events import Envelope

EVERYBODY = "*"
"""The tenant of rules that hold for every tenant without one of its own."""


@dataclass(frozen=True, slots=True)
class ActiveRule:
    """The version of a rule that decides since ``at``; version 0 decides nothing."""

    tenant_id: str
    rule_key: str
    version: int
    table: str
    """The decision table as JSON text."""
    at: datetime
    event_id: str


@dataclass(frozen=True, slots=True)
class DecidedBy:
    """Which version of which rule decided, or why it could not."""

    rule: str
    version: int
    problem: str = ""


class Activation(Protocol):
    """What is read of the event; each context declares it among what it consumes."""

    @property
    def rule_key(self) -> str:
        """Which rule."""

    @property
    def active_version(self) -> int:
        """The version that decides from now on; 0: none."""

    @property
    def table(self) -> str:
        """Its decision table as JSON text."""


def told(event: Envelope, activation: Activation) -> ActiveRule:
    """Return the rule as an event tells it."""
    decides, table = activation.active_version, activation.table
    return ActiveRule(event.tenant_id, activation.rule_key, decides, table, event.timestamp, event.event_id)
