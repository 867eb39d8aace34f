"""Status pages: what customers may know of components, incidents and maintenance, in published texts (OPS-26). No I/O.

Nothing of an incident gets on a page by itself: a post is what somebody wrote for it, in both languages.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from enghub.golive.status.errors import PostOver, TooManyUpdates, UnknownComponent, WrongPostState

MOST_UPDATES = 50


@dataclass(frozen=True, slots=True)
class Said:
    """A text in both languages."""

    en: str
    zh: str


@dataclass(frozen=True, slots=True)
class Component:
    """A part of what customers use."""

    component_id: str
    name: Said


@dataclass(frozen=True, slots=True)
class StatusPage:
    """A page: public, or for one customer; who has its address reads it."""

    tenant_id: str
    page_id: str
    title: Said
    components: tuple[Component, ...]
    is_deleted: bool = False


class PostKind(StrEnum):
    """What a post is about."""

    INCIDENT = "INCIDENT"
    MAINTENANCE = "MAINTENANCE"


class Impact(StrEnum):
    """What a component suffers, from nothing to the worst."""

    OPERATIONAL = "OPERATIONAL"
    MAINTENANCE = "MAINTENANCE"
    DEGRADED = "DEGRADED"
    PARTIAL_OUTAGE = "PARTIAL_OUTAGE"
    MAJOR_OUTAGE = "MAJOR_OUTAGE"

    @property
    def rank(self) -> int:
        """How bad it is."""
        return list(Impact).index(self)


class PostState(StrEnum):
    """Where a post stands."""

    INVESTIGATING = "INVESTIGATING"
    IDENTIFIED = "IDENTIFIED"
    MONITORING = "MONITORING"
    RESOLVED = "RESOLVED"
    SCHEDULED = "SCHEDULED"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"


STATES: Mapping[PostKind, frozenset[PostState]] = {
    PostKind.INCIDENT: frozenset(list(PostState)[:4]),
    PostKind.MAINTENANCE: frozenset(list(PostState)[4:]),
}
ENDED = frozenset({PostState.RESOLVED, PostState.COMPLETED})


@dataclass(frozen=True, slots=True)
class Update:
    """What was published at a time."""

    number: int
    at: datetime
    state: PostState
    text: Said


@dataclass(frozen=True, slots=True)
class Post:
    """An incident or a maintenance on a page, with all that was published of it."""

    tenant_id: str
    page_id: str
    post_id: str
    kind: PostKind
    title: Said
    components: tuple[str, ...]
    impact: Impact
    updates: tuple[Update, ...]
    starts_at: datetime
    ends_at: datetime | None = None
    """Of a maintenance: planned; of an incident: when it was over."""
    incident_id: str = ""
    """Which of ours it is about; never shown."""

    @property
    def state(self) -> PostState:
        """Where it stands."""
        return self.updates[-1].state

    @property
    def is_over(self) -> bool:
        """Nothing is published of it any more."""
        return self.state in ENDED

    def weighs(self, now: datetime) -> bool:
        """Tell whether components suffer from it now; a maintenance does while it is under way."""
        if self.is_over or self.state is PostState.SCHEDULED:
            return False
        return self.starts_at <= now


def checked(page: StatusPage, components: Iterable[str]) -> None:
    """Raise UnknownComponent where the page has one of these not."""
    known = {one.component_id for one in page.components}
    for place, name in enumerate(components):
        if name not in known:
            raise UnknownComponent(field=f"components.{place}", component=name)


def updated(post: Post, state: PostState, text: Said, impact: Impact | None, at: datetime) -> Post:
    """Return a post with something more published; the same again changes nothing.

    Raises:
        WrongPostState, PostOver, TooManyUpdates
    """
    last = post.updates[-1]
    if (last.state, last.text, impact or post.impact) == (state, text, post.impact):
        return post
    if state not in STATES[post.kind]:
        states = ", ".join(sorted(one.value for one in STATES[post.kind]))
        raise WrongPostState(field="state", kind=post.kind.value, states=states)
    if post.is_over:
        raise PostOver(state=post.state.value)
    if len(post.updates) >= MOST_UPDATES:
        raise TooManyUpdates(most=MOST_UPDATES)
    after = replace(post, updates=(*post.updates, Update(last.number + 1, at, state, text)))
    ended = at if state in ENDED else post.ends_at
    return replace(after, impact=impact or post.impact, ends_at=ended)


def impacts(page: StatusPage, posts: Iterable[Post], now: datetime) -> dict[str, Impact]:
    """Return how each component is: the worst of what weighs on it."""
    found = {one.component_id: Impact.OPERATIONAL for one in page.components}
    for post in posts:
        for name in post.components if post.weighs(now) else ():
            if name in found:
                found[name] = max(found[name], post.impact, key=lambda one: one.rank)
    return found


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Somebody who wants to hear of a page; ``token`` is in the links of their mails and opens nothing else."""

    tenant_id: str
    page_id: str
    token: str
    email: str
    language: str
    asked_at: datetime
    confirmed_at: datetime | None = None
