"""Production part approval: 18 elements, levels with their submit / retain matrix, interim approvals (PLM-14, PLM-15).

Source: AIAG PPAP manual, fourth edition; the edition is in the data, for older lists number the elements otherwise.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from enghub.plm.ppaps.errors import (
    CustomerListMissing,
    InterimUnbounded,
    PpapNotReady,
    PpapStatusRefused,
    ReasonMissing,
)
from enghub.plm.pushes.model import PlmSync, Push

EDITION = "AIAG PPAP, 4th edition"
ELEMENTS: Mapping[int, tuple[str, str]] = {
    1: ("Design records", "RSS*R"),
    2: ("Engineering change documents", "RSS*R"),
    3: ("Customer engineering approval", "RRS*R"),
    4: ("Design FMEA", "RRS*R"),
    5: ("Process flow diagrams", "RRS*R"),
    6: ("Process FMEA", "RRS*R"),
    7: ("Control plan", "RRS*R"),
    8: ("Measurement system analysis studies", "RRS*R"),
    9: ("Dimensional results", "RSS*R"),
    10: ("Material and performance test results", "RSS*R"),
    11: ("Initial process studies", "RRS*R"),
    12: ("Qualified laboratory documentation", "RSS*R"),
    13: ("Appearance approval report", "SSS*R"),
    14: ("Sample production parts", "RSS*R"),
    15: ("Master sample", "RRR*R"),
    16: ("Checking aids", "RRR*R"),
    17: ("Customer-specific requirements", "RRS*R"),
    18: ("Part submission warrant", "SSSSR"),
}
"""Element to its name and what levels 1 to 5 do with it: S submit, R retain, * as the customer says."""
CUSTOMER_LEVEL = 4


class ElementStatus(StrEnum):
    """Where an element stands."""

    NOT_READY = "NOT_READY"
    READY = "READY"
    NOT_APPLICABLE = "NOT_APPLICABLE"


class PpapStatus(StrEnum):
    """Where a PPAP stands; INTERIM_ENDED follows from date and pieces, it is never stored."""

    PREPARING = "PREPARING"
    SUBMITTED = "SUBMITTED"
    APPROVED = "APPROVED"
    INTERIM = "INTERIM"
    INTERIM_ENDED = "INTERIM_ENDED"
    REJECTED = "REJECTED"


@dataclass(frozen=True, slots=True)
class Element:
    """One of the 18; ``document`` is where it lies, ``reason`` why it does not apply."""

    number: int
    status: ElementStatus = ElementStatus.NOT_READY
    document: str = ""
    reason: str = ""
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PpapApproval:
    """What the customer said; an interim one ends after the day ``until`` or with ``pieces``, whichever is first."""

    status: PpapStatus
    approved_on: date
    approver: str
    comments: str = ""
    customer_feedback: str = ""
    until: date | None = None
    pieces: int | None = None


@dataclass(frozen=True, slots=True)
class Ppap:
    """A part's submission for a project."""

    tenant_id: str
    ppap_id: str
    project_code: str
    product_code: str
    level: int
    created_at: datetime
    connection: str = "default"
    edition: str = EDITION
    customer_elements: tuple[int, ...] = ()
    elements: tuple[Element, ...] = tuple(Element(number) for number in ELEMENTS)
    status: PpapStatus = PpapStatus.PREPARING
    submissions: int = 0
    approval: PpapApproval | None = None
    shipped: int = 0
    """Pieces shipped since the interim approval."""
    push: Push | None = None
    reopened_by: tuple[str, ...] = ()
    """Changes that reopened elements."""

    def __post_init__(self) -> None:
        if self.level == CUSTOMER_LEVEL and not self.customer_elements:
            raise CustomerListMissing(field="customerElements")

    def duty(self, number: int) -> str:
        """Return S or R: whether the level submits an element or retains it; the warrant of level 4 always goes."""
        duty = ELEMENTS[number][1][self.level - 1]
        if duty == "*":
            return "S" if number in self.customer_elements else "R"
        return duty

    @property
    def missing(self) -> tuple[int, ...]:
        """The elements that are neither ready nor said not to apply; what is retained must exist too."""
        return tuple(one.number for one in self.elements if one.status is ElementStatus.NOT_READY)

    def status_on(self, day: date) -> PpapStatus:
        """Return where it stands on a day: an interim approval may have ended."""
        found = self.approval
        if self.status is not PpapStatus.INTERIM or found is None:
            return self.status
        is_over = (found.until is not None and day > found.until) or (
            found.pieces is not None and self.shipped >= found.pieces
        )
        return PpapStatus.INTERIM_ENDED if is_over else PpapStatus.INTERIM

    def with_element(self, element: Element) -> "Ppap":
        """Return it with one element as it is now; an approval of what changed is over.

        Raises:
            ReasonMissing: it does not apply, and nothing says why.
        """
        if element.status is ElementStatus.NOT_APPLICABLE and not element.reason.strip():
            raise ReasonMissing(field="reason")
        elements = tuple(element if one.number == element.number else one for one in self.elements)
        return replace(self, elements=elements)

    def submitted(self) -> "Ppap":
        """Return it submitted.

        Raises:
            PpapStatusRefused: it is submitted or approved.
            PpapNotReady: elements are missing.
        """
        self._demand(PpapStatus.PREPARING, PpapStatus.REJECTED, PpapStatus.INTERIM)
        if self.missing:
            raise PpapNotReady(ppap_id=self.ppap_id, missing=", ".join(map(str, self.missing)))
        return replace(self, status=PpapStatus.SUBMITTED, submissions=self.submissions + 1)

    def decided(self, approval: PpapApproval, push_id: str, at: datetime) -> "Ppap":
        """Return it as the customer decided, the answer on its way to the PLM.

        Raises:
            PpapStatusRefused: it is not submitted.
            InterimUnbounded: an interim approval says no end.
        """
        self._demand(PpapStatus.SUBMITTED)
        if approval.status is PpapStatus.INTERIM and approval.until is None and approval.pieces is None:
            raise InterimUnbounded(field="until")
        push = Push(push_id, PlmSync.PENDING, due=at)
        return replace(self, status=approval.status, approval=approval, shipped=0, push=push)

    def reopened(self, ecn_number: str, numbers: Sequence[int], at: datetime) -> "Ppap":
        """Return it with the elements that a change touches to be done again; the same change again does nothing."""
        if ecn_number in self.reopened_by or not numbers:
            return self
        again = tuple(
            replace(one, status=ElementStatus.NOT_READY, reason="", changed_at=at) if one.number in numbers else one
            for one in self.elements
        )
        return replace(
            self, elements=again, status=PpapStatus.PREPARING, reopened_by=(*self.reopened_by, ecn_number)[-100:]
        )

    def _demand(self, *wanted: PpapStatus) -> None:
        if self.status not in wanted:
            raise PpapStatusRefused(ppap_id=self.ppap_id, status=self.status.value, wanted=" / ".join(wanted))


TOUCHED: Mapping[str, tuple[int, ...]] = {
    "MATERIAL": (1, 2, 4, 6, 7, 9, 10, 11, 18),
    "METHOD": (2, 5, 6, 7, 8, 9, 11, 18),
    "MACHINE": (5, 6, 7, 8, 9, 11, 18),
    "MAN": (6, 7, 10, 12, 18),
    "ENVIRONMENT": (5, 6, 7, 9, 11, 18),
}
"""Change point type to the elements that have to be done again."""
