"""Seals values with the tenant's data key, and opens them; see ``secrets.Seals``."""

from typing import TYPE_CHECKING

from enghub.core.lazy import lazy
from enghub.settings.configs.model import Address

if TYPE_CHECKING:
    from enghub.core import field_keys
else:  # few items are secrets
    field_keys = lazy("enghub.core.field_keys")


class FieldSeals:
    """One key per tenant, the global layer's own (tenant ``*``); bound to the item."""

    def seal(self, address: Address, text: str) -> str:
        """See ``Seals``; the first of a process asks KMS."""
        return field_keys.seal(address.owner.tenant_id, _about(address), text)

    def unseal(self, address: Address, sealed: str) -> str:
        """See ``Seals``; the first of a process asks KMS."""
        return field_keys.unseal(address.owner.tenant_id, _about(address), sealed)


def _about(address: Address) -> tuple[str, ...]:
    return "config", address.owner.layer, address.owner.user_id, address.config_key
