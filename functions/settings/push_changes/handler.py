"""Counts changes of configuration, tells connected clients that something changed (CFG-11), and brings the security
policy to the edge of all functions (CFG-19).

Trigger: queue push_changes, from the bus: ConfigurationChanged and FeatureFlagChanged of enghub.settings. A redelivery
counts once more and tells once more, which costs each client one read.
Runbook: docs/runbooks/settings-clients.md (of the policy: docs/runbooks/settings-security.md).
"""

from enghub.core import entrypoints
from enghub.core.entrypoints import on
from enghub.settings.clients.dynamo import DynamoClients
from enghub.settings.configs.dynamo import DynamoConfigs
from enghub.settings.gateways.sockets import GatewayPosts
from enghub.settings.published import ConfigurationChanged, FeatureFlagChanged
from enghub.settings.push.dynamo import DynamoConnections
from enghub.settings.push.following import Following
from enghub.settings.push.service import Pushing
from enghub.settings.security.edge import DynamoEdge
from enghub.settings.security.reading import SecurityPolicies

following = Following(
    DynamoClients(),
    Pushing(DynamoConnections(), GatewayPosts()),
    SecurityPolicies(DynamoConfigs(), DynamoEdge()),
)
lambda_handler = entrypoints.events(
    on(ConfigurationChanged, following.configuration), on(FeatureFlagChanged, following.flags), after=following.push
)
