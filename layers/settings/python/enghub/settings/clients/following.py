"""What follows when configuration changed: it is counted, so that clients see with one look that they are behind."""

from enghub.core.events import Envelope
from enghub.settings.clients.repository import Clients
from enghub.settings.configs.model import Layer, Owner
from enghub.settings.published import ConfigurationChanged


def counted(clients: Clients, envelope: Envelope, data: ConfigurationChanged) -> None:
    """Count a change of configuration; one write."""
    clients.count(Owner(Layer(data.layer), envelope.tenant_id, data.user_id))
