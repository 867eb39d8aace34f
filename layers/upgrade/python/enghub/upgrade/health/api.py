"""Health on the wire."""

from collections.abc import Iterable

from enghub.core import wire
from enghub.upgrade.health.errors import DependencyDown
from enghub.upgrade.health.service import Finding


class DependencyResponse(wire.Response):
    """One dependency."""

    name: str
    healthy: bool
    detail: str
    milliseconds: int


class HealthResponse(wire.Response):
    """Every dependency, all of them healthy."""

    dependencies: tuple[DependencyResponse, ...]

    @classmethod
    def of(cls, findings: Iterable[Finding]) -> "HealthResponse":
        """Return the answer for what was found.

        Raises:
            DependencyDown: not all is well; its details are those of this answer.
        """
        shown = tuple(
            DependencyResponse(name=f.name, healthy=f.healthy, detail=f.detail, milliseconds=f.milliseconds)
            for f in findings
        )
        down = ", ".join(f"{one.name} ({one.detail})" for one in shown if not one.healthy)
        if down:
            raise DependencyDown(down=down, dependencies=[one.model_dump(by_alias=True) for one in shown])
        return cls(dependencies=shown)
