"""Counts changes of configuration, by which clients see that they are behind (CFG-11).

Trigger: queue push_changes, from the bus: ConfigurationChanged of enghub.settings. A redelivery counts once more, which
costs each client one read.
Runbook: docs/runbooks/settings-clients.md.
"""

from functools import partial

from enghub.core import entrypoints
from enghub.core.entrypoints import on
from enghub.settings.clients.dynamo import DynamoClients
from enghub.settings.clients.following import counted
from enghub.settings.published import ConfigurationChanged

lambda_handler = entrypoints.events(on(ConfigurationChanged, partial(counted, DynamoClients())))
