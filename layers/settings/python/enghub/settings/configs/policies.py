"""Items that are a tenant's security policy (CFG-19): what they may hold, and that nobody locks themselves out.

``session.*`` items of REQ-008's template may hold what they always could: a value that the policy cannot use does not
count, and is told. ``security.*`` items are refused.
"""

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

from enghub.core.lazy import lazy
from enghub.settings.configs import texts
from enghub.settings.configs.commits import ConfigCommit
from enghub.settings.configs.errors import ConfigFieldRefused, LockOut
from enghub.settings.configs.model import Layer

if TYPE_CHECKING:
    from enghub.core.security import model
    from enghub.core.security.model import Part
else:  # few changes are of a policy
    model = lazy("enghub.core.security.model")

OWN = "security."
ALLOW_LIST = "security.ipAllowList"


@cache
def by_key() -> "Mapping[str, Part]":
    """Return the parts of a policy by the keys of their items."""
    return {part.key: part for part in model.PARTS.values()}


def check(change: ConfigCommit, plain: str, *, forced: bool) -> None:
    """Check a change of an item of the policy; other items pass.

    Raises:
        ConfigFieldRefused: it cannot be a part of a policy.
        LockOut: its author's own address is not in the list of allowed ones, and this was not ``forced``.
    """
    address, content = change.after.address, change.after.content
    part = by_key().get(address.config_key) if address.config_key.startswith(OWN) else None
    if part is None:
        return
    if address.owner.layer is Layer.USER:
        raise ConfigFieldRefused(field="layer", problem=texts.NO_OWN_POLICY, suggestion=Layer.TENANT)
    if content.type != part.type:
        raise ConfigFieldRefused(
            field="configType", problem=texts.POLICY_TYPE.filled(type=part.type), suggestion=part.type
        )
    if content.is_encrypted:
        raise ConfigFieldRefused(field="isEncrypted", problem=texts.POLICY_OPEN, suggestion=False)
    try:
        found = part.read(plain)
    except model.Unusable as error:
        raise ConfigFieldRefused(field="configValue", problem=error.said, suggestion=error.meant) from error
    if part.key == ALLOW_LIST and not forced:
        check_author(found, change.origin.source_ip)


def check_author(networks: list[str], source_ip: str) -> None:
    """Refuse a list of allowed addresses that lacks the address of its author.

    Raises:
        LockOut
    """
    if source_ip and not model.holds([model.network(one) for one in networks], source_ip):
        raise LockOut(own_address=source_ip, force="ipAllowList")
