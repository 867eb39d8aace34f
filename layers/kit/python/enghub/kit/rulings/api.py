"""Which rule decided, on the wire."""

from typing import Self

from enghub.core import wire
from enghub.kit.rulings.model import DecidedBy


class DecidedByResponse(wire.Response):
    """The version of the rule that decided; ``problem``: why it could not, so that what is built in counts."""

    rule: str
    version: int
    problem: str

    @classmethod
    def of(cls, one: DecidedBy) -> Self:
        """Return the answer for a decision."""
        return cls(rule=one.rule, version=one.version, problem=one.problem)
