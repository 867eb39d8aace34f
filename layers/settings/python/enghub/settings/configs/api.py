"""Who asks /api/v1/system-config for which layer, with which right, having read which version (REQ-008 8.2.1)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from enghub.core import http
from enghub.core.errors import Forbidden
from enghub.core.rights import Right
from enghub.settings import rights
from enghub.settings.configs import texts
from enghub.settings.configs.errors import ConfigVersionUnclear
from enghub.settings.configs.model import EVERY_TENANT, Address, Layer, Owner

BASE = "/api/v1/system-config"
SENSITIVE = ("security.", "session.", "password.")
"""How the keys of items begin whose change is a sensitive one."""
CREATE = {
    Layer.TENANT: rights.CREATE_CONFIG,
    Layer.USER: rights.CREATE_OWN_CONFIG,
    Layer.GLOBAL: rights.CREATE_GLOBAL_CONFIG,
}
UPDATE = {
    Layer.TENANT: rights.UPDATE_CONFIG,
    Layer.USER: rights.UPDATE_OWN_CONFIG,
    Layer.GLOBAL: rights.UPDATE_GLOBAL_CONFIG,
}
DELETE = {
    Layer.TENANT: rights.DELETE_CONFIG,
    Layer.USER: rights.DELETE_OWN_CONFIG,
    Layer.GLOBAL: rights.DELETE_GLOBAL_CONFIG,
}
REVEAL = {
    Layer.TENANT: rights.REVEAL_CONFIG,
    Layer.USER: rights.REVEAL_OWN_CONFIG,
    Layer.GLOBAL: rights.REVEAL_GLOBAL_CONFIG,
}
"""The right that a change, or the sight of a secret, takes by its layer; other reading takes one right everywhere."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One authorised request for one layer."""

    call: http.Call
    owner: Owner

    def address(self, config_key: str) -> Address:
        """Return the item this request is about."""
        return Address(self.owner, config_key)


def asked(
    app: http.Api, layer: Layer, tenant_id: str | None, taking: Mapping[Layer, Right] = MappingProxyType({})
) -> Asked:
    """Return the caller and the layer, after checking the right for it; ``tenant_id`` is what the query names.

    Raises:
        Forbidden: the right is missing, or ``tenant_id`` is not the caller's tenant.
    """
    call = http.call(app)
    if taking:
        call.require(taking[layer])
    own = call.principal.tenant_id
    if (tenant_id is not None and tenant_id != own) or own == EVERY_TENANT:
        raise Forbidden(permission=f"tenant:{tenant_id}")
    return Asked(call, Owner.of(layer, own, call.principal.user_id))


def confirmed(call: http.Call, config_key: str) -> None:
    """Demand a second factor for a change of the security policy, as the tenant's policy says (CFG-19).

    Raises:
        MfaRequired
    """
    if config_key.startswith(SENSITIVE):
        call.confirm()


_TAG = re.compile(r'(?:W/)?"(?P<layer>global|tenant|user)\.(?P<version>[1-9][0-9]{0,9})"')


def version_read(call: http.Call, layer: Layer, version: int | None) -> int | None:
    """Return the version a change saw: the field ``version``, or the ETag in If-Match; None when it names none.

    The document's requests name none: such a change is made on whichever version is there, and audited so (CFG-04).

    Raises:
        ConfigVersionUnclear: they differ, or the ETag is no item's of this layer.
    """
    header = call.read_etag()
    if header is None:
        return version
    match = _TAG.fullmatch(header.strip())
    if match is None or match["layer"] != layer:
        raise ConfigVersionUnclear(field="If-Match", problem=texts.NO_TAG.filled(tag=header[:100], layer=layer))
    if version is not None and version != int(match["version"]):
        raise ConfigVersionUnclear(field="version", problem=texts.DIFFER, suggestion=int(match["version"]))
    return int(match["version"])
