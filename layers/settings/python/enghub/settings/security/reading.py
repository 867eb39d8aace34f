"""The security policy of a tenant: what it is, whose values it is made of, and what the edge enforces (CFG-19)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from enghub.core.events import Envelope
from enghub.core.security.model import PARTS, Policy
from enghub.core.security.model import Layer as PolicyLayer
from enghub.settings.configs import policies
from enghub.settings.configs.model import Address, Config, Layer, Owner
from enghub.settings.configs.repository import ConfigRepository
from enghub.settings.published import ConfigurationChanged
from enghub.settings.security.model import Problem, layer_of, problems


class Edge(Protocol):
    """Where the edge of every function reads policies."""

    def keep(self, tenant_id: str, layer: PolicyLayer) -> None:
        """Store a layer, unless a newer one is stored."""

    def current(self, tenant_id: str, now: datetime) -> tuple[Policy, Mapping[str, PolicyLayer]]:
        """Return the policy that is enforced, and its layers ``global`` and ``tenant``."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A tenant's policy: what is enforced, and what its items say."""

    policy: Policy
    layers: Mapping[str, PolicyLayer]
    """As they are enforced."""
    revisions: Mapping[str, int]
    """Of the layers, as the items are now."""
    problems: Sequence[Problem]

    @property
    def is_enforced(self) -> bool:
        """Whether the edge has what the items say; it follows them within a second or two."""
        return all(self.layers[name].revision == number for name, number in self.revisions.items())


@dataclass(frozen=True, slots=True)
class SecurityPolicies:
    """Keeps what the edge enforces in step with the items."""

    repository: ConfigRepository
    edge: Edge

    def follow(self, envelope: Envelope, data: ConfigurationChanged) -> None:
        """Store a layer anew where an item of it changed: one read and one write."""
        if data.config_key in policies.by_key() and data.layer != "user":
            self.enforce(Owner(Layer(data.layer), envelope.tenant_id, ""), envelope.timestamp)

    def enforce(self, owner: Owner, now: datetime) -> None:
        """Store a layer as its items make it."""
        self.edge.keep(owner.tenant_id, layer_of(self.items(owner), now))

    def items(self, owner: Owner) -> dict[str, Config]:
        """Return the items of a layer's policy by key; one read."""
        found = self.repository.load([Address(owner, part.key) for part in PARTS.values()])
        return {address.config_key: kept.value for address, kept in found.items()}

    def shown(self, tenant_id: str, now: datetime) -> Shown:
        """Return a tenant's policy."""
        policy, layers = self.edge.current(tenant_id, now)
        owners = {"global": Owner.of(Layer.GLOBAL, tenant_id, ""), "tenant": Owner.of(Layer.TENANT, tenant_id, "")}
        items = {name: self.items(owner) for name, owner in owners.items()}
        revisions = {name: sum(one.version for one in found.values()) for name, found in items.items()}
        wrong = [one for found in items.values() for one in problems(found.values(), now)]
        return Shown(policy, layers, revisions, wrong)
