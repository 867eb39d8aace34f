"""Builds the suppliers' door, once per process; how often it may be knocked at."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from enghub.core import config, limits
from enghub.core.calls import origin_of
from enghub.core.clock import system_clock
from enghub.core.identity import Origin, Principal
from enghub.plm.gateways.documents import documents
from enghub.plm.gateways.ppaps import ppaps
from enghub.plm.supplier_links.dynamo import DynamoSupplierLinks
from enghub.plm.supplier_links.model import SupplierLink
from enghub.plm.supplier_links.service import SupplierDoor


@dataclass(frozen=True, slots=True)
class PublicConfig:
    """Where people reach the API, for links; empty: links begin with their path."""

    public_url: str = ""


def public_url() -> str:
    """Return where people reach the API."""
    found: PublicConfig = config.load(PublicConfig)
    return found.public_url


def slowed(event: Mapping[str, Any], kind: str) -> None:
    """Count a knock by its address, before any token is looked at; raises RateLimited."""
    origin = origin_of(event, "-", "", "-")
    address = f"-{origin.source_ip}"  # a bucket for each: no stranger uses up another's
    limits.take(Principal("-", address, (), (), frozenset(), origin.at), kind)


def origin_by(event: Mapping[str, Any], link: SupplierLink) -> Origin:
    """Return who acts by a link, and from where."""
    return origin_of(event, link.tenant_id, "", link.name)


@cache
def door() -> SupplierDoor:
    """Return the suppliers' door."""
    read = ppaps()
    return SupplierDoor(DynamoSupplierLinks(), documents(), lambda *name: read.get(*name).value, system_clock)
