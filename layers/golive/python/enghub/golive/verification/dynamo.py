"""Verifications in DynamoDB.

pk T#<tenant>#VERIFICATION#<id>  sk VERIFICATION, SLICE#<number> (the differences that it lists)
gsi1 T#<tenant>#VERIFICATIONS#<go-live> / <id>
"""

from enghub.core.aggregates import Aggregate, Items
from enghub.core.codec import Key, Layout
from enghub.core.commits import Commit, Kept
from enghub.core.dynamo import key, query
from enghub.golive.comparisons.model import Verification
from enghub.golive.verification.errors import VerificationNotFound
from enghub.golive.verification.repository import DifferencePage, Listed, VerificationPage


def _partition(tenant_id: str, verification_id: str) -> str:
    return key("T", tenant_id, "VERIFICATION", verification_id)


def _key(tenant_id: str, verification_id: str) -> Key:
    return _partition(tenant_id, verification_id), "VERIFICATION"


def _list(tenant_id: str, go_live_id: str) -> str:
    return key("T", tenant_id, "VERIFICATIONS", go_live_id)


VERIFICATIONS = Aggregate(
    Verification,
    "VERIFICATION",
    key=lambda one: _key(one.tenant_id, one.verification_id),
    more=lambda one: {"gsi1pk": _list(one.tenant_id, one.go_live_id), "gsi1sk": one.verification_id},
    name="verification",
    identity=lambda one: one.verification_id,
    shows=("wanted", "state", "counted", "reason"),
    missing=lambda one: VerificationNotFound(verification_id=one.verification_id),
)
LISTED = Items(Listed, "VERIFICATION_SLICE", layout=Layout(body="body"))


class DynamoVerifications:
    """The store of verifications."""

    def get(self, tenant_id: str, verification_id: str) -> Kept[Verification] | None:
        """One consistent GetItem."""
        return VERIFICATIONS.read(_key(tenant_id, verification_id))

    def save(self, commit: Commit[Verification], listed: Listed | None = None) -> Kept[Verification]:
        """One transaction: the verification, what a slice lists, the next slice's command."""
        after = commit.after
        if listed is None or not listed.differences:
            return VERIFICATIONS.save(commit)
        at = (_partition(after.tenant_id, after.verification_id), key("SLICE", f"{after.slices:06d}"))
        return VERIFICATIONS.save(commit, LISTED.put(listed, at=at))

    def page(self, tenant_id: str, go_live_id: str, limit: int, cursor: str | None) -> VerificationPage:
        """One Query of the index."""
        found = query(_list(tenant_id, go_live_id), index="gsi1", limit=limit, cursor=cursor, newest_first=True)
        return VerificationPage(tuple(map(VERIFICATIONS.kept, found.items)), found.cursor)

    def differences(self, tenant_id: str, verification_id: str, cursor: str | None) -> DifferencePage:
        """One Query: one slice's list."""
        found = LISTED.page(_partition(tenant_id, verification_id), prefix="SLICE#", limit=1, cursor=cursor)
        return DifferencePage(tuple(one for listed in found.items for one in listed.differences), found.cursor)
