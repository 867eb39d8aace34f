"""Routings on the wire."""

from decimal import Decimal
from typing import Annotated, Self

from pydantic import Field

from enghub.core import wire
from enghub.core.commits import Kept
from enghub.mes.factories import Factory
from enghub.mes.masters.repository import MasterPage
from enghub.mes.routings.model import Operation, Routing


class OperationPart(wire.Request):
    """One operation; times in seconds."""

    operation: wire.Code
    name: Annotated[str, Field(max_length=200)] = ""
    work_centre_id: wire.Code | None = None
    standard_seconds: Annotated[wire.Quantity, Field(gt=0)] | None = None
    setup_seconds: wire.Quantity = Decimal(0)

    def to_operation(self) -> Operation:
        """Return the operation."""
        return Operation(self.operation, self.name, self.work_centre_id, self.standard_seconds, self.setup_seconds)


class PutRoutingRequest(wire.Request):
    """A routing; storing makes a new version. Operations in the order in which they are done."""

    name: wire.ShortText
    operations: Annotated[tuple[OperationPart, ...], Field(min_length=1, max_length=50)]
    product_id: wire.Code | None = None
    in_sequence: wire.Flag = True
    version: Annotated[wire.Count, Field(ge=1)] | None = None

    def to_routing(self, factory: Factory, routing_id: str) -> Routing:
        """Return the routing."""
        operations = tuple(one.to_operation() for one in self.operations)
        return Routing(factory, routing_id, self.name, operations, self.product_id, self.in_sequence)


class OperationResponse(wire.Response):
    """One operation."""

    operation: str
    name: str
    work_centre_id: str | None
    standard_seconds: wire.Total | None
    setup_seconds: wire.Total

    @classmethod
    def of(cls, one: Operation) -> Self:
        """Return the answer for an operation."""
        return cls(
            operation=one.operation,
            name=one.name,
            work_centre_id=one.work_centre_id,
            standard_seconds=one.standard_seconds,
            setup_seconds=one.setup_seconds,
        )


class RoutingResponse(wire.Response):
    """A routing in one version."""

    routing_id: str
    name: str
    product_id: str | None
    in_sequence: bool
    operations: tuple[OperationResponse, ...]
    version: int

    @classmethod
    def of(cls, kept: Kept[Routing]) -> Self:
        """Return the answer for a routing."""
        routing = kept.value
        return cls(
            routing_id=routing.routing_id,
            name=routing.name,
            product_id=routing.product_id,
            in_sequence=routing.in_sequence,
            operations=tuple(map(OperationResponse.of, routing.operations)),
            version=kept.revision,
        )


class RoutingPage(wire.Response):
    """One page of routings."""

    items: tuple[RoutingResponse, ...]
    cursor: str | None

    @classmethod
    def of(cls, page: MasterPage[Routing]) -> Self:
        """Return the answer for a page."""
        return cls(items=tuple(map(RoutingResponse.of, page.items)), cursor=page.cursor)
