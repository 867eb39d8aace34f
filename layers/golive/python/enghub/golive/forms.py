"""What several areas of go-live have in their paths and bodies."""

from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any, TypeVar

from aws_lambda_powertools.event_handler.openapi.params import Path
from pydantic import BeforeValidator, Field

from enghub.core import wire
from enghub.core.dynamo import Page
from enghub.core.i18n import Text

T = TypeVar("T")
R = TypeVar("R")
BASE = "/api/v1/golive"
GO_LIVES = f"{BASE}/go-lives"
MEASURE = Text("a number", "数值")


def _measured(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise wire.Unfit(MEASURE)
    return value


Id = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")]
GoLiveId = Annotated[Id, Path()]
ItemId = Annotated[Id, Path()]
WindowId = Annotated[Id, Path()]
Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", max_length=64)]
Measured = Annotated[
    Decimal,
    Field(max_digits=30, decimal_places=10, allow_inf_nan=False),
    BeforeValidator(_measured),
    Field(json_schema_extra=wire.shown_as(type="number", description="at most 20 digits and 10 decimals")),
]
Reason = Annotated[str, Field(min_length=3, max_length=1000)]


def paged(page: Page[T], of: Callable[[T], R]) -> dict[str, Any]:
    """Return the members of a page's answer."""
    return {"items": tuple(map(of, page.items)), "cursor": page.cursor}
