"""What every route of flags begins with: the caller, the layer and environment meant, the exact right."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from enghub.core import http
from enghub.core.errors import Forbidden, Invalid
from enghub.core.i18n import Text
from enghub.core.rights import Right
from enghub.settings import rights
from enghub.settings.flags.model import EVERY_TENANT, Environment, FlagLayer, FlagSet

LayerNamed = Annotated[FlagLayer, Query()]
EnvironmentNamed = Annotated[Environment, Query()]
KeyNamed = Annotated[str, Path(min_length=1, max_length=255)]
CHANGE = {FlagLayer.TENANT: rights.CHANGE_FLAG, FlagLayer.GLOBAL: rights.CHANGE_GLOBAL_FLAG}
CHANGES = tuple(CHANGE.values())
_ETAG = re.compile(r'(?:W/)?"([1-9][0-9]{0,9})"')
_UNREADABLE = Text("send the ETag as you got it", "请原样发送 ETag")


@dataclass(frozen=True, slots=True)
class Asked:
    """One authorised request about the flags of one layer and environment."""

    call: http.Call
    at: FlagSet

    def version(self, named: int | None) -> int | None:
        """Return the version that was read: from If-Match, else ``named`` in the body; None where neither says.

        Raises:
            Invalid: If-Match is no ETag of a flag.
        """
        tag = self.call.read_etag()
        if tag is None or tag.strip() == "*":
            return named
        found = _ETAG.fullmatch(tag.strip())
        if found is None:
            raise Invalid(field="If-Match", problem=_UNREADABLE)
        return int(found[1])


def to_read(app: http.Api, layer: FlagLayer, environment: Environment) -> Asked:
    """Return who reads; everybody may read the global layer."""
    return _asked(http.call(app), layer, environment)


def to_change(
    app: http.Api, layer: FlagLayer, environment: Environment, taking: Mapping[FlagLayer, Right] = CHANGE
) -> Asked:
    """Return who changes.

    Raises:
        Forbidden: the right for this layer is missing.
    """
    call = http.call(app)
    call.require(taking[layer])
    return _asked(call, layer, environment)


def _asked(call: http.Call, layer: FlagLayer, environment: Environment) -> Asked:
    if call.principal.tenant_id == EVERY_TENANT:
        raise Forbidden(permission=f"tenant:{EVERY_TENANT}")
    return Asked(call, FlagSet.of(layer, call.principal.tenant_id, environment))
