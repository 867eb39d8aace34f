"""Promotion: production takes what succeeded in test, by its checksum, or a named person's word for it (UPG-23)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from enghub.upgrade.promotion.errors import NotProven

TEST = frozenset({"test"})
PRODUCTION = frozenset({"prod", "production"})


@dataclass(frozen=True, slots=True)
class Proof:
    """A manifest's revision, by its checksum, that an upgrade in test ran to its end."""

    tenant_id: str
    version: str
    checksum: str
    execution_id: str
    site_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Waiver:
    """Who let versions pass into production that had not succeeded in test, and why."""

    user_id: str
    reason: str
    versions: tuple[str, ...]


def is_test(environment: str) -> bool:
    """Tell whether what succeeds there counts as proof."""
    return environment.lower() in TEST


def is_production(environment: str) -> bool:
    """Tell whether proof is wanted there."""
    return environment.lower() in PRODUCTION


def promoted(
    environment: str, checksums: Mapping[str, str], proven: Collection[str], reason: str | None, user_id: str
) -> Waiver | None:
    """Return the waiver that an upgrade needs, None when it needs none.

    Args:
        environment: where it shall run.
        checksums: of its manifests, by version.
        proven: checksums that succeeded in test.
        reason: why it may pass without; None when nobody says so.
        user_id: who says so.

    Raises:
        NotProven: naming the versions.
    """
    if not is_production(environment):
        return None
    missing = tuple(version for version, checksum in checksums.items() if checksum not in proven)
    if not missing:
        return None
    if reason is None:
        raise NotProven(versions=", ".join(missing), environment=environment)
    return Waiver(user_id, reason, missing)
