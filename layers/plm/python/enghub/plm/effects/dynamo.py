"""Effects of changes in DynamoDB: ``T#<tenant>#ECN#<number>`` / ``EFFECT``, beside the order."""

from typing import Any

from enghub.core.aggregates import Aggregate
from enghub.core.codec import Key, Layout
from enghub.core.commits import Commit, Kept
from enghub.core.dynamo import key, parts
from enghub.plm.effects.errors import EffectExists
from enghub.plm.effects.model import Effect


def _key(tenant_id: str, ecn_number: str) -> Key:
    return key("T", tenant_id, "ECN", ecn_number), "EFFECT"


def _tenant(pk: str, _: str) -> dict[str, Any]:
    return {"tenant_id": parts(pk)[1]}


EFFECTS = Aggregate(
    Effect,
    "CHANGE_EFFECT",
    key=lambda effect: _key(effect.tenant_id, effect.ecn_number),
    layout=Layout(given=("tenant_id",), of_key=_tenant),
    name="change_effect",
    identity=lambda effect: effect.ecn_number,
    shows=("mode", "serial", "lines", "approval", "applied_at"),
    exists=lambda effect: EffectExists(ecn_number=effect.ecn_number),
)


class DynamoEffects:
    """The Effects of ``repository`` on the context's table."""

    def get(self, tenant_id: str, ecn_number: str) -> Kept[Effect] | None:
        """See Effects."""
        return EFFECTS.read(_key(tenant_id, ecn_number))

    def save(self, commit: Commit[Effect]) -> Kept[Effect]:
        """See Effects."""
        return EFFECTS.save(commit)
