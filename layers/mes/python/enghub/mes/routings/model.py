"""Routings (MES-06): operations, work centres and standard times of a product; a version never changes."""

from dataclasses import dataclass
from decimal import Decimal

from enghub.mes.factories import Factory
from enghub.mes.routings.errors import OperationTwice


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation; standard time per piece and set-up time per order in seconds."""

    operation: str
    name: str = ""
    work_centre_id: str | None = None
    standard_seconds: Decimal | None = None
    setup_seconds: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Routing:
    """A routing as it is in one version; ``in_sequence``: an operation makes only what the one before passed on."""

    factory: Factory
    routing_id: str
    name: str
    operations: tuple[Operation, ...]
    product_id: str | None = None
    in_sequence: bool = True
    is_deleted: bool = False

    def check(self) -> None:
        """Demand that every operation is there once.

        Raises:
            OperationTwice
        """
        seen: set[str] = set()
        for one in self.operations:
            if one.operation in seen:
                raise OperationTwice(field="operations", operation=one.operation)
            seen.add(one.operation)
