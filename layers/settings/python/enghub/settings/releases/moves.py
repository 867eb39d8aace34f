"""What people do with a gray release that opens its flag further, and so may need an approval (CFG-08, CFG-10)."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from enghub.core.claims import Claim
from enghub.core.commits import Kept
from enghub.core.identity import Origin
from enghub.settings.approvals.model import ChangeRequest
from enghub.settings.releases.model import GrayRelease, Measurement, Plan


class Move(StrEnum):
    """What opens a flag further, and so may need an approval."""

    START = "start"
    RESUME = "resume"
    PLAN = "strategy"


DONE = {Move.START: "started", Move.RESUME: "resumed", Move.PLAN: "planned"}


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks for a move, why, under which key, and whether it has to be now."""

    origin: Origin
    reason: str = ""
    claim: Claim | None = None
    break_glass: bool = False


@dataclass(frozen=True, slots=True)
class Approved:
    """By which request a move was agreed to, by whom, and the writes that close it."""

    change_request: str = ""
    approved_by: tuple[str, ...] = ()
    alongside: tuple[Any, ...] = ()


UNASKED = Approved()


class Gate(Protocol):
    """What stands between a move and its making: rules of approval."""

    def passes(
        self,
        move: Move,
        before: Kept[GrayRelease],
        plan: Plan,
        *,
        origin: Origin,
        reason: str,
        claim: Claim | None,
        break_glass: bool,
    ) -> ChangeRequest | Sequence[Any]:
        """Return the request in which the move now waits, or the writes that belong to its transaction."""


class Unmeasured:
    """The metrics of who only changes releases."""

    def measure(self, _: GrayRelease, __: tuple[str, str], ___: int) -> Measurement:
        """Say that nothing is measured here."""
        return Measurement(failure="nothing is measured here")
