"""Builds the mapping rules from their ports, once per process."""

from functools import cache, lru_cache

from enghub.plm.mappings.applying import CompiledMapping
from enghub.plm.mappings.dynamo import DynamoMappings, DynamoSourceRecords
from enghub.plm.mappings.model import MappingKind
from enghub.plm.mappings.service import Mappings
from enghub.plm.setup.wiring import setup


@cache
def mappings() -> Mappings:
    """Return the mapping rules of all connections."""
    rules = lambda tenant_id, name: setup().rules(tenant_id, name).value  # noqa: E731
    return Mappings(DynamoMappings(), DynamoSourceRecords(), rules)


@lru_cache(maxsize=100)
def compiled(tenant_id: str, connection: str, kind: MappingKind, version: int) -> CompiledMapping:
    """Return a version ready to run; it never changes, so each is compiled once per process.

    Raises:
        MappingNotFound
    """
    return mappings().compiled(tenant_id, connection, kind, version)
