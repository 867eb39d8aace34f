"""What the others are compared with: an empty handler, and a Powertools resolver with one validated route."""

from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from pydantic import BaseModel


def empty_handler(_: dict[str, Any], __: Any) -> dict[str, Any]:
    """Answer at once."""
    return {"statusCode": 204}


class Item(BaseModel):
    """One validated body."""

    name: str
    quantity: int


_app = APIGatewayRestResolver(enable_validation=True)


@_app.post("/items")
def _create(item: Item) -> Item:
    return item


def powertools_route(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Validate one body and answer it."""
    return _app.resolve(event, context)
