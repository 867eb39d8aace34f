"""What the services need of the manifests' storage."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from enghub.core.commits import Commit, Kept
from enghub.upgrade.manifests.model import Head, Revision
from enghub.upgrade.versions import Version


class Manifests(Protocol):
    """Storage of manifests: heads, immutable revisions, scripts by content."""

    def head(self, tenant_id: str, version: Version) -> Head | None:
        """Return a version's head."""

    def kept(self, tenant_id: str, version: Version) -> Kept[Head] | None:
        """Return a version's head with what guards its next change."""

    def heads(self, tenant_id: str) -> tuple[Head, ...]:
        """Return every version's head, in order of version."""

    def revision(self, tenant_id: str, version: Version, number: int) -> Revision:
        """Return a revision.

        Raises:
            ConfigurationNotFound: there is none.
        """

    def revisions(self, tenant_id: str, wanted: Sequence[tuple[Version, int]]) -> tuple[Revision, ...]:
        """Return several revisions, in the order asked."""

    def script(self, tenant_id: str, sha256: str) -> str:
        """Return a script's text, checked against its hash.

        Raises:
            KeyError: there is none.
        """

    def add(self, commit: Commit[Head], revision: Revision, texts: Mapping[str, str]) -> Head:
        """Store a new revision with its scripts, and the head that knows it.

        Raises:
            ManifestChanged: somebody else was faster.
        """

    def switch(self, commit: Commit[Head]) -> Head:
        """Store a head whose active revision changed.

        Raises:
            ManifestChanged: somebody else was faster.
        """
