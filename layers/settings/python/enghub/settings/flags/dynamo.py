"""Feature flags in DynamoDB.

Flag        pk T#<tenant>#FLAG#<environment>#<key>   sk FLAG
Version     same pk                                  sk V#<number>     never removed (CFG-06)
Segment     pk T#<tenant>#SEGMENT#<environment>#<key>   sk SEGMENT
Set         pk T#<tenant>#FLAGS#<environment>        sk FLAG#<key>, SEGMENT#<key>: what is in force, read whole
Revision    same pk                                  sk REVISION       counts the set's changes, and its flags;
                                                                       names a stage (``staging``) while one is settled

The global layer is tenant ``*``.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pynamodb.expressions.condition import Condition

from enghub.core.aggregates import Aggregate, Items
from enghub.core.claims import Claim
from enghub.core.codec import Key, RawItem
from enghub.core.commits import Commit, Kept
from enghub.core.dynamo import Attr, each, get, key, read_many
from enghub.core.idempotency import puts
from enghub.core.lazy import lazy
from enghub.core.transactions import Delete, Update, Write, transact
from enghub.settings.flags.changes import Changes
from enghub.settings.flags.errors import FlagExists, FlagsChanged, FlagsHeld, TooManyFlags
from enghub.settings.flags.events import flag_changed
from enghub.settings.flags.model import MAX_FLAGS, MAX_SIZE, FeatureFlag, FlagSegment, FlagSet, FlagSetContent
from enghub.settings.flags.repository import VersionPage

if TYPE_CHECKING:
    from enghub.settings.flags import staged
else:  # only while many flags are being changed
    staged = lazy("enghub.settings.flags.staged")

REVISION = "REVISION"
NOTHING_SEEN: Mapping[FlagSet, int] = MappingProxyType({})
TRIES = 3


def _partition(at: FlagSet, flag_key: str) -> str:
    return key("T", at.tenant_id, "FLAG", at.environment, flag_key)


def _set_partition(at: FlagSet) -> str:
    return key("T", at.tenant_id, "FLAGS", at.environment)


def flag_key_of(at: FlagSet, flag_key: str) -> Key:
    """Return where a flag is kept."""
    return _partition(at, flag_key), "FLAG"


def _version_key(at: FlagSet, flag_key: str, version: int) -> Key:
    return _partition(at, flag_key), key("V", f"{version:010d}")


def _segment_key(at: FlagSet, segment_key: str) -> Key:
    return key("T", at.tenant_id, "SEGMENT", at.environment, segment_key), "SEGMENT"


FLAGS = Aggregate(
    FeatureFlag,
    "FEATURE_FLAG",
    key=lambda flag: flag_key_of(flag.at, flag.flag_key),
    name="feature_flag",
    identity=lambda flag: f"{flag.at.environment}/{flag.flag_key}",
    shows=(
        *("flag_name", "description", "owner_id", "definition", "version", "is_deleted"),
        *("change_request", "approved_by"),
    ),
    revision="version",
    exists=lambda flag: FlagExists(flag_key=flag.flag_key, environment=flag.at.environment.value),
)
VERSIONS = Items(
    FeatureFlag, "FEATURE_FLAG_VERSION", key=lambda flag: _version_key(flag.at, flag.flag_key, flag.version)
)
IN_FORCE = Items(
    FeatureFlag, "FEATURE_FLAG_IN_FORCE", key=lambda flag: (_set_partition(flag.at), key("FLAG", flag.flag_key))
)
SEGMENTS = Aggregate(
    FlagSegment,
    "FLAG_SEGMENT",
    key=lambda segment: _segment_key(segment.at, segment.segment_key),
    name="flag_segment",
    identity=lambda segment: f"{segment.at.environment}/{segment.segment_key}",
    shows=("description", "definition", "is_deleted"),
)
SEGMENTS_IN_FORCE = Items(
    FlagSegment,
    "FLAG_SEGMENT_IN_FORCE",
    key=lambda segment: (_set_partition(segment.at), key("SEGMENT", segment.segment_key)),
)


class DynamoFlags:
    """The flags in the context's table; see ``FlagRepository``."""

    def get(self, at: FlagSet, flag_key: str) -> Kept[FeatureFlag] | None:
        """One consistent GetItem."""
        return FLAGS.read(flag_key_of(at, flag_key))

    def get_many(self, at: FlagSet, flag_keys: Sequence[str]) -> Mapping[str, Kept[FeatureFlag]]:
        """One BatchGetItem for 100."""
        found = FLAGS.read_many([flag_key_of(at, flag_key) for flag_key in dict.fromkeys(flag_keys)])
        return {kept.value.flag_key: kept for kept in found.values()}

    def segment(self, at: FlagSet, segment_key: str) -> Kept[FlagSegment] | None:
        """One consistent GetItem."""
        return SEGMENTS.read(_segment_key(at, segment_key))

    def revisions(self, sets: Sequence[FlagSet]) -> Mapping[FlagSet, int]:
        """One BatchGetItem."""
        found = read_many([(_set_partition(at), REVISION) for at in sets])
        by_partition = {pk: int(item["revision"]["N"]) for (pk, _), item in found.items()}
        return {at: by_partition.get(_set_partition(at), 0) for at in sets}

    def check_free(self, at: FlagSet) -> None:
        """One consistent GetItem."""
        stored = get(*revision_key(at))
        if stored is not None and "staged" in stored:
            raise FlagsHeld(environment=at.environment.value)

    def load(self, at: FlagSet) -> FlagSetContent:
        """One GetItem and one Query for each MB; again when the set changed while it was read."""
        found = FlagSetContent()
        for _ in range(TRIES):
            before = self.revisions([at])[at]
            found, after = self._loaded(at, before)
            if before == after:
                break
        return found

    def _loaded(self, at: FlagSet, before: int) -> tuple[FlagSetContent, int]:
        entries: dict[str, FeatureFlag | FlagSegment] = {}
        after, stage_id = 0, ""
        for item in each(_set_partition(at)):
            entity = item["entity"]["S"]
            if entity == IN_FORCE.entity:
                entries[item["sk"]["S"]] = IN_FORCE.value(item)
            elif entity == SEGMENTS_IN_FORCE.entity:
                entries[item["sk"]["S"]] = SEGMENTS_IN_FORCE.value(item)
            else:
                after = int(item["revision"]["N"])
                stage_id = item.get("staged", {}).get("S", "")
        if stage_id:
            entries = staged.overlaid(at, stage_id, entries)
        ordered = [entries[name] for name in sorted(entries)]
        flags = tuple(one for one in ordered if isinstance(one, FeatureFlag))
        segments = tuple(one for one in ordered if isinstance(one, FlagSegment))
        # The smaller number: what is newer than it is read again with the next look.
        return FlagSetContent(before, flags, segments), after

    def version(self, at: FlagSet, flag_key: str, version: int) -> FeatureFlag | None:
        """One GetItem."""
        return VERSIONS.get(_version_key(at, flag_key, version))

    def version_at(self, at: FlagSet, flag_key: str, moment: datetime) -> FeatureFlag | None:
        """One Query for each MB of newer versions."""
        for flag in VERSIONS.each(_partition(at, flag_key), prefix="V#", newest_first=True, limit=50):
            if flag.updated_at is not None and flag.updated_at <= moment:
                return flag
        return None

    def versions(self, at: FlagSet, flag_key: str, *, limit: int, cursor: str | None) -> VersionPage:
        """One Query."""
        page = VERSIONS.page(_partition(at, flag_key), prefix="V#", newest_first=True, limit=limit, cursor=cursor)
        return VersionPage(page.items, page.cursor)

    def save(
        self,
        changes: Changes,
        *,
        seen: Mapping[FlagSet, int],
        claim: Claim | None = None,
        answered: Any = None,
        alongside: Sequence[Any] = (),
    ) -> None:
        """One transaction: five writes a flag, three a segment, the sets' revisions, the claim."""
        transact(*puts(claim, answered), *change_writes(changes, seen), *alongside)


def change_writes(changes: Changes, seen: Mapping[FlagSet, int] = NOTHING_SEEN) -> list[Write]:
    """Return the writes of changes, for a transaction that does more."""
    writes: list[Write] = []
    for flag in changes.flags:
        writes += settling(flag)
    for segment in changes.segments:
        writes += settling(segment)
    return [*writes, *(counting(changes.of(at), at, seen.get(at)) for at in changes.sets)]


def counting(changes: Changes, at: FlagSet, seen: int | None, stage_id: str = "") -> Update:
    """Return what counts changes of one set; with ``stage_id`` it lets what is staged be in force."""
    more, size = sum(map(_step, changes.flags)), sum(map(_growth, changes.flags))
    return _counted(at, more, size, seen, stage_id)


def settling(commit: Commit[Any]) -> list[Write]:
    """Return the writes of one change whose set has counted it."""
    if isinstance(commit.after, FlagSegment):
        return [*SEGMENTS.writes(commit)[1], _segment_in_force(commit.after)]
    return [*FLAGS.writes(_with_event(commit))[1], VERSIONS.put(commit.after), _in_force(commit.after)]


def _with_event(commit: Commit[FeatureFlag]) -> Commit[FeatureFlag]:
    return Commit(
        commit.origin,
        commit.action,
        commit.after,
        commit.before,
        (*commit.events, flag_changed(commit)),
        reason=commit.reason,
    )


def _in_force(flag: FeatureFlag) -> Write:
    return Delete(IN_FORCE.key_of(flag)) if flag.is_deleted else IN_FORCE.put(flag)


def _segment_in_force(segment: FlagSegment) -> Write:
    return Delete(SEGMENTS_IN_FORCE.key_of(segment)) if segment.is_deleted else SEGMENTS_IN_FORCE.put(segment)


def _step(commit: Commit[FeatureFlag]) -> int:
    was = commit.before is not None and not commit.before.value.is_deleted
    return (not commit.after.is_deleted) - was


def _growth(commit: Commit[FeatureFlag]) -> int:
    def size(flag: FeatureFlag | None) -> int:
        return 0 if flag is None or flag.is_deleted else len(flag.definition)

    return size(commit.after) - size(None if commit.before is None else commit.before.value)


def revision_key(at: FlagSet) -> Key:
    """Return where a set counts its changes."""
    return _set_partition(at), REVISION


def _counted(at: FlagSet, more: int, size: int, seen: int | None, stage_id: str) -> Update:
    """Return what counts the set's changes, refused where it is full, held, or not any more as ``seen``."""
    number, revision, whole, held = Attr("flags"), Attr("revision"), Attr("size"), Attr("staged")
    actions = [revision.add(1), number.add(more), whole.add(size), Attr("entity").set("FLAG_SET")]
    if stage_id:
        actions.append(held.set(stage_id))
    conditions: list[Condition] = [held.does_not_exist()]
    if more > 0 or size > 0:
        room = (number <= MAX_FLAGS - max(more, 0)) & (whole <= MAX_SIZE - max(size, 0))
        conditions.append(number.does_not_exist() | room)
    if seen is not None:
        conditions.append(revision == seen if seen else revision.does_not_exist())

    def refusal(stored: RawItem | None) -> Exception:
        actual = 0 if stored is None else int(stored["revision"]["N"])
        if stored is not None and "staged" in stored:
            return FlagsHeld(environment=at.environment.value)
        if seen is not None and actual != seen:
            return FlagsChanged()
        return TooManyFlags(most=MAX_FLAGS, environment=at.environment.value)

    return Update(revision_key(at), actions, _all(conditions), refusal)


def _all(conditions: Sequence[Condition]) -> Condition | None:
    found: Condition | None = None
    for one in conditions:
        found = one if found is None else found & one
    return found
