"""What quality feedback needs of a store and of the PLM."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from enghub.core.commits import Commit, Kept
from enghub.core.identity import Origin
from enghub.core.timers.model import DueTimer, SetTimer
from enghub.plm.feedback.model import FeedbackRules, FeedbackRun, Finding, QualityIssue, Suggestion, Tally


@dataclass(frozen=True, slots=True)
class FoundSuggestions:
    """One page; ``cursor`` continues it."""

    suggestions: tuple[Kept[Suggestion], ...]
    cursor: str | None


class Feedback(Protocol):
    """Counts, rules, suggestions and runs of all tenants."""

    def rules(self, tenant_id: str) -> Kept[FeedbackRules] | None:
        """Return what a tenant said."""

    def save_rules(self, commit: Commit[FeedbackRules]) -> Kept[FeedbackRules]:
        """Store rules and the timer of the next run; raises VersionConflict."""

    def count(self, tenant_id: str, event_id: str, finding: Finding, now: datetime) -> None:
        """Count a finding once; raises AlreadyHandled the second time."""

    def issue(self, tenant_id: str, issue_id: str) -> Kept[QualityIssue] | None:
        """Return an issue that a person recorded."""

    def save_issue(self, commit: Commit[QualityIssue], finding: Finding) -> Kept[QualityIssue]:
        """Store an issue and count it, together; raises Replayed, VersionConflict."""

    def days(self, tenant_id: str, first: date, last: date) -> Iterable[Tally]:
        """Return the counts of all products of some days; a Query a day."""

    def of_product(self, tenant_id: str, product: str, first: date, last: date) -> Sequence[Tally]:
        """Return a product's counts, read consistently."""

    def suggestion(self, tenant_id: str, suggestion_id: str) -> Kept[Suggestion] | None:
        """Return one, read consistently."""

    def latest(self, tenant_id: str, product: str) -> Kept[Suggestion] | None:
        """Return the product's newest suggestion."""

    def suggestions(
        self, tenant_id: str, product: str | None, day: date | None, limit: int, cursor: str | None
    ) -> FoundSuggestions:
        """Return those of a product, newest first, or those of a day."""

    def save_suggestion(self, commit: Commit[Suggestion]) -> Kept[Suggestion]:
        """Store one; raises VersionConflict."""

    def run(self, tenant_id: str, day: date) -> Kept[FeedbackRun] | None:
        """Return the feedback of a day, read consistently."""

    def save_run(self, commit: Commit[FeedbackRun]) -> Kept[FeedbackRun]:
        """Store it; raises VersionConflict."""

    def command(self, day: date, origin: Origin) -> None:
        """Ask for the feedback of a day."""

    def command_and_set(
        self, due: DueTimer, again: SetTimer, queue: str, payload: Mapping[str, Any], origin: Origin
    ) -> None:
        """Send a command because a timer is due, and set it again, together; raises AlreadyHandled."""


class PlmFeedback(Protocol):
    """The PLM's side."""

    def suggest(self, connection: str, tenant_id: str, push_id: str, requests: Sequence[Mapping[str, Any]]) -> None:
        """Tell the PLM improvement requests; ``push_id`` lets it recognise a repeat.

        Raises:
            PlmUnavailable, PlmRefused
        """
