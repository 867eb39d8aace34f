"""Rules that decide, in the table of the context that asks them: the newest that was told of each.

pk T#<tenant>#RULES   sk <rule key>   tenant * for everybody's
"""

from enghub.core.aggregates import Items
from enghub.core.codec import Key
from enghub.core.dynamo import Attr, key
from enghub.core.transactions import transact
from enghub.kit.rulings.model import EVERYBODY, ActiveRule


def _place(tenant_id: str, rule_key: str) -> Key:
    return key("T", tenant_id, "RULES"), rule_key


RULES = Items(ActiveRule, "ACTIVE_RULE", key=lambda one: _place(one.tenant_id, one.rule_key))


class _Overtaken(Exception):
    """A later activation was told before this one."""


def keep(one: ActiveRule) -> None:
    """Keep which version decides; one that was overtaken, or comes again, changes nothing."""
    newer = Attr("event_id").does_not_exist() | (Attr("event_id") < one.event_id)
    try:
        transact(RULES.put(one, newer, _Overtaken))
    except _Overtaken:
        return


def active(tenant_id: str, rule_key: str) -> ActiveRule | None:
    """Return the rule that decides for a tenant: its own, else everybody's; two GetItem at most."""
    kept = (RULES.get(_place(owner, rule_key)) for owner in (tenant_id, EVERYBODY))
    return next((one for one in kept if one is not None and one.version), None)
