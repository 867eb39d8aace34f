"""Quality feedback in DynamoDB.

Keys: counts ``T#<tenant>#QUALITY#<product>`` / ``<day>#<source>#<operation>#<hash of causes>``, in ``gsi1`` by day;
rules ``T#<tenant>#PLM-SETUP`` / ``FEEDBACK``; issues ``T#<tenant>#QUALITY-ISSUE#<id>`` / ``ISSUE``; suggestions
``T#<tenant>#SUGGESTION#<id>`` / ``SUGGESTION``, in ``gsi1`` by product, in ``gsi2`` by day; runs
``T#<tenant>#FEEDBACK-RUN`` / ``<day>``.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from pynamodb.expressions.operand import Value

from enghub.core import inbox
from enghub.core.aggregates import Aggregate, Items
from enghub.core.codec import Key, Layout
from enghub.core.commits import Commit, Kept
from enghub.core.dynamo import Attr, key, parts, query
from enghub.core.identity import Origin
from enghub.core.outbox import to_command
from enghub.core.timers.dynamo import fired_and_set
from enghub.core.timers.model import DueTimer, SetTimer
from enghub.core.transactions import Update, transact
from enghub.plm.feedback.model import FeedbackRules, FeedbackRun, Finding, QualityIssue, Suggestion, Tally
from enghub.plm.feedback.repository import FoundSuggestions

CONSUMER = "count_quality_issues"
QUEUE = "run_feedback"
DAY = timedelta(days=1)


def _tenant(pk: str, _: str) -> dict[str, Any]:
    return {"tenant_id": parts(pk)[1]}


OWN = Layout(given=("tenant_id",), of_key=_tenant)
TALLIES = Items(Tally, "QUALITY_TALLY")
RULES = Aggregate(
    FeedbackRules,
    "FEEDBACK_RULES",
    key=lambda rules: (key("T", rules.tenant_id, "PLM-SETUP"), "FEEDBACK"),
    layout=OWN,
    name="feedback_rules",
    identity=lambda _: "feedback",
    shows=("zone", "connection", "design_rule", "minimum_issues", "window_days", "trend_weeks", "cost_per_piece"),
)
ISSUES = Aggregate(
    QualityIssue,
    "QUALITY_ISSUE",
    key=lambda issue: (key("T", issue.tenant_id, "QUALITY-ISSUE", issue.issue_id), "ISSUE"),
    layout=OWN,
    name="quality_issue",
    identity=lambda issue: issue.issue_id,
    shows=("product", "found_on", "source", "cause", "pieces", "reference", "is_withdrawn"),
)
SUGGESTIONS = Aggregate(
    Suggestion,
    "SUGGESTION",
    key=lambda one: (key("T", one.tenant_id, "SUGGESTION", one.suggestion_id), "SUGGESTION"),
    layout=OWN,
    more=lambda one: {
        "gsi1pk": key("T", one.tenant_id, "SUGGESTIONS-OF", one.product),
        "gsi1sk": one.made_on.isoformat(),
        "gsi2pk": key("T", one.tenant_id, "SUGGESTIONS-ON", one.made_on.isoformat()),
        "gsi2sk": key(one.product),
    },
    name="suggestion",
    identity=lambda one: one.suggestion_id,
    shows=("product", "status", "priority", "times_seen", "last_seen_on", "reason"),
)
RUNS = Aggregate(
    FeedbackRun,
    "FEEDBACK_RUN",
    key=lambda run: (key("T", run.tenant_id, "FEEDBACK-RUN"), run.day.isoformat()),
    layout=OWN,
    name="feedback_run",
    identity=lambda run: run.day.isoformat(),
    shows=("products", "issues", "suggestions", "confirmed", "push"),
)


def _tally_key(tenant_id: str, tally: Tally) -> Key:
    causes = hashlib.sha256("\0".join(tally.causes).encode()).hexdigest()[:26]
    place = key(tally.day.isoformat(), tally.source.value, tally.operation, causes)
    return key("T", tenant_id, "QUALITY", tally.product), place


def _added(tenant_id: str, finding: Finding) -> Update:
    """Return the write that counts a finding: two numbers go up, whatever others do at the same moment."""
    tally = finding.tally()
    at = _tally_key(tenant_id, tally)
    on_day = {"gsi1pk": {"S": key("T", tenant_id, "QUALITY-ON", tally.day.isoformat())}, "gsi1sk": {"S": key(*at)}}
    item = {**TALLIES.item(tally, at), **on_day}
    still = [Attr(name).set(Value(value)) for name, value in item.items() if name not in {"pk", "sk", *COUNTERS}]
    return Update(at, [*still, Attr("reports").add(tally.reports), Attr("pieces").add(tally.pieces)])


COUNTERS = ("reports", "pieces")


class DynamoFeedback:
    """The Feedback of ``repository`` on the context's table."""

    def rules(self, tenant_id: str) -> Kept[FeedbackRules] | None:
        """See Feedback."""
        return RULES.read((key("T", tenant_id, "PLM-SETUP"), "FEEDBACK"))

    def save_rules(self, commit: Commit[FeedbackRules]) -> Kept[FeedbackRules]:
        """See Feedback."""
        return RULES.save(commit)

    def count(self, tenant_id: str, event_id: str, finding: Finding, now: datetime) -> None:
        """See Feedback. One transaction of the mark and the counts."""
        transact(inbox.seen(CONSUMER, event_id, tenant_id, now), _added(tenant_id, finding))

    def issue(self, tenant_id: str, issue_id: str) -> Kept[QualityIssue] | None:
        """See Feedback."""
        return ISSUES.read((key("T", tenant_id, "QUALITY-ISSUE", issue_id), "ISSUE"))

    def save_issue(self, commit: Commit[QualityIssue], finding: Finding) -> Kept[QualityIssue]:
        """See Feedback."""
        return ISSUES.save(commit, _added(commit.after.tenant_id, finding))

    def days(self, tenant_id: str, first: date, last: date) -> Iterator[Tally]:
        """See Feedback."""
        for number in range((last - first).days + 1):
            day = first + number * DAY
            yield from TALLIES.each(key("T", tenant_id, "QUALITY-ON", day.isoformat()), index="gsi1")

    def of_product(self, tenant_id: str, product: str, first: date, last: date) -> Sequence[Tally]:
        """See Feedback."""
        between = (first.isoformat(), key(last.isoformat(), "~"))
        return tuple(TALLIES.each(key("T", tenant_id, "QUALITY", product), between=between))

    def suggestion(self, tenant_id: str, suggestion_id: str) -> Kept[Suggestion] | None:
        """See Feedback."""
        return SUGGESTIONS.read((key("T", tenant_id, "SUGGESTION", suggestion_id), "SUGGESTION"))

    def latest(self, tenant_id: str, product: str) -> Kept[Suggestion] | None:
        """See Feedback."""
        found = self.suggestions(tenant_id, product, None, 1, None).suggestions
        return self.suggestion(tenant_id, found[0].value.suggestion_id) if found else None

    def suggestions(
        self, tenant_id: str, product: str | None, day: date | None, limit: int, cursor: str | None
    ) -> FoundSuggestions:
        """See Feedback."""
        of_product = key("T", tenant_id, "SUGGESTIONS-OF", product or "")
        on_day = key("T", tenant_id, "SUGGESTIONS-ON", day.isoformat() if day else "")
        pk, index = (of_product, "gsi1") if product else (on_day, "gsi2")
        page = query(pk, index=index, limit=limit, cursor=cursor, newest_first=bool(product))
        return FoundSuggestions(tuple(map(SUGGESTIONS.kept, page.items)), page.cursor)

    def save_suggestion(self, commit: Commit[Suggestion]) -> Kept[Suggestion]:
        """See Feedback."""
        return SUGGESTIONS.save(commit)

    def run(self, tenant_id: str, day: date) -> Kept[FeedbackRun] | None:
        """See Feedback."""
        return RUNS.read((key("T", tenant_id, "FEEDBACK-RUN"), day.isoformat()))

    def save_run(self, commit: Commit[FeedbackRun]) -> Kept[FeedbackRun]:
        """See Feedback."""
        return RUNS.save(commit)

    def command(self, day: date, origin: Origin) -> None:
        """See Feedback."""
        transact(to_command(QUEUE, {"day": day.isoformat()}, origin))

    def command_and_set(
        self, due: DueTimer, again: SetTimer, queue: str, payload: Mapping[str, Any], origin: Origin
    ) -> None:
        """See Feedback."""
        transact(*fired_and_set(due, again, origin), to_command(queue, payload, origin))
