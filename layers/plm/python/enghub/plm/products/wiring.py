"""Builds the product catalogue from its ports, once per process."""

from functools import cache

from enghub.plm.products.dynamo import DynamoProducts
from enghub.plm.products.service import ProductCatalogue


@cache
def catalogue() -> ProductCatalogue:
    """Return the product mappings."""
    return ProductCatalogue(DynamoProducts())
