"""What ``settings`` tells of rules that decide here (OPS-10, CFG-15)."""

from enghub.core.events import Envelope
from enghub.golive.consumed import BusinessRuleActivated
from enghub.golive.rules import dynamo
from enghub.golive.rules.model import INCIDENT_TARGETS, KIND, ActiveRule


def activated(event: Envelope, told: BusinessRuleActivated) -> None:
    """Keep the version that decides from now on; rules that nothing here asks are passed over."""
    if told.rule_key != INCIDENT_TARGETS or told.kind != KIND:
        return
    one = ActiveRule(event.tenant_id, told.rule_key, told.active_version, told.table, event.timestamp, event.event_id)
    dynamo.keep(one)
