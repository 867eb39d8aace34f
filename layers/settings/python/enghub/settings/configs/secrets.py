"""Values that are secrets: sealed before anything else sees them, opened to be checked or revealed alone (CFG-23).

A content holds the sealed text from the moment a request's edit was applied; so versions, audit, events, requests for
change, change sets, backups and exports never have another. Pure.
"""

from dataclasses import replace
from typing import Protocol

from enghub.core import fields
from enghub.settings.configs import texts
from enghub.settings.configs.errors import ConfigFieldRefused
from enghub.settings.configs.model import Address, Content


class Seals(Protocol):
    """Who holds the keys."""

    def seal(self, address: Address, text: str) -> str:
        """Return the sealed text of an item's value; the same for the same."""

    def unseal(self, address: Address, sealed: str) -> str:
        """Return the value.

        Raises:
            SealBroken: it was not sealed for this item, here.
        """


def sealed(seals: Seals, address: Address, content: Content, before: Content | None) -> Content:
    """Return the content as it is stored.

    What is shown of a secret, sent back, means the one that is there.

    Raises:
        ConfigFieldRefused: the value is a mask and there is no such secret, or encryption ends without a value.
    """
    value, was_secret = content.value, before is not None and before.is_encrypted
    if not content.is_encrypted:
        if fields.is_sealed(value) or (was_secret and fields.is_mask(value)):
            raise ConfigFieldRefused(field="configValue", problem=texts.WITH_VALUE)
        return content
    if fields.is_mask(value):
        if before is None or not was_secret or value not in {fields.MASK, fields.marked(before.value)}:
            raise ConfigFieldRefused(field="configValue", problem=texts.NO_MASK)
        return replace(content, value=before.value)
    return content if fields.is_sealed(value) else replace(content, value=seals.seal(address, value))


def opened(seals: Seals, address: Address, content: Content) -> str:
    """Return the value itself.

    Raises:
        SealBroken
    """
    return seals.unseal(address, content.value) if content.is_encrypted else content.value
