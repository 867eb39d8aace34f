"""Builds what serves clients, once per process."""

from functools import cache

from enghub.core.clock import system_clock
from enghub.settings.clients.dynamo import DynamoClients
from enghub.settings.clients.service import ClientService
from enghub.settings.configs.dynamo import DynamoConfigs
from enghub.settings.flags.dynamo import DynamoFlags
from enghub.settings.flags.snapshots import Snapshots


@cache
def snapshots() -> Snapshots:
    """Return what a warm function knows of flags."""
    return Snapshots(DynamoFlags(), system_clock)


@cache
def clients() -> ClientService:
    """Return the use cases of clients."""
    return ClientService(DynamoClients(), DynamoConfigs(), snapshots(), DynamoFlags())
