"""Use cases of mapping rules: versions with tests, what a version would change, activation, going back (PLM-23)."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from enghub.core import codec
from enghub.core.claims import Claim
from enghub.core.commits import Kept
from enghub.core.errors import VersionConflict
from enghub.core.i18n import Text
from enghub.core.identity import Origin
from enghub.plm import published
from enghub.plm.connections.rules import ConnectionRules
from enghub.plm.mappings import model
from enghub.plm.mappings.applying import IDENTITY, Around, CompiledMapping
from enghub.plm.mappings.errors import MappingNotFound, MappingRefused, MappingUnproven, NeverActive, PreviewOutdated
from enghub.plm.mappings.model import MOST_CHARACTERS, FieldMapping, MappingKind, MappingRules, MappingVersion
from enghub.plm.mappings.preview import Preview, previewed
from enghub.plm.mappings.proof import Proof, proved
from enghub.plm.mappings.repository import MappingStore, SourceRecords, VersionPage

SHOWN = 20
"""Failed tests that a refusal tells of."""
_TOO_LONG = Text(
    "rules and tests have {length} characters, {most} are the most", "规则及测试共 {length} 个字符，最多 {most} 个"
)


@dataclass(frozen=True, slots=True)
class Mappings:
    """The mapping rules of all connections."""

    store: MappingStore
    sources: SourceRecords
    rules: Callable[[str, str], ConnectionRules]

    # --- read ---

    def get(self, tenant_id: str, connection: str, kind: MappingKind, version: int | None = None) -> "Found":
        """Return a mapping with one of its versions, the latest by default; version 0 is the identity.

        Raises:
            MappingNotFound
        """
        head = self._head(tenant_id, connection, kind).value
        wanted = head.version if version is None else version
        return Found(head, self._version(head, wanted))

    def versions(
        self, tenant_id: str, connection: str, kind: MappingKind, limit: int, cursor: str | None
    ) -> VersionPage:
        """Return a mapping's versions, the newest first."""
        return self.store.versions(tenant_id, connection, kind, limit, cursor)

    def active(self, tenant_id: str, connection: str, kind: MappingKind) -> int:
        """Return the version in force; 0 for the identity."""
        return self._head(tenant_id, connection, kind).value.active_version

    def compiled(self, tenant_id: str, connection: str, kind: MappingKind, version: int) -> CompiledMapping:
        """Return a version ready to run.

        Raises:
            MappingNotFound
        """
        if version == 0:
            return IDENTITY[kind]
        found = self._version(FieldMapping(tenant_id, connection, kind), version)
        return CompiledMapping.of(kind, found.rules, version)

    def proof(self, tenant_id: str, connection: str, kind: MappingKind, version: int | None = None) -> "Proved":
        """Run the tests of a version, the latest by default.

        Raises:
            MappingNotFound
        """
        found = self.get(tenant_id, connection, kind, version).version
        return Proved(found, self._proof(found))

    def preview(self, tenant_id: str, connection: str, kind: MappingKind, version: int | None = None) -> Preview:
        """Return what a version, the latest by default, would change in the last 1,000 records; nothing is stored.

        Raises:
            MappingNotFound
        """
        head = self._head(tenant_id, connection, kind).value
        wanted = head.version if version is None else version
        before, after = (self.compiled(tenant_id, connection, kind, one) for one in (head.active_version, wanted))
        pages = self.sources.latest(tenant_id, connection, kind)
        return previewed(before, after, pages, self.rules(tenant_id, connection))

    # --- change ---

    def put(self, wanted: MappingVersion, seen: int | None, origin: Origin, claim: Claim | None = None) -> "Found":
        """Store the next version; it maps nothing before it is activated. A repeat changes nothing.

        Raises:
            MappingRefused, ExpressionRefused: a rule cannot be used; its place is named.
            VersionConflict: ``seen`` is not the latest version.
        """
        length = len(codec.dumps(wanted))
        if length > MOST_CHARACTERS:
            raise MappingRefused(field="fields", problem=_TOO_LONG.filled(length=length, most=MOST_CHARACTERS))
        CompiledMapping.of(wanted.kind, wanted.rules)
        before = self.store.get(wanted.tenant_id, wanted.connection, wanted.kind)
        latest = before.value.version if before else 0
        if before is not None and seen in {None, latest, latest - 1}:
            stored = self._version(before.value, latest)
            if stored.says_the_same(wanted):
                return Found(before.value, stored)
        if seen is not None and seen != latest:
            raise VersionConflict(expected=seen, actual=latest)
        made = replace(wanted, version=latest + 1, created_by=origin.user_id, created_at=origin.at)
        commit = replace(model.saved(made, before, origin), claim=claim)
        return Found(self.store.save(commit, made).value, made)

    def activate(
        self, key: "MappingKey", version: int, digest: str, origin: Origin, *, reason: str, claim: Claim | None = None
    ) -> FieldMapping:
        """Let a proved version map from now on; ``digest`` names the preview that was seen.

        Raises:
            MappingNotFound
            MappingUnproven: a test fails, or a rule has none.
            PreviewOutdated: it would change something else by now.
            VersionConflict
        """
        before = self._head(origin.tenant_id, *key)
        if before.value.active_version == version:
            return before.value
        self._refuse_unproven(self._version(before.value, version))
        preview = self.preview(origin.tenant_id, *key, version)
        if preview.digest != digest:
            raise PreviewOutdated(version=version)
        return self._switch(before, version, origin, ("activated", reason), claim, changes=len(preview.changes))

    def roll_back(
        self, key: "MappingKey", version: int, reason: str, origin: Origin, claim: Claim | None = None
    ) -> FieldMapping:
        """Let a version map again that was in force before, 0 for the identity: at once, without a preview.

        Raises:
            NeverActive: it never was.
            MappingNotFound, VersionConflict
        """
        before = self._head(origin.tenant_id, *key)
        if before.value.active_version == version:
            return before.value
        if not before.value.was_active(version):
            raise NeverActive(version=version)
        return self._switch(before, version, origin, ("rolled_back", reason), claim, changes=None)

    # --- inside ---

    def _switch(
        self,
        before: Kept[FieldMapping],
        version: int,
        origin: Origin,
        why: tuple[str, str],
        claim: Claim | None,
        *,
        changes: int | None,
    ) -> FieldMapping:
        action, reason = why
        commit = model.activated(before, version, action, origin, reason)
        told = published.FieldMappingActivated(
            connection=before.value.connection,
            kind=before.value.kind.value,
            version=version,
            instead_of=before.value.active_version,
            changed_records=changes,
            reason=reason,
        )
        return self.store.save(replace(commit, events=(told.envelope(origin),), claim=claim)).value

    def _refuse_unproven(self, found: MappingVersion) -> None:
        proof = self._proof(found)
        if proof.is_whole:
            return
        failed = [
            {
                "test": one.test.name,
                "made": {name: str(value) for name, value in one.made.items()},
                "problem": "" if one.problem is None else ": ".join(one.problem),
                "leftOut": one.left_out,
            }
            for one in proof.failed[:SHOWN]
        ]
        raise MappingUnproven(
            version=found.version,
            failures=len(proof.failed),
            rules=", ".join(proof.unproved) or "-",
            failed=failed,
            unproved=list(proof.unproved),
        )

    def _proof(self, found: MappingVersion) -> Proof:
        compiled = CompiledMapping.of(found.kind, found.rules, found.version)
        return proved(compiled, found.tests, Around.of(self.rules(found.tenant_id, found.connection)))

    def _head(self, tenant_id: str, connection: str, kind: MappingKind) -> Kept[FieldMapping]:
        found = self.store.get(tenant_id, connection, kind)
        return found or Kept(FieldMapping(tenant_id, connection, kind), 0)

    def _version(self, head: FieldMapping, version: int) -> MappingVersion:
        if version == 0:
            return MappingVersion(head.tenant_id, head.connection, head.kind, 0, MappingRules())
        found = self.store.version(head.tenant_id, head.connection, head.kind, version)
        if found is None:
            raise MappingNotFound(connection=head.connection, kind=head.kind.value, version=version)
        return found


MappingKey = tuple[str, MappingKind]
"""Connection and kind."""


@dataclass(frozen=True, slots=True)
class Found:
    """A mapping with one of its versions."""

    mapping: FieldMapping
    version: MappingVersion


@dataclass(frozen=True, slots=True)
class Proved:
    """A version and what its tests say."""

    version: MappingVersion
    proof: Proof
