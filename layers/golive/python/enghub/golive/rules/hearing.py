"""What ``settings`` tells of rules that decide here (OPS-10, CFG-15)."""

from enghub.core.events import Envelope
from enghub.golive.consumed import BusinessRuleActivated
from enghub.golive.rules.model import INCIDENT_TARGETS, KIND
from enghub.kit.rulings import dynamo
from enghub.kit.rulings.model import told


def activated(event: Envelope, activation: BusinessRuleActivated) -> None:
    """Keep the version that decides from now on; rules that nothing here asks are passed over."""
    if activation.rule_key == INCIDENT_TARGETS and activation.kind == KIND:
        dynamo.keep(told(event, activation))
