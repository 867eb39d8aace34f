"""Status pages on the wire (OPS-26)."""

from typing import Annotated, Literal, Self

from aws_lambda_powertools.event_handler.openapi.params import Path
from pydantic import Field, model_validator

from enghub.core import ids, wire
from enghub.core.commits import Kept
from enghub.core.i18n import Text
from enghub.core.identity import Origin
from enghub.core.setup.api import MailAddress, Name, Version
from enghub.golive.forms import BASE, Id
from enghub.golive.status.model import (
    STATES,
    Component,
    Impact,
    Post,
    PostKind,
    PostState,
    Said,
    StatusPage,
    Update,
)

PAGES = f"{BASE}/status-pages"
PageId = Annotated[Name, Path()]
PostId = Annotated[Id, Path()]
_TWICE = Text("a component is there twice", "组件重复")
_STATE = Text("a post of kind {kind} is {states}", "{kind} 类公告的状态为 {states}")
_ENDS = Text("a maintenance ends after it begins", "维护的结束时间必须晚于开始时间")


class SaidPart(wire.Request):
    """A text in both languages."""

    en: Annotated[str, Field(min_length=1, max_length=2000)]
    zh: Annotated[str, Field(min_length=1, max_length=2000)]

    def to_said(self) -> Said:
        """Return it."""
        return Said(self.en, self.zh)


class ComponentPart(wire.Request):
    """A part of what customers use."""

    component_id: Id
    name: SaidPart


class PutStatusPageRequest(wire.Request):
    """A page: public, or for one customer; who has a key of it reads it."""

    title: SaidPart
    components: Annotated[tuple[ComponentPart, ...], Field(min_length=1, max_length=50)]
    version: Version | None = None

    @model_validator(mode="after")
    def _once(self) -> Self:
        names = [one.component_id for one in self.components]
        if len(set(names)) != len(names):
            raise wire.Unfit(_TWICE, field="components")
        return self

    def to_page(self, tenant_id: str, page_id: str) -> StatusPage:
        """Return the page."""
        components = tuple(Component(one.component_id, one.name.to_said()) for one in self.components)
        return StatusPage(tenant_id, page_id, self.title.to_said(), components)


class PublishRequest(wire.Request):
    """An incident or a maintenance, in the words that customers read; ``incidentId`` is never shown."""

    kind: PostKind
    title: SaidPart
    text: SaidPart
    state: PostState
    impact: Impact
    components: Annotated[tuple[Id, ...], Field(min_length=1, max_length=50)]
    starts_at: wire.Instant | None = None
    ends_at: wire.Instant | None = None
    incident_id: Annotated[str, Field(max_length=64)] = ""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.state not in STATES[self.kind]:
            states = ", ".join(sorted(one.value for one in STATES[self.kind]))
            raise wire.Unfit(_STATE, field="state", kind=self.kind.value, states=states)
        if self.ends_at is not None and self.starts_at is not None and self.ends_at <= self.starts_at:
            raise wire.Unfit(_ENDS, field="endsAt")
        return self

    def to_post(self, page_id: str, origin: Origin) -> Post:
        """Return the post."""
        return Post(
            tenant_id=origin.tenant_id,
            page_id=page_id,
            post_id=ids.new_id(origin.at),
            kind=self.kind,
            title=self.title.to_said(),
            components=self.components,
            impact=self.impact,
            updates=(Update(1, origin.at, self.state, self.text.to_said()),),
            starts_at=self.starts_at or origin.at,
            ends_at=self.ends_at,
            incident_id=self.incident_id,
        )


class UpdatePostRequest(wire.Request):
    """What is published next."""

    state: PostState
    text: SaidPart
    impact: Impact | None = None


class SubscribeRequest(wire.Request):
    """Who wants to hear; the address gets a mail with a link to confirm."""

    email: MailAddress
    language: Literal["en", "zh"] = "en"


class SubscribedResponse(wire.Response):
    """A mail is on its way, unless the address is a subscriber or was asked today."""

    email: str


class SaidResponse(wire.Response):
    """A text in both languages."""

    en: str
    zh: str

    @classmethod
    def of(cls, said: Said) -> "SaidResponse":
        """Return the answer for a text."""
        return cls(en=said.en, zh=said.zh)


class ComponentResponse(wire.Response):
    """A part of what customers use."""

    component_id: str
    name: SaidResponse


class StatusPageResponse(wire.Response):
    """A page."""

    page_id: str
    title: SaidResponse
    components: tuple[ComponentResponse, ...]
    version: int

    @classmethod
    def of(cls, kept: Kept[StatusPage]) -> "StatusPageResponse":
        """Return the answer for a page."""
        one = kept.value
        components = tuple(
            ComponentResponse(component_id=part.component_id, name=SaidResponse.of(part.name))
            for part in one.components
        )
        return cls(page_id=one.page_id, title=SaidResponse.of(one.title), components=components, version=kept.revision)


class StatusPagesResponse(wire.Response):
    """A page of them; it may hold fewer, also none, while there is a cursor."""

    items: tuple[StatusPageResponse, ...]
    cursor: str | None


class PostUpdateResponse(wire.Response):
    """What was published at a time."""

    number: int
    at: wire.Instant
    state: PostState
    text: SaidResponse


class PostResponse(wire.Response):
    """An incident or a maintenance on a page."""

    post_id: str
    page_id: str
    kind: PostKind
    title: SaidResponse
    components: tuple[str, ...]
    impact: Impact
    state: PostState
    starts_at: wire.Instant
    ends_at: wire.Instant | None
    incident_id: str | None
    updates: tuple[PostUpdateResponse, ...]
    version: int

    @classmethod
    def of(cls, kept: Kept[Post]) -> "PostResponse":
        """Return the answer for a post."""
        one = kept.value
        updates = tuple(
            PostUpdateResponse(number=each.number, at=each.at, state=each.state, text=SaidResponse.of(each.text))
            for each in one.updates
        )
        return cls(
            post_id=one.post_id,
            page_id=one.page_id,
            kind=one.kind,
            title=SaidResponse.of(one.title),
            components=one.components,
            impact=one.impact,
            state=one.state,
            starts_at=one.starts_at,
            ends_at=one.ends_at,
            incident_id=one.incident_id or None,
            updates=updates,
            version=kept.revision,
        )


class PostsResponse(wire.Response):
    """Part of a page's posts, the latest first."""

    items: tuple[PostResponse, ...]
    cursor: str | None
