"""Quality feedback on the wire (PLM-16)."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from enghub.core import wire
from enghub.core.commits import Kept
from enghub.core.setup.api import Zone
from enghub.plm.feedback.model import (
    DESIGN,
    FeedbackRules,
    FeedbackRun,
    Findings,
    Priority,
    QualityIssue,
    RiseSaid,
    Source,
    Suggestion,
    SuggestionStatus,
    TrendSaid,
)
from enghub.plm.feedback.repository import FoundSuggestions
from enghub.plm.names import ConnectionName, PartNumber
from enghub.plm.pushes.model import PlmSync

BASE = "/api/v1/plm/feedback"


class PutFeedbackRulesRequest(wire.Request):
    """The rules of feedback; ``revision`` is the one read.

    ``designRule`` is an expression of ``source``, ``cause`` and ``operation`` that says whether an issue is
    design-related: ``startsWith(cause, "DESIGN") or source == "FIELD"``.
    """

    zone: Zone = "UTC"
    connection: ConnectionName = "default"
    design_rule: Annotated[str, Field(min_length=1, max_length=500)] = DESIGN
    minimum_issues: Annotated[int, Field(ge=2, le=10_000)] = 5
    window_days: Annotated[int, Field(ge=7, le=90)] = 30
    trend_weeks: Annotated[int, Field(ge=5, le=26)] = 8
    level: Annotated[wire.Quantity, Field(gt=0, le=Decimal("0.2"))] = Decimal("0.05")
    cost_per_piece: wire.Quantity | None = None
    currency: Annotated[str, Field(max_length=3, pattern=r"^([A-Z]{3})?$")] = ""
    revision: wire.Count

    def to_rules(self, tenant_id: str) -> FeedbackRules:
        """Return the rules."""
        return FeedbackRules(
            tenant_id,
            self.zone,
            self.connection,
            self.design_rule,
            self.minimum_issues,
            self.window_days,
            self.trend_weeks,
            self.level,
            self.cost_per_piece,
            self.currency,
        )


class FeedbackRulesResponse(wire.Response):
    """The rules in force; revision 0 are the defaults."""

    zone: str
    connection: str
    design_rule: str
    minimum_issues: int
    window_days: int
    trend_weeks: int
    level: wire.Ratio
    cost_per_piece: wire.Total | None
    currency: str
    revision: int

    @classmethod
    def of(cls, kept: Kept[FeedbackRules]) -> "FeedbackRulesResponse":
        """Return the answer."""
        rules = kept.value
        shown = {name: getattr(rules, name) for name in cls.model_fields if name != "revision"}
        return cls(**shown, revision=kept.revision)


class RecordIssueRequest(wire.Request):
    """An issue that no event tells of: a complaint, a return from the field, a supplier's fault."""

    product_code: PartNumber
    found_on: wire.Day
    source: Literal["CUSTOMER", "FIELD", "SUPPLIER"]
    cause: wire.Code
    quantity: Annotated[wire.Quantity, Field(gt=0)]
    description: wire.LongText = ""
    reference: Annotated[str, Field(max_length=200)] = ""

    def to_issue(self, tenant_id: str, issue_id: str) -> QualityIssue:
        """Return the issue."""
        return QualityIssue(
            tenant_id,
            issue_id,
            self.product_code,
            self.found_on,
            Source(self.source),
            self.cause,
            self.quantity,
            self.description,
            self.reference,
        )


class WithdrawIssueRequest(wire.Request):
    """Why it was none."""

    reason: wire.ShortText


class IssueResponse(wire.Response):
    """An issue that a person recorded."""

    issue_id: str
    product_code: str
    found_on: date
    source: Source
    cause: str
    quantity: wire.Total
    description: str
    reference: str
    is_withdrawn: bool
    revision: int

    @classmethod
    def of(cls, kept: Kept[QualityIssue]) -> "IssueResponse":
        """Return the answer."""
        one = kept.value
        return cls(
            issue_id=one.issue_id,
            product_code=one.product,
            found_on=one.found_on,
            source=one.source,
            cause=one.cause,
            quantity=one.pieces,
            description=one.description,
            reference=one.reference,
            is_withdrawn=one.is_withdrawn,
            revision=kept.revision,
        )


class ParetoEntry(wire.Response):
    """A cause; ``share`` and ``cumulated`` of 1, to four digits."""

    cause: str
    issues: int
    quantity: wire.Total
    share: wire.Ratio
    cumulated: wire.Ratio


class TrendResponse(wire.Response):
    """Mann-Kendall over whole weeks, oldest first; ``exactP`` for up to seven."""

    weeks: tuple[int, ...]
    s: int
    z: wire.Ratio
    p: wire.Ratio
    exact_p: wire.Ratio | None
    is_rising: bool

    @classmethod
    def of(cls, said: TrendSaid) -> "TrendResponse":
        """Return the answer."""
        return cls(**{name: getattr(said, name) for name in cls.model_fields})


class RiseResponse(wire.Response):
    """Issues before and after a change: exact two-sided p (times the changes looked at), ratio of rates, 95 % interval.

    ``part`` is what the change names of the product; ``excessQuantity`` is what came beyond the rate before.
    """

    ecn_number: str
    title: str
    part: str
    in_force_from: date
    before: int
    after: int
    days_before: int
    days_after: int
    p: wire.Ratio
    ratio: wire.Ratio | None
    low: wire.Ratio
    high: wire.Ratio | None
    excess_quantity: wire.Total
    cost: wire.Total | None
    is_shown: bool

    @classmethod
    def of(cls, said: RiseSaid) -> "RiseResponse":
        """Return the answer."""
        shown = {name: getattr(said, name) for name in cls.model_fields if name != "excess_quantity"}
        return cls(**shown, excess_quantity=said.excess_pieces)


class OperationCount(wire.Response):
    """Issues of the top causes at an operation."""

    operation: str
    issues: int


class FindingsResponse(wire.Response):
    """What a product's design-related issues say on ``day``: of the days from ``firstDay`` to the day before it."""

    product_code: str
    day: date
    first_day: date
    issues: int
    other_issues: int
    quantity: wire.Total
    top_causes: tuple[str, ...]
    pareto: tuple[ParetoEntry, ...]
    operations: tuple[OperationCount, ...]
    trend: TrendResponse | None
    changes: tuple[RiseResponse, ...]

    @classmethod
    def of(cls, found: Findings) -> "FindingsResponse":
        """Return the answer."""
        return cls(
            product_code=found.product,
            day=found.day,
            first_day=found.first_day,
            issues=found.issues,
            other_issues=found.others,
            quantity=found.pieces,
            top_causes=found.top,
            pareto=tuple(
                ParetoEntry(
                    cause=one.cause,
                    issues=one.issues,
                    quantity=one.pieces,
                    share=one.share,
                    cumulated=one.cumulated,
                )
                for one in found.pareto
            ),
            operations=tuple(OperationCount(operation=name, issues=count) for name, count in found.operations),
            trend=TrendResponse.of(found.trend) if found.trend else None,
            changes=tuple(map(RiseResponse.of, found.rises)),
        )


class SuggestionResponse(wire.Response):
    """A design improvement suggested for a product, with its evidence of the last day that saw it."""

    suggestion_id: str
    product_code: str
    product_name: str
    made_on: date
    last_seen_on: date
    times_seen: int
    status: SuggestionStatus
    reason: str
    priority: Priority
    suggested_improvement: str
    suggested_improvement_zh: str
    findings: FindingsResponse
    revision: int

    @classmethod
    def of(cls, kept: Kept[Suggestion]) -> "SuggestionResponse":
        """Return the answer."""
        one = kept.value
        return cls(
            suggestion_id=one.suggestion_id,
            product_code=one.product,
            product_name=one.product_name,
            made_on=one.made_on,
            last_seen_on=one.last_seen_on,
            times_seen=one.times_seen,
            status=one.status,
            reason=one.reason,
            priority=one.priority,
            suggested_improvement=one.improvement,
            suggested_improvement_zh=one.improvement_zh,
            findings=FindingsResponse.of(one.findings),
            revision=kept.revision,
        )


class SuggestionList(wire.Response):
    """A page of suggestions."""

    items: tuple[SuggestionResponse, ...]
    cursor: str | None

    @classmethod
    def of(cls, found: FoundSuggestions) -> "SuggestionList":
        """Return the answer."""
        return cls(items=tuple(map(SuggestionResponse.of, found.suggestions)), cursor=found.cursor)


class DecideSuggestionRequest(wire.Request):
    """What becomes of it, and why."""

    status: Literal["ACCEPTED", "DECLINED", "DONE"]
    reason: wire.ShortText


class RunFeedbackRequest(wire.Request):
    """The day whose feedback is to be made now, if it was not."""

    day: wire.Day


class FeedbackAsked(wire.Response):
    """It is being made."""

    day: date


class FeedbackRunResponse(wire.Response):
    """The feedback of a day; ``unjudged`` are issues that the design rule failed on."""

    day: date
    made_at: wire.Instant
    products: int
    issues: int
    suggestions: tuple[str, ...]
    confirmed: int
    unjudged: tuple[str, ...]
    plm_sync: PlmSync
    plm_synced_at: wire.Instant | None
    plm_problem: str
    attempts: int

    @classmethod
    def of(cls, run: FeedbackRun) -> "FeedbackRunResponse":
        """Return the answer."""
        push = run.push
        return cls(
            day=run.day,
            made_at=run.made_at,
            products=run.products,
            issues=run.issues,
            suggestions=run.suggestions,
            confirmed=run.confirmed,
            unjudged=run.unjudged,
            plm_sync=run.push_state,
            plm_synced_at=push.synced_at if push else None,
            plm_problem=push.trouble if push else "",
            attempts=push.attempts if push else 0,
        )
