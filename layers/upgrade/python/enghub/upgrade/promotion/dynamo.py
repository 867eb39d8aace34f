"""Proofs in DynamoDB: one item per checksum, kept as long as the manifests are."""

from collections.abc import Collection, Mapping
from datetime import datetime

from enghub.core.aggregates import Items
from enghub.core.codec import Key
from enghub.core.dynamo import key
from enghub.core.transactions import Write
from enghub.upgrade.promotion.model import Proof

MOST = 60
"""Proofs that one end of an upgrade writes, the newest versions first: a transaction takes 100 writes."""


def _key(tenant_id: str, checksum: str) -> Key:
    return key("T", tenant_id, "PROVEN", checksum), "-"


PROOFS = Items(Proof, "PROOF", key=lambda proof: _key(proof.tenant_id, proof.checksum))


def proof_writes(
    tenant_id: str, execution_id: str, site_id: str, checksums: Mapping[str, str], at: datetime
) -> list[Write]:
    """Return the writes that note what an upgrade in test proved, for the transaction that ends it."""
    newest = list(checksums.items())[-MOST:]
    return [PROOFS.put(Proof(tenant_id, version, checksum, execution_id, site_id, at)) for version, checksum in newest]


class DynamoProofs:
    """The store of proofs."""

    def proven(self, tenant_id: str, checksums: Collection[str]) -> frozenset[str]:
        """One BatchGetItem per 100."""
        found = PROOFS.get_many([_key(tenant_id, checksum) for checksum in sorted(set(checksums))])
        return frozenset(proof.checksum for proof in found.values())
