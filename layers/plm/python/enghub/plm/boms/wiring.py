"""Builds the BOMs from their ports, once per process."""

from functools import cache

from enghub.plm.boms.dynamo import DynamoBoms
from enghub.plm.boms.service import BomBook
from enghub.plm.setup.wiring import setup


@cache
def boms() -> BomBook:
    """Return the BOMs, with the units of each tenant."""
    return BomBook(DynamoBoms(), lambda tenant_id: setup().units(tenant_id).value)
