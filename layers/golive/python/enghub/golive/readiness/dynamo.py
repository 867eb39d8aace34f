"""Go-lives in DynamoDB: one partition each, read whole by one Query.

pk T#<tenant>#GOLIVE#<id>                  sk GOLIVE, CHECKLIST, PROGRESS#<item>
pk T#<tenant>#GOLIVE#<id>#EVIDENCE#<item>  sk <evidence>
gsi1 T#<tenant>#GOLIVES / <time of going live>#<id>
"""

from datetime import timedelta

from enghub.core import clock
from enghub.core.aggregates import Aggregate, Items
from enghub.core.codec import Key, Layout
from enghub.core.commits import Commit, Kept
from enghub.core.dynamo import each, key, query
from enghub.core.identity import Origin
from enghub.core.outbox import to_command
from enghub.core.timers.dynamo import fired, fired_and_set
from enghub.core.timers.model import DueTimer, SetTimer
from enghub.core.transactions import transact
from enghub.golive.readiness.errors import GoLiveNotFound, ItemNotFound
from enghub.golive.readiness.model import Checklist, Evidence, GoLive, Progress, refreshes
from enghub.golive.readiness.repository import EvidencePage, GoLivePage, Whole


def _partition(tenant_id: str, go_live_id: str) -> str:
    return key("T", tenant_id, "GOLIVE", go_live_id)


def _list(tenant_id: str) -> str:
    return key("T", tenant_id, "GOLIVES")


def _progress_key(tenant_id: str, go_live_id: str, item_id: str) -> Key:
    return _partition(tenant_id, go_live_id), key("PROGRESS", item_id)


def _evidence_partition(tenant_id: str, go_live_id: str, item_id: str) -> str:
    return key("T", tenant_id, "GOLIVE", go_live_id, "EVIDENCE", item_id)


GO_LIVES = Aggregate(
    GoLive,
    "GOLIVE",
    key=lambda one: (_partition(one.tenant_id, one.go_live_id), "GOLIVE"),
    more=lambda one: {"gsi1pk": _list(one.tenant_id), "gsi1sk": key(clock.to_text(one.live_at), one.go_live_id)},
    name="go_live",
    identity=lambda one: one.go_live_id,
    shows=("name", "system", "live_at", "zone", "calendar_id", "team", "windows", "state", "decision"),
    missing=lambda one: GoLiveNotFound(go_live_id=one.go_live_id),
)
CHECKLISTS = Items(Checklist, "READINESS_CHECKLIST", layout=Layout(body="body"))
PROGRESS = Aggregate(
    Progress,
    "READINESS_PROGRESS",
    key=lambda one: _progress_key(one.tenant_id, one.go_live_id, one.item_id),
    name="readiness_item",
    identity=lambda one: f"{one.go_live_id}/{one.item_id}",
    shows=("owner", "due", "probe", "every", "latest", "sign_off", "waiver"),
    missing=lambda one: ItemNotFound(item_id=one.item_id),
)
EVIDENCE = Items(Evidence, "READINESS_EVIDENCE")


class DynamoReadiness:
    """The store of go-lives and their checklists."""

    def get(self, tenant_id: str, go_live_id: str) -> Kept[GoLive] | None:
        """One consistent GetItem."""
        return GO_LIVES.read((_partition(tenant_id, go_live_id), "GOLIVE"))

    def whole(self, tenant_id: str, go_live_id: str) -> Whole | None:
        """One Query, page after page."""
        go_live: Kept[GoLive] | None = None
        checklist, touched = Checklist(()), []
        for item in each(_partition(tenant_id, go_live_id)):
            match item["entity"]["S"]:
                case GO_LIVES.entity:
                    go_live = GO_LIVES.kept(item)
                case CHECKLISTS.entity:
                    checklist = CHECKLISTS.value(item)
                case PROGRESS.entity:
                    touched.append(PROGRESS.value(item))
        return None if go_live is None else Whole(go_live, checklist, tuple(touched))

    def page(self, tenant_id: str, limit: int, cursor: str | None) -> GoLivePage:
        """One Query of the index."""
        found = query(_list(tenant_id), index="gsi1", limit=limit, cursor=cursor, newest_first=True)
        return GoLivePage(tuple(map(GO_LIVES.kept, found.items)), found.cursor)

    def create(self, commit: Commit[GoLive], checklist: Checklist) -> Kept[GoLive]:
        """One transaction: the go-live, its checklist, audit, events."""
        at = (_partition(commit.after.tenant_id, commit.after.go_live_id), "CHECKLIST")
        return GO_LIVES.save(commit, CHECKLISTS.put(checklist, at=at))

    def save(self, commit: Commit[GoLive]) -> Kept[GoLive]:
        """One transaction."""
        return GO_LIVES.save(commit)

    def progress(self, tenant_id: str, go_live_id: str, item_id: str) -> Kept[Progress] | None:
        """One consistent GetItem."""
        return PROGRESS.read(_progress_key(tenant_id, go_live_id, item_id))

    def save_progress(self, commit: Commit[Progress], evidence: Evidence | None = None) -> Kept[Progress]:
        """One transaction: the item, its new evidence, audit."""
        if evidence is None:
            return PROGRESS.save(commit)
        after = commit.after
        at = (_evidence_partition(after.tenant_id, after.go_live_id, after.item_id), evidence.evidence_id)
        return PROGRESS.save(commit, EVIDENCE.put(evidence, at=at))

    def evidence(self, tenant_id: str, go_live_id: str, item_id: str, limit: int, cursor: str | None) -> EvidencePage:
        """One Query."""
        partition = _evidence_partition(tenant_id, go_live_id, item_id)
        found = EVIDENCE.page(partition, limit=limit, cursor=cursor, newest_first=True)
        return EvidencePage(found.items, found.cursor)


def wake(due: DueTimer, origin: Origin, queue: str) -> None:
    """Ask that an item's evidence be refreshed and set the next time; no more once its window is closed.

    Raises:
        AlreadyHandled: it fired before, or was moved meanwhile.
    """
    go_live_id, item_id = str(due.payload["goLiveId"]), str(due.payload["itemId"])
    whole = DynamoReadiness().whole(due.tenant_id, go_live_id)
    items = whole.checklist.items if whole else ()
    item = next((one for one in items if one.item_id == item_id), None)
    progress = next((one for one in (whole.touched if whole else ()) if one.item_id == item_id), None)
    if whole is None or item is None or progress is None or not refreshes(whole.go_live.value, item, progress):
        transact(fired(due, origin.at))
        return
    later = max(due.due + timedelta(minutes=progress.every), origin.at)
    command = to_command(queue, {"kind": due.purpose, **due.payload}, origin, subject=due.subject)
    transact(*fired_and_set(due, SetTimer(due.subject, due.purpose, later, due.payload), origin), command)
