"""Versions, periods, designators, diff, and the identity of parts (PLM-01, PLM-02; PF4, PF6, PF8, PF10)."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enghub.plm.boms.designators import check_count, expanded
from enghub.plm.boms.diff import diff
from enghub.plm.boms.errors import DesignatorsRefused, LineTwice, PeriodRefused, VersionsOverlap
from enghub.plm.boms.model import Gap, Moment, Span, Versions
from enghub.plm.identities.errors import IdentitiesCollide, LookAlike
from enghub.plm.identities.model import IdentityRules, RevisionOrder, RevisionScheme
from tests.factories.boms import NOW, Shelf, a_bom

SHANGHAI = "Asia/Shanghai"


def span(version: str, first: str | None, end: str | None, known: datetime = NOW) -> Span:
    days = [date.fromisoformat(day) if day else None for day in (first, end)]
    return Span(version, known, days[0], days[1], SHANGHAI)


def versions(*spans: Span) -> Versions:
    made = Versions("acme", "P")
    for one in spans:
        made = made.having(one)
    return made


FIELD = (span("1", "2026-01-01", "2026-03-10"), span("2", "2026-03-10", "2026-05-30"), span("4", "2026-06-01", None))


@pytest.mark.parametrize(
    ("day", "version"),
    [
        *(("2025-12-31", None), ("2026-03-09", "1"), ("2026-03-10", "2"), ("2026-05-29", "2"), ("2026-05-30", None)),
        *(("2026-05-31", None), ("2026-06-01", "4"), ("2036-01-01", "4")),
    ],
)
def test_a_period_ends_before_its_last_day(day: str, version: str | None) -> None:
    assert versions(*FIELD).chosen(Moment(day=date.fromisoformat(day))) == version


def test_an_instant_is_a_day_of_the_product_s_own_zone() -> None:
    assert versions(*FIELD).chosen(Moment(at=datetime(2026, 3, 9, 23, 30, tzinfo=UTC))) == "2"
    assert versions(*FIELD).chosen(Moment(at=datetime(2026, 3, 9, 15, 59, tzinfo=UTC))) == "1"


def test_days_between_versions_are_named_and_an_overlap_is_refused() -> None:
    assert versions(*FIELD).gaps() == (Gap(date(2026, 5, 30), date(2026, 5, 31)),)
    with pytest.raises(VersionsOverlap, match=r"3 and 2 .* from 2026-05-20 to 2026-05-24"):
        versions(*FIELD, span("3", "2026-05-20", "2026-05-25"))
    with pytest.raises(PeriodRefused, match="effectiveTo"):
        a_bom("P", effective_from=date(2026, 3, 1), effective_to=date(2026, 3, 1)).check()


def test_an_open_end_ends_where_the_next_version_begins() -> None:
    found = versions(span("A", "2026-01-01", None), span("B", "2026-03-10", None))
    assert [found.chosen(Moment(day=date(2026, 3, day))) for day in (9, 10)] == ["A", "B"]


def test_without_dates_the_newest_revision_is_in_force() -> None:
    undated = [span(name, None, None) for name in ("AA", "Z", "B", "-")]
    assert versions(*undated).chosen(Moment(at=NOW)) == "AA"


def test_what_was_not_known_then_was_not_in_force() -> None:
    later = datetime(2026, 5, 20, tzinfo=UTC)
    found = versions(span("1", "2026-01-01", None), span("2", "2026-05-01", None, later))
    day = date(2026, 5, 10)
    assert found.chosen(Moment(day=day, known_at=datetime(2026, 5, 15, tzinfo=UTC))) == "1"
    assert found.chosen(Moment(day=day)) == "2"


def test_a_line_has_a_period_of_its_own() -> None:
    old, new = {"effective_to": date(2026, 3, 10)}, {"effective_from": date(2026, 3, 10)}
    bom = a_bom("A", ("R1", 1, old), ("R2", 1, new))
    needs = [Shelf(bom, moment=Moment(day=date(2026, 3, day))).needs("A") for day in (9, 10)]
    assert needs == [{"R1": "1"}, {"R2": "1"}]


@pytest.mark.parametrize("lines", [(("CAP", 3), ("CAP", 3)), (("CAP", 3, {"sequence": 20}), ("RES", 1))])
def test_the_very_same_line_twice_is_named(lines: tuple[tuple[object, ...], ...]) -> None:
    with pytest.raises(LineTwice, match=r"lines\.1"):
        a_bom("A", *lines).check()


def test_a_diff_names_what_came_went_and_moved() -> None:
    before = a_bom("A", ("R1", 1), ("R2", 2), ("R3", 3))
    after = a_bom("A", ("R1", 1), ("R9", 1), ("R3", 4, {"unit": "KPCS"}), ("R2", 2))
    found = [
        (change.before and change.before.component, change.after and change.after.component, change.fields)
        for change in diff(before, after)
    ]
    assert found == [(None, "R9", ()), ("R3", "R3", ("quantity", "unit")), ("R2", "R2", ("sequence",))]
    assert diff(before, before) == ()


# --- designators ---


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("R1-R4,R7", "R1 R2 R3 R4 R7"),
        ("C1 C2;C3, C4", "C1 C2 C3 C4"),
        ("J1-A,J1-B", "J1-A J1-B"),
        ("R3-R1", "R1 R2 R3"),
        ("R10, R2, R1", "R1 R2 R10"),
        ("R1 - R3", "R1 R2 R3"),
    ],
)
def test_designators_name_places(text: str, places: str) -> None:
    assert " ".join(expanded(text)) == places


@pytest.mark.parametrize(("text", "quantity", "problem"), [("R1-R4", 3, "4 places"), ("R1-C4", 4, "prefix")])
def test_designators_that_do_not_fit_are_refused(text: str, quantity: int, problem: str) -> None:
    with pytest.raises(DesignatorsRefused, match=problem):
        check_count(text, Decimal(quantity))


# --- identity and revisions ---

PLAIN = IdentityRules()


def test_numbers_stay_texts_and_width_and_blanks_are_folded() -> None:
    assert [PLAIN.part_number(raw, "f") for raw in ("00123", "123", "1E5", " AB-12 ", "ＡＢ－１２", "\u00a0AB-12")] == [
        *("00123", "123", "1E5", "AB-12", "AB-12", "AB-12"),
    ]
    assert PLAIN.part_number("4.7\u00b5F", "f") == PLAIN.part_number("4.7\u03bcF", "f")
    assert PLAIN.part_number("10\u338f", "f") == "10kg"


@pytest.mark.parametrize(("raw", "named"), [("AB\u221212", "MINUS SIGN"), ("AB-12\u200b", "ZERO WIDTH SPACE")])
def test_look_alikes_are_refused_by_name_or_mapped_by_rule(raw: str, named: str) -> None:
    with pytest.raises(LookAlike, match=named):
        PLAIN.part_number(raw, "partNumber")
    assert IdentityRules(map_look_alikes=True).part_number(raw, "f") == "AB-12"


def test_rules_fold_what_the_connection_folds_and_name_collisions() -> None:
    rules = IdentityRules(fold_case=True, fold_leading_zeros=True)
    assert rules.part_number(" 00ab-1 ", "f") == "AB-1"
    with pytest.raises(IdentitiesCollide, match="'00123', '123'"):
        rules.refuse_collisions(["00123", "123", "7"], "partNumber")
    PLAIN.refuse_collisions(["00123", "123"], "partNumber")


def test_revisions_sort_and_go_on_by_the_scheme() -> None:
    assert sorted(["B", "AA", "A", "Z", "AB", "-"], key=RevisionOrder.rank) == ["-", "A", "B", "Z", "AA", "AB"]
    letters = ("H", "N", "R", "W", "Y", "AY", "-")
    asme, plain = RevisionOrder(RevisionScheme.ASME_Y14_35), RevisionOrder()
    assert [asme.following(letter) for letter in letters] == ["J", "P", "T", "Y", "AA", "BA", "A"]
    assert [plain.following(letter) for letter in letters] == ["I", "O", "S", "X", "Z", "AZ", "A"]


@given(st.integers(0, 2000), st.sampled_from(list(RevisionScheme)))
def test_the_next_revision_is_always_later(steps: int, scheme: RevisionScheme) -> None:
    order, revision = RevisionOrder(scheme), "-"
    for _ in range(steps % 60 + 1):
        following = order.following(revision)
        assert order.rank(revision) < order.rank(following)
        revision = following
