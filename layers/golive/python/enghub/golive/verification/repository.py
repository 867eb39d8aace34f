"""What the use cases of verifications need from a store."""

from dataclasses import dataclass
from typing import Protocol

from enghub.core.commits import Commit, Kept
from enghub.golive.comparisons.model import Difference, Verification


@dataclass(frozen=True, slots=True)
class Listed:
    """The differences that one slice lists."""

    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class VerificationPage:
    """Part of a go-live's verifications, the latest first."""

    items: tuple[Kept[Verification], ...]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class DifferencePage:
    """Part of what differs, in the order in which it was found."""

    items: tuple[Difference, ...]
    cursor: str | None


class Verifications(Protocol):
    """Stores verifications and what they found."""

    def get(self, tenant_id: str, verification_id: str) -> Kept[Verification] | None:
        """Return one."""

    def save(self, commit: Commit[Verification], listed: Listed | None = None) -> Kept[Verification]:
        """Store what became of one, with what a slice lists.

        Raises:
            VersionConflict
        """

    def page(self, tenant_id: str, go_live_id: str, limit: int, cursor: str | None) -> VerificationPage:
        """Return part of a go-live's verifications."""

    def differences(self, tenant_id: str, verification_id: str, cursor: str | None) -> DifferencePage:
        """Return what one slice lists, and where the next one is."""
