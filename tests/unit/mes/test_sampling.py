"""ISO 2859-1 single sampling and switching (MES-09)."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enghub.mes.inspections.model import planned
from enghub.mes.inspections.sampling import AQLS, LETTERS, Level, Plan, Severity, code_letter, plan_of_letter, tighter
from enghub.mes.inspections.switching import Scheme, tighter_accepts
from tests.factories.mes import FACTORY

D = Decimal
CELLS = [line.split() for line in Path(__file__).with_name("iso2859_cells.txt").read_text("utf-8").splitlines()]
REDUCED_RUN = [1, 1, 1, 2, 3, 5, 6, 8]
Z14_DIFFERS = {("TIGHTENED", "A", D(10))}
"""MIL-STD-105E and Z1.4 point down there; ISO 2859-1:1999 (GB/T 2828.1-2012) has n 2, Ac 0 (docs/decisions/0076)."""


@pytest.mark.parametrize("row", [row for row in CELLS if row[0] != "REDUCED"], ids=lambda row: f"{row[0]}-{row[1]}")
def test_every_cell_of_normal_and_tightened(row: list[str]) -> None:
    severity, letter, *cells = row
    for aql, cell in zip(AQLS, cells, strict=True):
        if (severity, letter, aql) not in Z14_DIFFERS:
            plan = plan_of_letter(Severity(severity), letter, aql)
            assert f"{plan.size}/{plan.accept}" == cell, aql
    assert plan_of_letter(Severity.TIGHTENED, "A", D(10)) == Plan("A", 2, 0)


@pytest.mark.parametrize("row", [row for row in CELLS if row[0] == "REDUCED"], ids=lambda row: row[1])
def test_every_cell_of_reduced(row: list[str]) -> None:
    """Letters as printed; numbers: zeros, a run of eight, then what the arrows of the column lead to."""
    letter, printed = row[1], row[2]
    plans = [plan_of_letter(Severity.REDUCED, letter, aql) for aql in AQLS]
    assert "".join(plan.letter for plan in plans) == printed
    zeros = sum(plan.accept == 0 for plan in plans)
    numbers = [plan.accept for plan in plans][zeros:]
    assert zeros == {"A": 15, "R": 3, "Q": 3}.get(letter, 16 - LETTERS.index(letter))
    if letter in "AB":
        assert numbers == [1, 1, 1, 2, 3, 5, 7, 10, 14, 21, 30]
    elif letter == "R":
        assert numbers[:7] == [*REDUCED_RUN[2:], 10]
    elif letter == "Q":
        assert numbers[:8] == [*REDUCED_RUN[1:], 10]
    else:
        assert numbers[:9] == [*REDUCED_RUN, 10]
        assert numbers[-1] == 30
    assert all(plan.reject == plan.accept + 1 for plan in plans)


def test_code_letters() -> None:
    found = {lot: "".join(code_letter(lot, level) for level in Level) for lot in (2, 8, 9, 90, 91, 500, 1201, 500_001)}
    assert found[2] == found[8] == "AAAAAAB"
    assert found[9] == "AAAAABC"
    assert found[90] == "BBCCCEF"
    assert found[91] == "BBCDDFG"
    assert found[500] == "BCDEFHJ"
    assert found[1201] == "CDEGHKL"
    assert found[500_001] == "DEHKNQR"


@pytest.mark.parametrize(
    ("lot", "aql", "size", "accept"),
    [(300, "0.65", 80, 1), (200, "0.65", 20, 0), (30, "0.15", 30, 0), (280, "1.0", 50, 1), (1, "1.0", 1, 0)],
)
def test_arrows_move_size_and_numbers_and_no_sample_exceeds_its_lot(lot: int, aql: str, size: int, accept: int) -> None:
    """MF14, and a member of its kind."""
    plan = planned(Severity.NORMAL, lot, Level.II, D(aql))
    assert (plan.size, plan.accept) == (size, accept)


@given(st.integers(2, 10**7), st.sampled_from(Level), st.sampled_from(AQLS), st.sampled_from(Severity))
def test_a_plan_fits_its_lot_and_a_looser_aql_never_accepts_a_smaller_share(
    lot: int, level: Level, aql: Decimal, severity: Severity
) -> None:
    plan = planned(severity, lot, level, aql)
    assert 1 <= plan.size <= lot
    smaller = tighter(aql)
    if smaller is not None:
        before = planned(severity, lot, level, smaller)
        assert plan.accept > before.accept or plan.size <= before.size


# --- switching -------------------------------------------------------------------------------------------------------


def a_scheme(severity: Severity = Severity.NORMAL) -> Scheme:
    return Scheme(FACTORY, "IQC", "MAT-1", "SUP-1", severity)


def test_the_switching_score() -> None:
    """MF15 a: J at AQL 1.0; a lot that passes at 1.0 and not at 0.65 starts again from 0."""
    plan = plan_of_letter(Severity.NORMAL, "J", D("1.0"))
    scheme, scores, switches = a_scheme(), [], []
    for defectives in (0, 1, 2, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0):
        before = scheme.score
        scheme, why = scheme.decided(defectives <= plan.accept, tighter_accepts(plan, defectives, D("1.0")))
        scores.append(30 if why else scheme.score)
        switches.append(why)
        assert why or scheme.score in {0, before + 3}
    assert scores == [3, 6, 0, 3, 6, 9, 12, 15, 18, 21, 24, 27, 30]
    assert scheme.severity is Severity.REDUCED
    assert "9.3.3.1" in switches[-1]


def test_small_acceptance_numbers_score_two_and_reduction_may_be_unwanted() -> None:
    plan = plan_of_letter(Severity.NORMAL, "G", D("0.65"))
    scheme = replace(a_scheme(), may_reduce=False)
    for count in range(1, 17):
        scheme, why = scheme.decided(accepted=True, tighter_accepts=tighter_accepts(plan, 0, D("0.65")))
        assert (scheme.score, why) == (2 * count, "")
    assert scheme.severity is Severity.NORMAL


@pytest.mark.parametrize(
    ("lots", "tightened_after"),
    [("ARAAAR", 6), ("ARAAAAR", None), ("ARAAR", 5), ("RR", 2), ("RAAAAR", None), ("RAAAR", 5), ("AARARA", 5)],
)
def test_two_of_five_lots(lots: str, tightened_after: int | None) -> None:
    """MF15 b: with lot 6 rejected the window holds lots 2 to 6; resubmitted lots never come here."""
    scheme, when = a_scheme(), None
    for number, lot in enumerate(lots, start=1):
        scheme, why = scheme.decided(lot == "A", None)
        if why and when is None:
            when = number
    assert when == tightened_after


def test_from_tightened_back_or_out() -> None:
    scheme = a_scheme(Severity.TIGHTENED)
    for lot in "ARAAAA":
        scheme, _ = scheme.decided(lot == "A", None)
    assert scheme.severity is Severity.TIGHTENED
    scheme, why = scheme.decided(accepted=True, tighter_accepts=None)
    assert (scheme.severity, scheme.score) == (Severity.NORMAL, 0)
    assert "9.3.2" in why
    scheme = a_scheme(Severity.TIGHTENED)
    for lot in "RARARARAR":
        scheme, why = scheme.decided(lot == "A", None)
    assert scheme.discontinued
    assert "9.4" in why
    again = scheme.resumed()
    assert (again.discontinued, again.severity, again.rejected_while_tightened) == (False, Severity.TIGHTENED, 0)


def test_one_rejected_lot_ends_reduced_inspection() -> None:
    scheme, why = a_scheme(Severity.REDUCED).decided(accepted=True, tighter_accepts=None)
    assert (scheme.severity, why) == (Severity.REDUCED, "")
    scheme, why = scheme.decided(accepted=False, tighter_accepts=None)
    assert (scheme.severity, scheme.recent) == (Severity.NORMAL, ())
    assert "9.3.4" in why
