"""Builds what reads configuration from its stores, once per process; it is hot, so nothing else is imported here.

``configs/wiring`` builds what changes it, ``flags/wiring``, ``evaluations/wiring`` and ``release_wiring`` the rest.
"""

from functools import cache
from typing import TYPE_CHECKING

from enghub.core.lazy import lazy
from enghub.settings.configs.dynamo import DynamoConfigs
from enghub.settings.configs.impact import ConfigImpact
from enghub.settings.configs.reading import ConfigReader

if TYPE_CHECKING:
    from enghub.settings.configs import reveals, sealing
    from enghub.settings.configs.revealing import ConfigRevealing
else:  # few ask for secrets
    reveals = lazy("enghub.settings.configs.reveals")
    sealing = lazy("enghub.settings.configs.sealing")


@cache
def config_reader() -> ConfigReader:
    """Return the use cases that read configuration items."""
    return ConfigReader(DynamoConfigs())


@cache
def impact() -> ConfigImpact:
    """Return what works out whom a change would hit."""
    return ConfigImpact(DynamoConfigs())


@cache
def revealing() -> "ConfigRevealing":
    """Return the use cases that tell secrets."""
    from enghub.settings.configs.revealing import ConfigRevealing  # noqa: PLC0415 - few ask for secrets

    return ConfigRevealing(sealing.FieldSeals(), reveals.DynamoRevealLog())
