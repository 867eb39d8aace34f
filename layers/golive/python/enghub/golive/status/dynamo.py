"""Status pages in DynamoDB.

pk T#<tenant>#GOLIVE          sk STATUS-PAGE#<id>
pk T#<tenant>#STATUS#<page>   sk POST#<id>, SUB#<hash of mail address>, TOKEN#<token>
"""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from enghub.core.aggregates import Aggregate, Items
from enghub.core.codec import Key
from enghub.core.commits import Commit, Kept
from enghub.core.dynamo import Page, each, key, query
from enghub.core.events import Envelope
from enghub.core.outbox import to_outbox
from enghub.core.setup.dynamo import DynamoSetup
from enghub.core.transactions import Delete, Write, transact
from enghub.golive.directory.dynamo import partition
from enghub.golive.status.errors import PostNotFound
from enghub.golive.status.model import Post, StatusPage, Subscriber

UNCONFIRMED = timedelta(days=2)
"""Who does not confirm is forgotten."""


def _page(tenant_id: str, page_id: str) -> str:
    return key("T", tenant_id, "STATUS", page_id)


PAGES = Aggregate(
    StatusPage,
    "STATUS_PAGE",
    key=lambda one: (partition(one.tenant_id), key("STATUS-PAGE", one.page_id)),
    name="status_page",
    identity=lambda one: one.page_id,
    shows=("title", "components", "is_deleted"),
)
POSTS = Aggregate(
    Post,
    "STATUS_POST",
    key=lambda one: (_page(one.tenant_id, one.page_id), key("POST", one.post_id)),
    name="status_post",
    identity=lambda one: f"{one.page_id}/{one.post_id}",
    shows=("kind", "title", "components", "impact", "updates", "starts_at", "ends_at", "incident_id"),
    missing=lambda one: PostNotFound(post_id=one.post_id),
)
SUBSCRIBERS = Items(
    Subscriber,
    "STATUS_SUBSCRIBER",
    key=lambda one: subscriber_key(one.tenant_id, one.page_id, one.email),
    more=lambda one: {
        "expires_at": None if one.confirmed_at else int((one.asked_at + UNCONFIRMED).timestamp()),
    },
)


def subscriber_key(tenant_id: str, page_id: str, email: str) -> Key:
    """Return where a subscriber is kept: one per address."""
    return _page(tenant_id, page_id), key("SUB", hashlib.sha256(email.strip().lower().encode()).hexdigest()[:40])


def pages() -> DynamoSetup[StatusPage]:
    """Return the store of pages."""
    return DynamoSetup(PAGES, partition, "STATUS-PAGE")


def post(tenant_id: str, page_id: str, post_id: str) -> Kept[Post]:
    """Return a post; one consistent GetItem.

    Raises:
        PostNotFound
    """
    found = POSTS.read((_page(tenant_id, page_id), key("POST", post_id)))
    if found is None:
        raise PostNotFound(post_id=post_id)
    return found


def posts(tenant_id: str, page_id: str, limit: int, cursor: str | None = None) -> Page[Kept[Post]]:
    """Return a page of posts, the latest first; one Query."""
    pk = _page(tenant_id, page_id)
    found = query(pk, prefix="POST#", limit=limit, cursor=cursor, newest_first=True)
    return Page(tuple(map(POSTS.kept, found.items)), found.cursor)


def save_post(commit: Commit[Post]) -> Kept[Post]:
    """Store what is published; one transaction."""
    return POSTS.save(commit)


def subscriber(tenant_id: str, page_id: str, email: str) -> Subscriber | None:
    """Return who has this address; one consistent GetItem."""
    return SUBSCRIBERS.get(subscriber_key(tenant_id, page_id, email))


def subscribers(tenant_id: str, page_id: str) -> Iterator[Subscriber]:
    """Yield everybody who asked, confirmed or not; one Query, page after page."""
    return map(SUBSCRIBERS.value, each(_page(tenant_id, page_id), prefix="SUB#"))


def ask(wanted: Subscriber, told: Envelope) -> None:
    """Keep that somebody asked, with the mail that asks them to confirm."""
    transact(SUBSCRIBERS.put(wanted), to_outbox(told, subject=f"status/{wanted.page_id}"))


def confirm(found: Subscriber, now: datetime) -> None:
    """Keep that somebody confirmed; again changes nothing."""
    transact(SUBSCRIBERS.put(replace(found, confirmed_at=found.confirmed_at or now)))


def forget(found: Subscriber) -> None:
    """Forget a subscriber; again changes nothing."""
    transact(Delete(subscriber_key(found.tenant_id, found.page_id, found.email)))


def tell(notices: list[Envelope], page_id: str) -> None:
    """Ask that people be told, some at a time; who was asked for before is told once by its key."""
    writes: list[Write] = [to_outbox(one, subject=f"status/{page_id}") for one in notices]
    for start in range(0, len(writes), 25):
        transact(*writes[start : start + 25])
