"""What people publish on status pages, and who hears of it (OPS-26)."""

import hmac
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from urllib.parse import urlencode

from enghub.core.claims import Claim
from enghub.core.commits import Command, Commit, Kept
from enghub.core.events import Envelope
from enghub.core.identity import Origin
from enghub.core.notices import NoticeAddress, NoticeRequested, Severity
from enghub.golive.published import StatusPosted
from enghub.golive.status import model
from enghub.golive.status.errors import LinkNotValid, TooManySubscribers
from enghub.golive.status.model import Impact, Post, PostState, Said, StatusPage, Subscriber

QUEUE, TELL = "take_looks", "status_post"
MOST_SUBSCRIBERS = 2_000
SUBSCRIPTIONS = "/api/v1/golive/status/subscription"


class Statuses(Protocol):
    """What the use cases need of a store."""

    def post(self, tenant_id: str, page_id: str, post_id: str) -> Kept[Post]:
        """Return a post. Raises PostNotFound."""

    def save_post(self, commit: Commit[Post]) -> Kept[Post]:
        """Store what is published. Raises Replayed, VersionConflict."""

    def subscriber(self, tenant_id: str, page_id: str, email: str) -> Subscriber | None:
        """Return who has this address."""

    def subscribers(self, tenant_id: str, page_id: str) -> Iterable[Subscriber]:
        """Return everybody who asked."""

    def ask(self, wanted: Subscriber, told: Envelope) -> None:
        """Keep that somebody asked, with the mail that asks them to confirm."""

    def confirm(self, found: Subscriber, now: datetime) -> None:
        """Keep that somebody confirmed."""

    def forget(self, found: Subscriber) -> None:
        """Forget a subscriber."""

    def tell(self, notices: list[Envelope], page_id: str) -> None:
        """Ask that people be told."""


@dataclass(frozen=True, slots=True)
class StatusService:
    """The use cases."""

    store: Statuses
    page: Callable[[str, str], StatusPage]
    """Returns a page of a tenant. Raises SetupNotFound."""
    base: Callable[[], str]
    """Returns the address that links begin with."""

    def publish(self, wanted: Post, origin: Origin, claim: Claim | None) -> Kept[Post]:
        """Put an incident or a maintenance on a page; subscribers are told.

        Raises:
            SetupNotFound, UnknownComponent
        """
        model.checked(self.page(wanted.tenant_id, wanted.page_id), wanted.components)
        return self._saved(Commit(origin, "published", wanted, claim=claim))

    def update(
        self, about: tuple[str, str], state: PostState, text: Said, impact: Impact | None, origin: Origin
    ) -> Kept[Post]:
        """Publish something more of a post, which ``about`` names by page and id; the same again changes nothing.

        Raises:
            PostNotFound, PostOver, TooManyUpdates, VersionConflict
        """
        before = self.store.post(origin.tenant_id, *about)
        after = model.updated(before.value, state, text, impact, origin.at)
        return before if after == before.value else self._saved(Commit(origin, "updated", after, before))

    def subscribe(self, page: StatusPage, email: str, language: str, token: str, at: datetime) -> None:
        """Ask an address to confirm, once a day at most; one that has confirmed is asked nothing."""
        known = self.store.subscriber(page.tenant_id, page.page_id, email)
        if known is not None and known.confirmed_at is not None:
            return
        asked = Subscriber(page.tenant_id, page.page_id, known.token if known else token, email, language, at)
        told = NoticeRequested(
            notice_type="golive.status_confirm",
            severity=Severity.INFO,
            subject=f"status/{page.page_id}",
            facts={"title": page.title.en, "title_zh": page.title.zh},
            addresses=(NoticeAddress(kind="email", address=email),),
            language="zh" if language == "zh" else "en",
            links={"confirm / 确认": self._link(asked, "confirm")},
            dedupe_key=f"status/{page.page_id}/{at:%Y-%m-%d}/{_short(asked)}",
        )
        self.store.ask(asked, told.envelope(Origin(page.tenant_id, "", "subscriber", at, "")))

    def found(self, tenant_id: str, page_id: str, email: str, token: str) -> Subscriber:
        """Return whose link it is.

        Raises:
            LinkNotValid
        """
        found = self.store.subscriber(tenant_id, page_id, email)
        if found is None or not hmac.compare_digest(found.token.encode(), token.encode()):
            raise LinkNotValid
        return found

    def confirm(self, found: Subscriber, now: datetime) -> None:
        """Keep that somebody wants to hear.

        Raises:
            TooManySubscribers
        """
        confirmed = sum(1 for one in self.store.subscribers(found.tenant_id, found.page_id) if one.confirmed_at)
        if confirmed >= MOST_SUBSCRIBERS:
            raise TooManySubscribers(most=MOST_SUBSCRIBERS)
        self.store.confirm(found, now)

    def tell(self, tenant_id: str, page_id: str, post_id: str, number: int, at: datetime) -> None:
        """Tell subscribers of what was published; who was told before is not told again."""
        post = self.store.post(tenant_id, page_id, post_id).value
        update = next((one for one in post.updates if one.number == number), None)
        if update is None:
            return
        origin = Origin(tenant_id, "", "system:status", at, f"{post_id}/{number}")
        everybody = (one for one in self.store.subscribers(tenant_id, page_id) if one.confirmed_at)
        self.store.tell([self._notice(one, post, update).envelope(origin) for one in everybody], page_id)

    def _notice(self, one: Subscriber, post: Post, update: model.Update) -> NoticeRequested:
        return NoticeRequested(
            notice_type="golive.status_update",
            severity=Severity.INFO,
            subject=f"status/{post.page_id}",
            facts={
                "title": post.title.en,
                "title_zh": post.title.zh,
                "state": update.state.value,
                "text": update.text.en,
                "text_zh": update.text.zh,
            },
            addresses=(NoticeAddress(kind="email", address=one.email),),
            language="zh" if one.language == "zh" else "en",
            links={"unsubscribe / 退订": self._link(one, "unsubscribe")},
            dedupe_key=f"status/{post.post_id}/{update.number}/{_short(one)}",
        )

    def _link(self, one: Subscriber, what: str) -> str:
        query = urlencode({"page": one.page_id, "email": one.email, "token": one.token, "what": what})
        return f"{self.base().rstrip('/')}{SUBSCRIPTIONS}?{query}"

    def _saved(self, commit: Commit[Post]) -> Kept[Post]:
        post, number = commit.after, commit.after.updates[-1].number
        posted = StatusPosted(
            page_id=post.page_id,
            post_id=post.post_id,
            kind=post.kind.value,
            state=post.state.value,
            impact=post.impact.value,
            title=post.title.en,
        )
        payload = {"kind": TELL, "pageId": post.page_id, "postId": post.post_id, "number": number}
        events, commands = (posted.envelope(commit.origin),), (Command(QUEUE, payload),)
        known = (commit.origin, commit.action, post, commit.before)
        return self.store.save_post(Commit(*known, events=events, commands=commands, claim=commit.claim))


def _short(one: Subscriber) -> str:
    """Return the beginning of a token: the same for one address of a page."""
    return one.token[:12]
