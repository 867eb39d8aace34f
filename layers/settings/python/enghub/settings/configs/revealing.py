"""Secrets told to who may know them: each time is in the audit before the value is in the answer (CFG-07, CFG-23)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from enghub.core.identity import Origin
from enghub.settings.configs.model import Address, Config, Effective
from enghub.settings.configs.reading import Answered
from enghub.settings.configs.secrets import Seals, opened


@dataclass(frozen=True, slots=True)
class Secret:
    """One version of an item whose value is told."""

    address: Address
    version: int


class RevealLog(Protocol):
    """Keeps who was told which secret."""

    def revealed(self, secrets: Sequence[Secret], origin: Origin) -> None:
        """Store it in the audit; without that nothing is told."""


def secrets_of(found: Answered) -> tuple[Secret, ...]:
    """Return the secrets that an effective value, now and next, is; none where it is plain."""
    answers = [one for one in (found.now, found.then) if one is not None and one.slot.content.is_encrypted]
    return tuple(Secret(one.config.address, one.slot.version) for one in answers)


@dataclass(frozen=True, slots=True)
class ConfigRevealing:
    """Opens what was read."""

    seals: Seals
    log: RevealLog

    def answered(self, found: Answered, origin: Origin) -> Answered:
        """Return an effective value with its secrets opened.

        Raises:
            SealBroken: one was sealed elsewhere.
        """
        told = replace(found, now=self._opened(found.now), then=found.then and self._opened(found.then))
        self._log(secrets_of(found), origin)
        return told

    def item(self, config: Config, origin: Origin) -> Config:
        """Return one layer's item with its value opened.

        Raises:
            SealBroken: it was sealed elsewhere.
        """
        value = opened(self.seals, config.address, config.content)
        if config.content.is_encrypted:
            self._log((Secret(config.address, config.version),), origin)
        return replace(config, content=replace(config.content, value=value))

    def _log(self, secrets: Sequence[Secret], origin: Origin) -> None:
        if secrets:
            self.log.revealed(secrets, origin)

    def _opened(self, found: Effective) -> Effective:
        if not found.slot.content.is_encrypted:
            return found
        return replace(found, value=opened(self.seals, found.config.address, found.slot.content))
