"""How the stand-in PLM behaves: how many products, which were edited, how slow, what fails."""

from dataclasses import dataclass, replace
from datetime import datetime

from enghub.sandbox.plm.catalogue import Touch

BAD_ANSWERS = ("GARBAGE", "HTML", "TRUNCATED", "FAULT", "REFUSED", "ENTITIES", "OVERSIZED")
PAGES = ("REPEATED", "SHIFTED")


@dataclass(frozen=True, slots=True)
class Scenario:
    """``fail_next``: so many requests answer 503. ``broken_object``: batches with this object answer 503.

    ``bad_answer``: what products are answered with, one of BAD_ANSWERS. ``pages``: REPEATED gives the first page for
    ever, SHIFTED begins each page with records of the page before.
    """

    products: int = 2000
    delay_ms: int = 0
    fail_next: int = 0
    broken_object: str = ""
    webhook_times: int = 1
    bad_answer: str = ""
    pages: str = ""
    boms: bool = False
    """Whether every control unit and harness comes with the lines of its BOM."""
    touches: tuple[Touch, ...] = ()
    approvals: tuple[tuple[str, str], ...] = ()
    """Approvals of PPAPs that were taken, by their key; the latest twenty."""
    improvements: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Ids of improvement requests that were taken, by the key of their call; the latest twenty."""
    gates: tuple[tuple[str, str], ...] = ()
    """Passed APQP gates that were taken, by their key; the latest twenty."""

    def __post_init__(self) -> None:
        if self.bad_answer not in {"", *BAD_ANSWERS} or self.pages not in {"", *PAGES}:
            message = f"bad_answer is one of {BAD_ANSWERS}, pages one of {PAGES}"
            raise ValueError(message)

    def approved(self, key: str, body: str) -> "Scenario":
        """Return the scenario with an approval taken; one of a key that is known changes nothing."""
        if any(known == key for known, _ in self.approvals):
            return self
        return replace(self, approvals=(*self.approvals, (key, body))[-20:])

    def passed(self, key: str, gate: str) -> "Scenario":
        """Return the scenario with a passed APQP gate taken; one of a key that is known changes nothing."""
        if any(known == key for known, _ in self.gates):
            return self
        return replace(self, gates=(*self.gates, (key, gate))[-20:])

    def improved(self, key: str, requests: tuple[str, ...]) -> "Scenario":
        """Return the scenario with improvement requests taken; those of a key that is known change nothing."""
        if any(known == key for known, _ in self.improvements):
            return self
        return replace(self, improvements=(*self.improvements, (key, requests))[-20:])

    def touched(self, first: int, last: int, at: datetime) -> "Scenario":
        """Return the scenario with objects ``first`` to ``last`` edited at ``at``."""
        return replace(self, touches=(*self.touches, Touch(first, last, at))[-20:])
