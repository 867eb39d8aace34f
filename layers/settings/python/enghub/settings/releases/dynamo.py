"""Gray releases in DynamoDB.

Release   pk T#<tenant>#RELEASE#<environment>#<id>      sk RELEASE      gsi1 of the layer and environment
Journal   same pk                                       sk J#<time>#<turn>#<step>     for three years
Holder    pk T#<tenant>#FLAG#<environment>#<flag key>   sk RELEASE      which release moves the flag, while it runs
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from enghub.core import clock
from enghub.core.aggregates import Aggregate, Items
from enghub.core.claims import Claim
from enghub.core.codec import Key
from enghub.core.commits import Commit, Kept
from enghub.core.dynamo import Attr, key
from enghub.core.idempotency import puts
from enghub.core.identity import Origin
from enghub.core.outbox import to_command
from enghub.core.timers import dynamo as timers
from enghub.core.timers.model import CancelTimer, DueTimer, SetTimer, TimerChange
from enghub.core.transactions import Delete, PutItem, Write, transact
from enghub.settings.flags.changes import Changes
from enghub.settings.flags.dynamo import FLAGS, change_writes, flag_key_of
from enghub.settings.flags.model import FeatureFlag, FlagSet
from enghub.settings.releases.errors import ReleaseRunning
from enghub.settings.releases.events import told
from enghub.settings.releases.model import RUNS, Entry, GrayRelease
from enghub.settings.releases.repository import EntryPage, ReleasePage

ADVANCE = "advance_release"
"""The purpose of a release's timer, and the queue that advances it."""
KEPT_JOURNAL = timedelta(days=3 * 366)


def _partition(at: FlagSet, release_id: str) -> str:
    return key("T", at.tenant_id, "RELEASE", at.environment, release_id)


def _listed(at: FlagSet) -> str:
    return key("T", at.tenant_id, "RELEASES", at.environment)


RELEASES = Aggregate(
    GrayRelease,
    "GRAY_RELEASE",
    key=lambda release: (_partition(release.at, release.release_id), "RELEASE"),
    more=lambda release: {"gsi1pk": _listed(release.at), "gsi1sk": release.release_id},
    name="gray_release",
    identity=lambda release: f"{release.at.environment}/{release.release_id}",
    shows=(
        *("release_name", "feature_key", "strategy", "plan", "condition", "auto_rollback", "status", "current", "why"),
        *("start_time", "end_time", "version", "change_request", "approved_by"),
    ),
    revision="version",
)
JOURNAL = Items(Entry, "GRAY_RELEASE_ENTRY", more=lambda one: {"expires_at": int((one.at + KEPT_JOURNAL).timestamp())})


class DynamoReleases:
    """See ``ReleaseRepository``."""

    def get(self, at: FlagSet, release_id: str) -> Kept[GrayRelease] | None:
        """One consistent GetItem."""
        return RELEASES.read((_partition(at, release_id), "RELEASE"))

    def flag(self, at: FlagSet, feature_key: str) -> Kept[FeatureFlag] | None:
        """One consistent GetItem."""
        return FLAGS.read(flag_key_of(at, feature_key))

    def releases(self, at: FlagSet, limit: int, cursor: str | None) -> ReleasePage:
        """One Query."""
        page = RELEASES.page(_listed(at), index="gsi1", newest_first=True, limit=limit, cursor=cursor)
        return ReleasePage(page.items, page.cursor)

    def journal(self, at: FlagSet, release_id: str, limit: int, cursor: str | None) -> EntryPage:
        """One Query."""
        page = JOURNAL.page(_partition(at, release_id), prefix="J#", newest_first=True, limit=limit, cursor=cursor)
        return EntryPage(page.items, page.cursor)

    def save(
        self,
        commit: Commit[GrayRelease],
        entry: Entry,
        flag: Commit[FeatureFlag] | None = None,
        claim: Claim | None = None,
        alongside: Sequence[Any] = (),
    ) -> Kept[GrayRelease]:
        """One transaction: at most 20 writes."""
        release = commit.after
        whole = Commit(
            commit.origin,
            commit.action,
            release,
            commit.before,
            tuple(told(commit)) if commit.action else (),
            timers=tuple(_timers(commit)),
        )
        kept, writes = RELEASES.writes(whole)
        line = JOURNAL.put(entry, at=_line_key(release, entry))
        flags = [] if flag is None else change_writes(Changes((flag,)))
        transact(*puts(claim, release), *writes, line, *flags, *_holder(commit), *alongside)
        return kept


def _line_key(release: GrayRelease, entry: Entry) -> Key:
    return _partition(release.at, release.release_id), key(
        "J", clock.to_text(entry.at), f"{entry.turn:06d}", entry.step
    )


def _timers(commit: Commit[GrayRelease]) -> Iterator[TimerChange]:
    """The timer of an active release is set to its next look; of one that stands still it is cancelled."""
    release, before = commit.after, None if commit.before is None else commit.before.value
    if release.next_at is not None:
        yield SetTimer(release.subject, ADVANCE, release.next_at, payload_of(release))
    elif before is not None and before.next_at is not None:
        yield CancelTimer(release.subject, ADVANCE)


def payload_of(release: GrayRelease) -> Mapping[str, Any]:
    """Return what names one turn of a release."""
    return {"environment": release.at.environment.value, "releaseId": release.release_id, "turn": release.turn}


def _holder(commit: Commit[GrayRelease]) -> Iterator[Write]:
    """A flag is held by one release, from its start to its end."""
    release = commit.after
    was = commit.before is not None and commit.before.value.status in RUNS
    runs = release.status in RUNS
    if was == runs:
        return
    place = flag_key_of(release.at, release.feature_key)[0], "RELEASE"
    if runs:
        item = {"pk": {"S": place[0]}, "sk": {"S": place[1]}, "entity": {"S": "FLAG_HOLDER"}}
        free = Attr("pk").does_not_exist() | (Attr("release_id") == release.release_id)
        taken = {**item, "release_id": {"S": release.release_id}}
        yield PutItem(taken, free, lambda _: ReleaseRunning(feature_key=release.feature_key))
    else:
        yield Delete(place)


def wake(due: DueTimer, origin: Origin) -> None:
    """Ask the function that measures to advance a release whose time has come; once per setting of the timer."""
    command = to_command(ADVANCE, due.payload, origin, subject=due.subject)
    transact(timers.fired(due, origin.at), command)
