"""Switching between normal, tightened and reduced inspection (ISO 2859-1:1999, 9.3 and 9.4). Pure.

One scheme per supplier, part and kind of inspection. Only lots on original inspection count, no resubmitted ones. Each
switch says why.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from enghub.mes.factories import Factory
from enghub.mes.inspections.sampling import LETTERS, Plan, Severity, plan_of_letter, tighter

NO_SUPPLIER = "-"
_WINDOW = 5
_TO_TIGHTENED = 2
_TO_NORMAL = 5
_TO_REDUCED = 30
_DISCONTINUED = 5


@dataclass(frozen=True, slots=True)
class Scheme:
    """Where the inspection of one supplier's part stands."""

    factory: Factory
    kind: str
    part_id: str
    supplier_id: str = NO_SUPPLIER
    severity: Severity = Severity.NORMAL
    discontinued: bool = False
    score: int = 0
    """The switching score (9.3.3.2)."""
    recent: tuple[bool, ...] = ()
    """Of the last five lots of this severity, whether each was accepted."""
    rejected_while_tightened: int = 0
    lots: int = 0
    may_reduce: bool = True
    """Whether the responsible authority wants reduced inspection at all (9.3.3.1 d)."""

    def decided(self, accepted: bool, tighter_accepts: bool | None) -> tuple["Scheme", str]:
        """Return the scheme after a lot on original inspection, and why it switched, empty where it did not.

        ``tighter_accepts``: whether the lot would also pass with the next smaller AQL, for plans with an acceptance
        number of 2 or more; None for the others (9.3.3.2 a, b).
        """
        recent = (*self.recent, accepted)[-_WINDOW:]
        now = replace(self, recent=recent, lots=self.lots + 1)
        match self.severity:
            case Severity.NORMAL:
                return now._on_normal(accepted, tighter_accepts)
            case Severity.TIGHTENED:
                return now._on_tightened(accepted)
            case Severity.REDUCED:
                if accepted:
                    return now, ""
                return now._switched(Severity.NORMAL), "lot not accepted on reduced inspection (9.3.4 a)"

    def _on_normal(self, accepted: bool, tighter_accepts: bool | None) -> tuple["Scheme", str]:
        gained = 0 if not accepted or tighter_accepts is False else 3 if tighter_accepts else 2
        now = replace(self, score=self.score + gained if gained else 0)
        if self.recent.count(False) >= _TO_TIGHTENED:
            return now._switched(Severity.TIGHTENED), "2 of 5 or fewer consecutive lots not accepted (9.3.1)"
        if now.score >= _TO_REDUCED and now.may_reduce:
            return now._switched(Severity.REDUCED), "switching score is 30 or more (9.3.3.1)"
        return now, ""

    def _on_tightened(self, accepted: bool) -> tuple["Scheme", str]:
        now = replace(self, rejected_while_tightened=self.rejected_while_tightened + (not accepted))
        if now.rejected_while_tightened >= _DISCONTINUED:
            return replace(now, discontinued=True), "5 lots not accepted on tightened inspection (9.4)"
        if len(self.recent) >= _TO_NORMAL and all(self.recent):
            return now._switched(Severity.NORMAL), "5 consecutive lots accepted (9.3.2)"
        return now, ""

    def _switched(self, severity: Severity) -> "Scheme":
        return replace(self, severity=severity, recent=(), score=0, rejected_while_tightened=0)

    def resumed(self) -> "Scheme":
        """Return it inspecting again after the supplier improved: tightened, as after 2 of 5 (9.4)."""
        return replace(self._switched(Severity.TIGHTENED), discontinued=False)

    def irregular(self) -> "Scheme":
        """Return it on normal inspection because production became irregular (9.3.4 b, c)."""
        return self._switched(Severity.NORMAL)


@dataclass(frozen=True, slots=True)
class Switch:
    """One switch, with its reason and what caused it."""

    factory: Factory
    kind: str
    part_id: str
    supplier_id: str
    at: datetime
    order_id: str
    before: Severity
    after: Severity
    discontinued: bool
    reason: str


def tighter_accepts(plan: Plan, nonconforming: int, aql: object) -> bool | None:
    """Return whether a normal plan's lot would pass one AQL tighter; None where its acceptance number is below 2."""
    if plan.accept < 2 or plan.letter not in LETTERS:
        return None
    smaller = tighter(aql)  # type: ignore[arg-type]
    return smaller is not None and nonconforming <= plan_of_letter(Severity.NORMAL, plan.letter, smaller).accept
