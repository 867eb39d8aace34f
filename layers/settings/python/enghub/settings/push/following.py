"""What follows when settings or flags changed: configuration is counted, connections are told (CFG-11), and the edge
follows the security policy (CFG-19)."""

from dataclasses import dataclass

from enghub.core.events import Envelope
from enghub.settings.clients.repository import Clients
from enghub.settings.configs.model import Layer, Owner
from enghub.settings.flags.model import Environment
from enghub.settings.published import ConfigurationChanged, FeatureFlagChanged
from enghub.settings.push.model import Changed
from enghub.settings.push.service import Pushing
from enghub.settings.security.reading import SecurityPolicies


@dataclass(frozen=True, slots=True)
class Following:
    """Reads the events of one batch, and pushes at its end."""

    clients: Clients
    pushing: Pushing
    policies: SecurityPolicies

    def configuration(self, envelope: Envelope, data: ConfigurationChanged) -> None:
        """Count a change of configuration; one write. Whoever is told afterwards finds it counted, and enforced."""
        self.policies.follow(envelope, data)
        owner = Owner(Layer(data.layer), envelope.tenant_id, data.user_id)
        self.clients.count(owner)
        self.pushing.note(Changed(owner))

    def flags(self, envelope: Envelope, data: FeatureFlagChanged) -> None:
        """Note a change of flags: they count their own."""
        self.pushing.note(Changed(Owner(Layer(data.layer), envelope.tenant_id), Environment(data.environment)))

    def push(self) -> None:
        """Tell connections."""
        self.pushing.push()
