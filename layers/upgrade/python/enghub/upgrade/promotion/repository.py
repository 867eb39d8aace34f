"""The port of proofs."""

from collections.abc import Collection
from typing import Protocol


class Proofs(Protocol):
    """What succeeded in test."""

    def proven(self, tenant_id: str, checksums: Collection[str]) -> frozenset[str]:
        """Return those of the checksums that succeeded in test."""
