"""What ``settings`` tells of rules that decide here (CFG-15)."""

from enghub.core.events import Envelope
from enghub.kit.rulings import dynamo
from enghub.kit.rulings.model import told
from enghub.mes.consumed import BusinessRuleActivated
from enghub.mes.rules.names import KINDS


def activated(event: Envelope, activation: BusinessRuleActivated) -> None:
    """Keep the version that decides from now on; rules that nothing here asks are passed over."""
    if KINDS.get(activation.rule_key) == activation.kind:
        dynamo.keep(told(event, activation))
