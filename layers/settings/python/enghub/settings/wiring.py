"""Builds what reads configuration from its stores, once per process; it is hot, so nothing else is imported here.

``configs/wiring`` builds what changes it, ``flags/wiring``, ``evaluations/wiring`` and ``release_wiring`` the rest.
"""

from functools import cache

from enghub.settings.configs.dynamo import DynamoConfigs
from enghub.settings.configs.impact import ConfigImpact
from enghub.settings.configs.reading import ConfigReader


@cache
def config_reader() -> ConfigReader:
    """Return the use cases that read configuration items."""
    return ConfigReader(DynamoConfigs())


@cache
def impact() -> ConfigImpact:
    """Return what works out whom a change would hit."""
    return ConfigImpact(DynamoConfigs())
