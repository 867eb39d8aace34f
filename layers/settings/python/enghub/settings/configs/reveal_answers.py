"""Answers that tell a secret, to who holds the right for the layer it is in (CFG-23)."""

from enghub.settings.configs.answers import ConfigResponse, EffectiveResponse
from enghub.settings.configs.api import REVEAL, Asked
from enghub.settings.configs.model import Config
from enghub.settings.configs.reading import Answered
from enghub.settings.configs.revealing import ConfigRevealing


def told_item(ask: Asked, config: Config, revealing: ConfigRevealing) -> ConfigResponse:
    """Return the answer for one layer's encrypted item.

    Raises:
        Forbidden: the right is missing.
        SealBroken: it was sealed elsewhere.
    """
    ask.call.confirm()
    ask.call.require(REVEAL[config.address.owner.layer])
    return ConfigResponse.of(revealing.item(config, ask.call.origin), ask.call.origin.at, revealed=True)


def told_effective(ask: Asked, found: Answered, revealing: ConfigRevealing) -> EffectiveResponse:
    """Return the answer for an effective value that is a secret now, or will be next.

    Raises:
        Forbidden: the right for a layer is missing.
        SealBroken: one was sealed elsewhere.
    """
    ask.call.confirm()
    for layer in found.secret_layers:
        ask.call.require(REVEAL[layer])
    opened = revealing.answered(found, ask.call.origin)
    return EffectiveResponse.of_effective(opened, ask.call.origin.at, revealed=True)
