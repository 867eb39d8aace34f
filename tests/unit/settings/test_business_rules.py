"""A rule is proved when its tests pass and reach every row: no more, no less (CFG-15)."""

from hypothesis import given
from hypothesis import strategies as st

from enghub.kit.expressions.tables import CompiledTable, HitPolicy, Row, Table
from enghub.settings.business_rules.model import RuleTest, proved

SIZES = st.integers(1, 12)


def table_of(size: int, policy: HitPolicy = HitPolicy.UNIQUE) -> CompiledTable:
    """A table whose row n fits the number n alone, and answers it doubled."""
    rows = tuple(Row({"n": str(n)}, {"twice": "n * 2"}) for n in range(1, size + 1))
    return CompiledTable.of(Table("numbers", ("n",), ("twice",), rows, policy))


def a_test(n: int, *twice: int) -> RuleTest:
    return RuleTest(f"n is {n}", {"n": n}, tuple({"twice": one} for one in twice))


@given(SIZES, st.data())
def test_rows_that_no_test_reaches_are_named_and_only_these(size: int, data: st.DataObject) -> None:
    reached = data.draw(st.sets(st.integers(1, size)))
    proof = proved(table_of(size), [a_test(n, 2 * n) for n in reached])
    assert not proof.failed
    assert set(proof.never_reached) == set(range(1, size + 1)) - reached
    assert proof.is_whole is (len(reached) == size)


@given(SIZES, st.data())
def test_a_wrong_expectation_fails_although_its_row_is_reached(size: int, data: st.DataObject) -> None:
    wrong = data.draw(st.integers(1, size))
    tests = [a_test(n, 2 * n + (n == wrong)) for n in range(1, size + 1)]
    proof = proved(table_of(size), tests)
    assert [one.test.inputs["n"] for one in proof.failed] == [wrong]
    assert proof.never_reached == ()
    assert not proof.is_whole


def test_that_no_row_fits_can_be_expected_of_every_policy() -> None:
    for policy in HitPolicy:
        proof = proved(table_of(1, policy), [a_test(1, 2), a_test(7)])
        assert proof.is_whole, policy
        assert not proved(table_of(1, policy), [a_test(1)]).is_whole
