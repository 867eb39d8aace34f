"""Use cases of quality feedback: count issues, keep the rules, make the feedback of a day, tell the PLM (PLM-16)."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from enghub.core import ids
from enghub.core.claims import Claim
from enghub.core.clock import Clock
from enghub.core.commits import Command, Commit, Kept
from enghub.core.errors import VersionConflict
from enghub.core.identity import Origin
from enghub.core.notices import NoticeRequested, Severity
from enghub.core.timers.model import DueTimer, SetTimer
from enghub.plm import published
from enghub.plm.feedback.analysis import DesignRule, InForce, findings, improvement, priority
from enghub.plm.feedback.errors import DayNotOver, FeedbackRunNotFound, IssueNotFound, SuggestionNotFound
from enghub.plm.feedback.model import (
    FeedbackRules,
    FeedbackRun,
    Finding,
    Findings,
    QualityIssue,
    Suggestion,
    SuggestionStatus,
    Tally,
    by_product,
    suggestion_id,
)
from enghub.plm.feedback.repository import Feedback, FoundSuggestions, PlmFeedback
from enghub.plm.pushes.model import PlmSync, Push, action_of

DAILY, PUSH = "feedback_daily", "feedback_push"
"""Purposes of timers."""
RUN_QUEUE, PUSH_QUEUE = "run_feedback", "push_feedback"
WORKER = "system:quality-feedback"
BATCH = 100
"""Suggestions in one call of the PLM."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What feedback asks of the rest of the context: names of products, changes by product."""

    name: Callable[[str, str], str]
    """Tenant and product code to the product's name, empty where it is not known."""
    changes: Callable[[str, date, date], Callable[[str], Collection[InForce]]]
    """Tenant and span to "which changes that came into force then touch a product"."""


@dataclass(frozen=True, slots=True)
class QualityFeedback:
    """The quality feedback of all tenants."""

    store: Feedback
    plm: PlmFeedback
    around: Surroundings
    clock: Clock
    new_id: Callable[[datetime], str] = ids.new_id

    # --- rules ---

    def rules(self, tenant_id: str) -> Kept[FeedbackRules]:
        """Return the rules in force; revision 0 are the defaults."""
        return self.store.rules(tenant_id) or Kept(FeedbackRules(tenant_id), 0)

    def put_rules(self, wanted: FeedbackRules, seen: int, origin: Origin) -> Kept[FeedbackRules]:
        """Replace the rules; the daily run moves to their zone.

        Raises:
            ExpressionRefused, ExpressionFailed, RuleNoAnswer, VersionConflict
        """
        DesignRule.of(wanted)
        before = self.store.rules(wanted.tenant_id)
        actual = before.revision if before else 0
        if before is not None and before.value == wanted and actual == seen + 1:
            return before
        if actual != seen:
            raise VersionConflict(expected=seen, actual=actual)
        action = "changed" if before else "created"
        return self.store.save_rules(Commit(origin, action, wanted, before, timers=(_daily(wanted, origin.at),)))

    # --- issues ---

    def count(self, tenant_id: str, event_id: str, finding: Finding) -> None:
        """Count what an event says; a tenant's first issue starts its daily run.

        Raises:
            AlreadyHandled
        """
        now = self.clock()
        if self.store.rules(tenant_id) is None:
            rules = FeedbackRules(tenant_id)
            origin = Origin(tenant_id, "", WORKER, now, event_id)
            with suppress(VersionConflict):  # another issue was first
                self.store.save_rules(Commit(origin, "created", rules, timers=(_daily(rules, now),)))
        self.store.count(tenant_id, event_id, finding, now)

    def record(self, issue: QualityIssue, origin: Origin, claim: Claim | None) -> Kept[QualityIssue]:
        """Store and count an issue that a person knows of; raises DayNotOver, Replayed."""
        if issue.found_on > self.rules(issue.tenant_id).value.today(origin.at):
            raise DayNotOver(field="foundOn", day=issue.found_on.isoformat())
        return self.store.save_issue(Commit(origin, "recorded", issue, claim=claim), issue.finding())

    def withdraw(self, issue_id: str, reason: str, origin: Origin) -> Kept[QualityIssue]:
        """Take an issue back; again it stays taken back. Raises IssueNotFound, VersionConflict."""
        before = self.store.issue(origin.tenant_id, issue_id)
        if before is None:
            raise IssueNotFound(issue_id=issue_id)
        if before.value.is_withdrawn:
            return before
        after = before.value.withdrawn()
        return self.store.save_issue(Commit(origin, "withdrawn", after, before, reason=reason), after.finding(-1))

    # --- reading ---

    def findings(self, tenant_id: str, product: str, day: date | None) -> Findings:
        """Return what a product's issues say on a day, the tenant's today unless another is named."""
        rules = self.rules(tenant_id).value
        wanted = day or rules.today(self.clock())
        changes = self.around.changes(tenant_id, *_reach(rules, wanted))
        return self._findings(product, DesignRule.of(rules), wanted, changes)

    def _findings(
        self, product: str, rule: DesignRule, day: date, changes: Callable[[str], Collection[InForce]]
    ) -> Findings:
        tallies = self.store.of_product(rule.rules.tenant_id, product, *_reach(rule.rules, day))
        return findings(product, tallies, lambda: changes(product), rule, day)

    def suggestion(self, tenant_id: str, identifier: str) -> Kept[Suggestion]:
        """Return a suggestion.

        Raises:
            SuggestionNotFound
        """
        found = self.store.suggestion(tenant_id, identifier)
        if found is None:
            raise SuggestionNotFound(suggestion_id=identifier)
        return found

    def suggestions(
        self, tenant_id: str, product: str | None, day: date | None, limit: int, cursor: str | None
    ) -> FoundSuggestions:
        """Return a page: of a product, of a day, or of the last day that made some."""
        wanted = day if product or day else self.rules(tenant_id).value.today(self.clock())
        return self.store.suggestions(tenant_id, product, wanted, limit, cursor)

    def decide(self, identifier: str, status: SuggestionStatus, reason: str, origin: Origin) -> Kept[Suggestion]:
        """Keep what was decided; again it stays. Raises SuggestionNotFound, SuggestionDecided, VersionConflict."""
        before = self.suggestion(origin.tenant_id, identifier)
        if before.value.status is status:
            return before
        after = before.value.decided(status, reason)
        return self.store.save_suggestion(Commit(origin, status.value.lower(), after, before, reason=reason))

    def run_of(self, tenant_id: str, day: date) -> Kept[FeedbackRun]:
        """Return the feedback of a day.

        Raises:
            FeedbackRunNotFound
        """
        found = self.store.run(tenant_id, day)
        if found is None:
            raise FeedbackRunNotFound(day=day.isoformat())
        return found

    # --- the daily run ---

    def due(self, due: DueTimer) -> None:
        """Ask for the feedback of the timer's day, and set it for the next one; raises AlreadyHandled."""
        now = self.clock()
        rules = self.rules(due.tenant_id).value
        again = _daily(rules, max(now, due.due))
        origin = Origin(due.tenant_id, "", WORKER, now, due.version)
        self.store.command_and_set(due, again, RUN_QUEUE, {"day": due.payload["day"]}, origin)

    def ask(self, day: date, origin: Origin) -> None:
        """Ask for the feedback of a day at once.

        Raises:
            DayNotOver
        """
        if day > self.rules(origin.tenant_id).value.today(origin.at):
            raise DayNotOver(field="day", day=day.isoformat())
        self.store.command(day, origin)

    def run(self, tenant_id: str, day: date, request_id: str) -> FeedbackRun:
        """Make the feedback of a day; once made it stays, and a run that broke off goes on where it was.

        Raises:
            VersionConflict: another run makes it at this moment; a repeat is safe.
        """
        known = self.store.run(tenant_id, day)
        if known is not None:
            return known.value
        origin = Origin(tenant_id, "", WORKER, self.clock(), request_id)
        rules = self.rules(tenant_id).value
        rule = DesignRule.of(rules)
        changes = self.around.changes(tenant_id, *_reach(rules, day))
        counted = by_product(self.store.days(tenant_id, *rules.span(day)))
        made, confirmed = [], 0
        for product in sorted(counted):
            if _of_design(counted[product], rule) < rules.minimum_issues:
                continue
            found = self._findings(product, rule, day, changes)
            if found.issues < rules.minimum_issues:
                continue
            kept = self._suggested(found, rules, origin)
            made += [kept.value.suggestion_id] if kept.value.made_on == day else []
            confirmed += kept.value.made_on != day
        run = FeedbackRun(
            tenant_id=tenant_id,
            day=day,
            made_at=origin.at,
            connection=rules.connection,
            products=len(counted),
            issues=sum(tally.issues for tallies in counted.values() for tally in tallies),
            suggestions=tuple(made),
            confirmed=confirmed,
            unjudged=tuple(rule.failures),
            push=Push(self.new_id(origin.at), PlmSync.PENDING, due=origin.at) if made else None,
        )
        return self._store_run(run, origin)

    def _store_run(self, run: FeedbackRun, origin: Origin) -> FeedbackRun:
        commands = (Command(PUSH_QUEUE, {"day": run.day.isoformat()}),) if run.push else ()
        events = (_notice(run).envelope(origin),) if run.push else ()
        return self.store.save_run(Commit(origin, "made", run, None, events, commands)).value

    def _suggested(self, found: Findings, rules: FeedbackRules, origin: Origin) -> Kept[Suggestion]:
        """Return the suggestion of the day, stored before, confirmed or made now."""
        identifier = suggestion_id(rules.tenant_id, found.product, found.day)
        known = self.store.suggestion(rules.tenant_id, identifier)
        if known is not None:
            return known
        urgency, latest = priority(found, rules), self.store.latest(rules.tenant_id, found.product)
        if latest is not None and latest.value.is_confirmed_by(found, urgency):
            seen = latest.value.seen_again(found)
            is_known = seen is latest.value
            return latest if is_known else self.store.save_suggestion(Commit(origin, "confirmed", seen, latest))
        english, chinese = improvement(found)
        suggestion = Suggestion(
            tenant_id=rules.tenant_id,
            suggestion_id=identifier,
            product=found.product,
            product_name=self.around.name(rules.tenant_id, found.product),
            made_on=found.day,
            made_at=origin.at,
            findings=found,
            improvement=english,
            improvement_zh=chinese,
            priority=urgency,
            last_seen_on=found.day,
        )
        events = (_told(suggestion).envelope(origin),)
        return self.store.save_suggestion(Commit(origin, "made", suggestion, events=events))

    # --- to the PLM ---

    def push(self, tenant_id: str, day: date) -> PlmSync:
        """Tell the PLM the suggestions of a day, if that is due; what does not arrive is tried again by a timer."""
        before = self.run_of(tenant_id, day)
        run, push, now = before.value, before.value.push, self.clock()
        if push is None or not push.is_due(now):
            return push.state if push else PlmSync.NONE
        made = push.attempted(lambda: self._send(run, push), now)
        origin = Origin(tenant_id, "", WORKER, now, push.push_id)
        again = (SetTimer(_subject(day), PUSH, made.due, {"day": day.isoformat()}),) if made.due else ()
        try:
            self.store.save_run(Commit(origin, action_of(made), run.pushed(made), before, timers=again))
        except VersionConflict:
            return self.run_of(tenant_id, day).value.push_state  # another attempt ended at this moment
        return made.state

    def _send(self, run: FeedbackRun, push: Push) -> None:
        for start in range(0, len(run.suggestions), BATCH):
            found = (self.suggestion(run.tenant_id, one) for one in run.suggestions[start : start + BATCH])
            requests = [to_request(one.value) for one in found]
            self.plm.suggest(run.connection, run.tenant_id, f"{push.push_id}-{start // BATCH + 1}", requests)


def to_request(one: Suggestion) -> Mapping[str, Any]:
    """Return the improvement request as the PLM takes it (source document 2.4.1)."""
    found = one.findings
    return {
        "requestId": one.suggestion_id,
        "productCode": one.product,
        "productName": one.product_name,
        "issueDescription": ", ".join(found.top),
        "issueFrequency": found.issues,
        "affectedQuantity": str(found.pieces),
        "suggestedImprovement": one.improvement,
        "priority": one.priority.value,
        "supportingData": {
            "from": found.first_day.isoformat(),
            "to": (found.day - timedelta(days=1)).isoformat(),
            "pareto": [[share.cause, share.issues, str(share.share), str(share.cumulated)] for share in found.pareto],
            "trend": [] if found.trend is None else list(found.trend.weeks),
            "trendP": None if found.trend is None else str(found.trend.exact_p or found.trend.p),
            "changes": [[rise.ecn_number, rise.before, rise.after, str(rise.p)] for rise in found.rises],
        },
    }


def _reach(rules: FeedbackRules, day: date) -> tuple[date, date]:
    """Return the days that can matter: those before the earliest change that is judged, and the weeks of the trend."""
    back = max(3 * rules.window_days, 7 * rules.trend_weeks)
    return day - timedelta(days=back), day - timedelta(days=1)


def _of_design(tallies: Sequence[Tally], rule: DesignRule) -> int:
    return sum(rule.part_of(tally).issues for tally in tallies)


def _subject(day: date) -> str:
    return f"feedback/{day.isoformat()}"


def _daily(rules: FeedbackRules, after: datetime) -> SetTimer:
    day, at = rules.next_run(after)
    return SetTimer("feedback/daily", DAILY, at, {"day": day.isoformat()})


def _told(one: Suggestion) -> published.DesignImprovementSuggested:
    return published.DesignImprovementSuggested(
        suggestion_id=one.suggestion_id,
        product_code=one.product,
        day=one.made_on,
        issues=one.findings.issues,
        top_causes=one.findings.top,
        priority=one.priority.value,
    )


def _notice(run: FeedbackRun) -> NoticeRequested:
    return NoticeRequested(
        notice_type="plm.improvements_suggested",
        severity=Severity.INFO,
        subject=_subject(run.day),
        facts={"day": run.day.isoformat(), "suggestions": len(run.suggestions), "issues": run.issues},
        roles=("QUALITY_ENGINEER",),
        dedupe_key=_subject(run.day),
    )
