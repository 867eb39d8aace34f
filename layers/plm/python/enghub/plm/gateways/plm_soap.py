"""The PLM's products over SOAP (PLM-18): as ``plm_rest``, with three attempts 2 s and 4 s apart.

Operations ``ListObjectIds`` and ``GetProducts`` of the connection's own WSDL: members ``objectId`` and ``product``,
both repeated, and ``after``.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

import tenacity

from enghub.core.clock import Clock, system_clock
from enghub.core.observability import count, logger
from enghub.kit.outbound.calls import Outbound
from enghub.plm.connections.model import Api
from enghub.plm.connections.store import Connections
from enghub.plm.connections.times import instant
from enghub.plm.gateways.plm_rest import KEYS_PER_PAGE, attempts, waits, window
from enghub.plm.gateways.soap.answers import name_of, value_of
from enghub.plm.gateways.soap.contract import Soap
from enghub.plm.products.partial import KEEP, OPTIONAL
from enghub.plm.products.reading import BOM_LINES, FIELDS
from enghub.plm.syncs.repository import RecordPage, advanced

BOM_LINE = "bomLine"
"""The element of a product that is a line of its BOM, repeated."""


@dataclass(slots=True)
class SoapPlm:
    """The ``Plm`` of ``syncs.repository`` over one connection; its WSDL is read once, with the first call."""

    api: Api
    outbound: Outbound
    zone: Callable[[], str]
    now: Clock = system_clock
    wait: tenacity.wait.wait_base = field(default_factory=waits)
    mapped: Callable[[], frozenset[str]] = frozenset
    """Returns the members that mapping rules read."""
    _soap: Soap | None = None

    def object_ids(self, since: datetime | None, after: str | None) -> Iterator[str]:
        """See Plm; KEYS_PER_PAGE at a time."""
        while True:
            page = self._call("ListObjectIds", since, after, None, KEYS_PER_PAGE)
            yield from (value for one in page if name_of(one) == "objectId" and (value := value_of(one)))
            following = _after(page)
            if following is None:
                return
            after = advanced(after, following)

    def products(self, since: datetime | None, after: str | None, up_to: str | None, size: int) -> RecordPage:
        """See Plm; one request."""
        page, zone = self._call("GetProducts", since, after, up_to, size), self.zone()
        records = [record(one, zone) for one in page if name_of(one) == "product"]
        read = FIELDS | self.mapped()
        unread = sorted({name for one in records for name in one if name not in read})
        if unread:
            count("plm.sync.unread", len(unread))
            logger.warning("elements of products that nobody reads", names=unread[:20], connection=self.api.name)
        return RecordPage(tuple(records), _after(page))

    def _call(self, name: str, since: datetime | None, after: str | None, up_to: str | None, size: int) -> list[Any]:
        values = {**window(since, after, up_to), "size": size}
        return list(attempts(self.wait)(self._once, name, values))

    def _once(self, name: str, values: dict[str, Any]) -> Any:
        if self._soap is None:
            self._soap = Soap.of(self.api, self.outbound, self.api.token(self.now()))
        return self._soap.call(name, values, {}, self.api.token(self.now()))


def record(product: Any, zone: str) -> dict[str, Any]:
    """Return a record: what is absent is KEEP, nil None, empty ""; ``updatedAt`` as the hub writes it."""
    found: dict[str, Any] = {name_of(one): value_of(one) for one in product if name_of(one) != BOM_LINE}
    lines = [value_of(one) for one in product if name_of(one) == BOM_LINE]
    if lines:
        found[BOM_LINES] = lines
    if isinstance(found.get("updatedAt"), str):
        found["updatedAt"] = instant(found["updatedAt"], zone)
    return {**dict.fromkeys(OPTIONAL, KEEP), **found}


def _after(page: list[Any]) -> str | None:
    found = next((value_of(one) for one in page if name_of(one) == "after"), None)
    return found or None


@dataclass(frozen=True, slots=True)
class SoapPlms:
    """The ``Plms`` of ``syncs.repository`` for connections by SOAP; ``zone`` is of a tenant's connection."""

    connections: Connections
    outbound: Outbound
    zone: Callable[[str, str], str]
    wait: tenacity.wait.wait_base = field(default_factory=waits)
    mapped: Callable[[str, str], frozenset[str]] = lambda _, __: frozenset()

    def of(self, connection: str, tenant_id: str) -> SoapPlm:
        """See Plms."""
        api = self.connections.api(connection, tenant_id)
        zone, mapped = partial(self.zone, tenant_id, connection), partial(self.mapped, tenant_id, connection)
        return SoapPlm(api, self.outbound, zone, wait=self.wait, mapped=mapped)
