"""What users say after a go-live: feedback, defects and how they are mended, satisfaction (OPS-09). No I/O."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from enghub.golive.aftercare.errors import WrongFeedbackState

SATISFIED = 4
"""Who gives 4 or 5 of 5 is satisfied."""
TARGET_PERCENT = Decimal(85)
"""Source document 003, last section: more than 85 % of the users are satisfied."""
MOST_AREAS = 10


class FeedbackKind(StrEnum):
    """What somebody says."""

    QUESTION = "QUESTION"
    DEFECT = "DEFECT"
    WISH = "WISH"


class FeedbackState(StrEnum):
    """How far it is."""

    NEW = "NEW"
    IN_PROGRESS = "IN_PROGRESS"
    DONE = "DONE"
    VERIFIED = "VERIFIED"
    REJECTED = "REJECTED"


NEXT: Mapping[FeedbackState, frozenset[FeedbackState]] = {
    FeedbackState.NEW: frozenset({FeedbackState.IN_PROGRESS, FeedbackState.DONE, FeedbackState.REJECTED}),
    FeedbackState.IN_PROGRESS: frozenset({FeedbackState.DONE, FeedbackState.REJECTED}),
    FeedbackState.DONE: frozenset({FeedbackState.VERIFIED, FeedbackState.IN_PROGRESS}),
    FeedbackState.VERIFIED: frozenset({FeedbackState.IN_PROGRESS}),
    FeedbackState.REJECTED: frozenset({FeedbackState.IN_PROGRESS}),
}
"""What may become of it; what comes back is in progress again."""
ENDED = frozenset({FeedbackState.VERIFIED, FeedbackState.REJECTED})


@dataclass(frozen=True, slots=True)
class Feedback:
    """One thing that somebody says of the new system."""

    tenant_id: str
    go_live_id: str
    feedback_id: str
    said_by: str
    said_at: datetime
    kind: FeedbackKind
    area: str
    text: str
    is_urgent: bool = False
    state: FeedbackState = FeedbackState.NEW
    owner: str = ""
    note: str = ""
    moved_at: datetime | None = None

    def moved(self, state: FeedbackState, owner: str, note: str, at: datetime) -> "Feedback":
        """Return it in another state; the same word again changes nothing.

        Raises:
            WrongFeedbackState
        """
        owner = owner or self.owner
        if (self.state, self.owner, self.note) == (state, owner, note):
            return self
        if state is not self.state and state not in NEXT[self.state]:
            raise WrongFeedbackState(state=self.state.value, wanted=state.value)
        return replace(self, state=state, owner=owner, note=note, moved_at=at)


@dataclass(frozen=True, slots=True)
class Vote:
    """How satisfied somebody is: 1 to 5; each user has one voice, the last one counts."""

    tenant_id: str
    go_live_id: str
    user: str
    score: int
    comment: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Voices:
    """Figures of what was said. ``satisfied_percent`` is None while nobody has answered."""

    by_kind: Mapping[str, int]
    by_area: Mapping[str, int]
    defects: Mapping[str, int]
    urgent_open: int
    voters: int
    mean: Decimal | None
    satisfied_percent: Decimal | None

    @property
    def is_satisfied(self) -> bool | None:
        """Whether more than the target are satisfied; exactly the target is not more."""
        return None if self.satisfied_percent is None else self.satisfied_percent > TARGET_PERCENT


def voices(feedback: Iterable[Feedback], votes: Iterable[Vote]) -> Voices:
    """Return the figures; areas with most to say come first."""
    found, scores = list(feedback), [one.score for one in votes]
    defects = [one for one in found if one.kind is FeedbackKind.DEFECT]
    happy = sum(score >= SATISFIED for score in scores)
    return Voices(
        by_kind=dict(Counter(one.kind.value for one in found)),
        by_area=dict(Counter(one.area for one in found).most_common(MOST_AREAS)),
        defects=dict(Counter(one.state.value for one in defects)),
        urgent_open=sum(one.is_urgent and one.state not in ENDED for one in found),
        voters=len(scores),
        mean=Decimal(sum(scores)) / len(scores) if scores else None,
        satisfied_percent=Decimal(100 * happy) / len(scores) if scores else None,
    )
