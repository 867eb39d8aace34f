"""Quality issues by day, the rules of feedback, suggestions to design and the daily run that makes them (PLM-16). Pure.

An *issue* is one cause named by one report of defects, a rejected inspection, or what a person recorded. Issues are
counted when they become known, by product, day, source, cause and operation: nothing is scanned later.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum

from enghub.kit.calendars.zones import instant, zone
from enghub.plm.feedback.errors import SuggestionDecided
from enghub.plm.pushes.model import PlmSync, Push

RUN_AT = time(2)
"""On the clocks of the tenant's zone; on both nights when these change, once (``kit/calendars``)."""
DESIGN = 'startsWith(cause, "DESIGN")'


class Source(StrEnum):
    """Where an issue became known."""

    PRODUCTION = "PRODUCTION"
    INSPECTION = "INSPECTION"
    CUSTOMER = "CUSTOMER"
    FIELD = "FIELD"
    SUPPLIER = "SUPPLIER"


@dataclass(frozen=True, slots=True)
class Finding:
    """Pieces of a product found bad on a day, by one or more causes; ``sign`` -1 takes one back."""

    product: str
    day: date
    source: Source
    causes: tuple[str, ...]
    pieces: Decimal
    operation: str = ""
    sign: int = 1

    def tally(self) -> "Tally":
        """Return what it adds to the counts of its day."""
        causes = tuple(sorted(set(self.causes)))
        reports, pieces = self.sign, self.sign * self.pieces
        return Tally(self.product, self.day, self.source, causes, self.operation, reports, pieces)


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of a product's day by source, operation and the causes that were named together: pieces count once."""

    product: str
    day: date
    source: Source
    causes: tuple[str, ...]
    operation: str
    reports: int
    pieces: Decimal

    @property
    def issues(self) -> int:
        """Issues: each cause of each report."""
        return self.reports * len(self.causes)


@dataclass(frozen=True, slots=True)
class QualityIssue:
    """An issue that a person recorded: a complaint, a return from the field."""

    tenant_id: str
    issue_id: str
    product: str
    found_on: date
    source: Source
    cause: str
    pieces: Decimal
    description: str
    reference: str
    is_withdrawn: bool = False

    def finding(self, sign: int = 1) -> Finding:
        """Return what it counts."""
        return Finding(self.product, self.found_on, self.source, (self.cause,), self.pieces, "", sign)

    def withdrawn(self) -> "QualityIssue":
        """Return it taken back."""
        return replace(self, is_withdrawn=True)


@dataclass(frozen=True, slots=True)
class FeedbackRules:
    """What a tenant says of feedback; ``design_rule`` is an expression of ``source``, ``cause`` and ``operation``.

    ``level`` is the level of significance of every test, ``cost_per_piece`` what a bad piece costs, where it is known.
    """

    tenant_id: str
    zone: str = "UTC"
    connection: str = "default"
    design_rule: str = DESIGN
    minimum_issues: int = 5
    window_days: int = 30
    trend_weeks: int = 8
    level: Decimal = Decimal("0.05")
    cost_per_piece: Decimal | None = None
    currency: str = ""

    def next_run(self, after: datetime) -> tuple[date, datetime]:
        """Return the day whose feedback is made next, and when that is."""
        tz = zone(self.zone)
        day = after.astimezone(tz).date()
        while (at := instant(datetime.combine(day, RUN_AT), tz)) <= after:
            day += timedelta(days=1)
        return day, at

    def today(self, now: datetime) -> date:
        """Return the tenant's day."""
        return now.astimezone(zone(self.zone)).date()

    def span(self, day: date) -> tuple[date, date]:
        """Return the first and the last day that the feedback of ``day`` looks at: calendar days that are over."""
        return day - timedelta(days=self.window_days), day - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class CauseShare:
    """A cause in the Pareto: ``cumulated`` is the share of it and all before it, of 1."""

    cause: str
    issues: int
    pieces: Decimal
    share: Decimal
    cumulated: Decimal


@dataclass(frozen=True, slots=True)
class TrendSaid:
    """The weekly counts, oldest first, and what Mann and Kendall say of them; ``exact_p`` for up to 7 weeks."""

    weeks: tuple[int, ...]
    s: int
    z: Decimal
    p: Decimal
    exact_p: Decimal | None
    is_rising: bool


@dataclass(frozen=True, slots=True)
class RiseSaid:
    """Issues before and after a change came into force: how sure a rise is, and what it cost.

    ``p`` is two-sided and exact, times the number of changes that were looked at; ``ratio`` of the daily rates has its
    95 % interval ``low`` to ``high``. ``excess_pieces`` are those beyond what the days before let expect.
    """

    ecn_number: str
    title: str
    part: str
    in_force_from: date
    before: int
    after: int
    days_before: int
    days_after: int
    p: Decimal
    ratio: Decimal | None
    low: Decimal
    high: Decimal | None
    excess_pieces: Decimal
    cost: Decimal | None
    is_shown: bool


@dataclass(frozen=True, slots=True)
class Findings:
    """What the issues of a product say: only design-related ones count, ``others`` are those beside them."""

    product: str
    day: date
    first_day: date
    issues: int
    others: int
    pieces: Decimal
    pareto: tuple[CauseShare, ...]
    trend: TrendSaid | None
    rises: tuple[RiseSaid, ...]
    operations: tuple[tuple[str, int], ...] = ()
    """Issues of the top causes by operation, most first."""

    @property
    def top(self) -> tuple[str, ...]:
        """The cause with most issues; several where they tie."""
        most = self.pareto[0].issues if self.pareto else 0
        return tuple(one.cause for one in self.pareto if one.issues == most)


class Priority(StrEnum):
    """How urgent a suggestion is."""

    HIGH = "HIGH"
    MEDIUM = "MEDIUM"
    LOW = "LOW"


class SuggestionStatus(StrEnum):
    """What became of a suggestion."""

    OPEN = "OPEN"
    ACCEPTED = "ACCEPTED"
    DECLINED = "DECLINED"
    DONE = "DONE"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A design improvement suggested for a product by the run of a day, with all its evidence.

    While it is open, later days with the same top causes confirm it: ``last_seen_on``, ``times_seen``.
    """

    tenant_id: str
    suggestion_id: str
    product: str
    product_name: str
    made_on: date
    made_at: datetime
    findings: Findings
    improvement: str
    improvement_zh: str
    priority: Priority
    last_seen_on: date
    times_seen: int = 1
    status: SuggestionStatus = SuggestionStatus.OPEN
    reason: str = ""

    def is_confirmed_by(self, findings: Findings, priority: Priority) -> bool:
        """Tell whether a later day says nothing new: open, the same top causes, not more urgent."""
        more_urgent = list(Priority).index(priority) < list(Priority).index(self.priority)
        return self.status is SuggestionStatus.OPEN and findings.top == self.findings.top and not more_urgent

    def seen_again(self, findings: Findings) -> "Suggestion":
        """Return it with what a later day found; the same day again changes nothing."""
        if findings.day <= self.last_seen_on:
            return self
        return replace(self, findings=findings, last_seen_on=findings.day, times_seen=self.times_seen + 1)

    def decided(self, status: SuggestionStatus, reason: str) -> "Suggestion":
        """Return it with what was decided: an accepted one may be done later.

        Raises:
            SuggestionDecided
        """
        is_next = self.status is SuggestionStatus.OPEN or (
            self.status is SuggestionStatus.ACCEPTED and status is SuggestionStatus.DONE
        )
        if not is_next:
            raise SuggestionDecided(suggestion_id=self.suggestion_id, status=self.status.value)
        return replace(self, status=status, reason=reason)


def suggestion_id(tenant_id: str, product: str, day: date) -> str:
    """Return the id of the suggestion that a day's run makes for a product: the same however often it runs."""
    return hashlib.sha256("\0".join((tenant_id, product, day.isoformat())).encode()).hexdigest()[:26]


@dataclass(frozen=True, slots=True)
class FeedbackRun:
    """The feedback of a day: what it looked at, which suggestions it made, and their way to the PLM."""

    tenant_id: str
    day: date
    made_at: datetime
    connection: str
    products: int
    issues: int
    suggestions: tuple[str, ...]
    confirmed: int
    unjudged: tuple[str, ...] = ()
    """Issues that the rule failed on, with what it says; at most 20."""
    push: Push | None = None

    def pushed(self, push: Push) -> "FeedbackRun":
        """Return it after an attempt to tell the PLM."""
        return replace(self, push=push)

    @property
    def push_state(self) -> PlmSync:
        """Whether the PLM knows."""
        return self.push.state if self.push else PlmSync.NONE


def by_product(tallies: Iterable[Tally]) -> Mapping[str, list[Tally]]:
    """Return tallies by product."""
    found: dict[str, list[Tally]] = {}
    for tally in tallies:
        found.setdefault(tally.product, []).append(tally)
    return found
