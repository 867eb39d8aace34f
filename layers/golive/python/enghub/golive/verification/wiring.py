"""Builds what verifications need, once per process."""

from functools import cache
from typing import TYPE_CHECKING

from enghub.core.clock import system_clock
from enghub.core.errors import NotFound
from enghub.core.lazy import lazy
from enghub.golive.comparisons.model import Wanted
from enghub.golive.gateways.secrets import database_secret
from enghub.golive.verification.dynamo import DynamoVerifications
from enghub.golive.verification.service import SliceResult, VerificationService
from enghub.kit.work.errors import WorkFailed
from enghub.kit.work.slices import Budget

if TYPE_CHECKING:
    from enghub.golive.gateways import verifying
else:  # the database libraries, for slices alone
    verifying = lazy("enghub.golive.gateways.verifying")

SOFT_SECONDS, HARD_SECONDS = 420.0, 880.0
"""A slice ends politely; one step of it may still take long (a count, the buckets of a table without a key)."""


@cache
def verifications() -> VerificationService:
    """Return the use cases of verifications."""
    return VerificationService(DynamoVerifications(), system_clock)


def compare(tenant_id: str, wanted: Wanted, cursor: str) -> SliceResult:
    """Do the next slice; what can never be compared is a result.

    Raises:
        WorkFailed, DatabaseUnreachable: it may work later.
    """
    try:
        secrets = (database_secret(tenant_id, wanted.source), database_secret(tenant_id, wanted.target))
        found, following = verifying.slice_of(secrets, wanted, cursor, Budget.of(SOFT_SECONDS, HARD_SECONDS))
    except WorkFailed as error:
        if error.retryable:
            raise
        return _refused(str(error))
    except (ValueError, NotFound) as error:
        return _refused(str(error))
    return SliceResult(found.rows, dict(found.counts), found.listed, following)


def _refused(reason: str) -> SliceResult:
    return SliceResult(0, {}, (), None, reason or "refused")
