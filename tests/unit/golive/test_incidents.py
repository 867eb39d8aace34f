"""Severities, clocks, paging, timelines, figures (OPS-10, OPS-12, OPS-20); golive-field GF7, GF11."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from enghub.golive.incidents.model import Incident, IncidentState, Period, broken_at, clocks_of, entry
from enghub.golive.incidents.paging import OnCall, advance
from enghub.golive.incidents.statistics import statistics
from enghub.golive.incidents.targets import Facts, IncidentSeverity, proposed
from enghub.golive.policies.model import Policy, Step, Target, TargetKind
from tests.factories.golive import shanghai

DAY = datetime(2026, 11, 30, tzinfo=UTC)


def at(text: str) -> datetime:
    hour, minute = text.split(":")
    return DAY + timedelta(hours=int(hour), minutes=int(minute))


def an_incident(
    severity: IncidentSeverity = IncidentSeverity.P1, policy: Policy | None = None, **changed: object
) -> Incident:
    made = Incident(
        "acme", "01I", "erp", "down", severity, IncidentState.OPEN, DAY, "ana", policy=policy, periods=(Period(DAY),)
    )
    return replace(made, **changed)  # type: ignore[arg-type]


def a_policy(*steps: str, repeat: int = 0, fallback: tuple[str, ...] = ()) -> Policy:
    made = tuple(Step((Target(TargetKind.USER, who),) if who else (), 15) for who in steps)
    return Policy("acme", "p", "P", made, repeat, fallback)


def themselves(target: Target, _: datetime, __: str) -> tuple[str, ...]:
    return (target.target_id,)


@pytest.mark.parametrize(
    ("facts", "severity"),
    [
        (Facts(is_down=True), IncidentSeverity.P0),
        (Facts(has_data_loss=True, users_affected_percent=Decimal(1)), IncidentSeverity.P0),
        (Facts(users_affected_percent=Decimal("30.01")), IncidentSeverity.P1),
        (Facts(users_affected_percent=Decimal(30)), IncidentSeverity.P2),
        (Facts(response_seconds=Decimal("5.1")), IncidentSeverity.P1),
        (Facts(response_seconds=Decimal(5)), IncidentSeverity.P3),
        (Facts(is_core_function=False), IncidentSeverity.P2),
        (Facts(), IncidentSeverity.P3),
    ],
)
def test_criteria_propose_the_severity(facts: Facts, severity: IncidentSeverity) -> None:
    assert proposed(facts) is severity


def test_clocks_of_p0_and_p1_run_round_the_clock_p2_and_p3_in_working_time() -> None:
    friday = datetime(2026, 2, 13, 9, 0, tzinfo=UTC)  # 17:00 in Shanghai
    found = {
        severity: {c.name: c.due - friday for c in clocks_of(severity, friday, shanghai())}
        for severity in IncidentSeverity
    }
    minutes = {
        severity: {name: int(due.total_seconds() // 60) for name, due in clocks.items()}
        for severity, clocks in found.items()
    }
    assert minutes[IncidentSeverity.P0] == {"respond": 5, "meeting": 5, "update": 15, "resolve": 60}
    assert minutes[IncidentSeverity.P1] == {"respond": 30, "diagnosis": 30, "workaround": 60, "resolve": 240}
    assert minutes[IncidentSeverity.P2] == {"respond": 17 * 60, "resolve": 24 * 60}
    assert set(minutes[IncidentSeverity.P3]) == {"respond"}


def test_an_empty_step_does_not_wait_and_never_spins() -> None:
    incident = an_incident(policy=a_policy("", "bo", "", repeat=1))
    first = advance(incident, DAY, DAY, themselves)
    assert (first.page and first.page.users, first.empty, first.again) == (("bo",), (1,), DAY + timedelta(minutes=15))
    second = advance(first.incident, DAY + timedelta(minutes=15), DAY + timedelta(minutes=15, seconds=3), themselves)
    assert (second.page and second.page.users, second.empty) == (("bo",), (3, 1))
    assert second.again == DAY + timedelta(minutes=30), "late wake-ups do not add up"
    third = advance(second.incident, DAY, DAY, themselves)
    assert (third.page, third.exhausted) == (None, True)


def test_nobody_at_all_pages_the_fall_back_and_says_so() -> None:
    found = advance(an_incident(policy=a_policy("", "", fallback=("lead",))), DAY, DAY, themselves)
    assert (found.page and found.page.users, found.exhausted, found.again) == (("lead",), True, None)


def test_p0_pages_everybody_at_once() -> None:
    found = advance(
        an_incident(IncidentSeverity.P0, a_policy("ana", "bo", "", fallback=("lead",))), DAY, DAY, themselves
    )
    assert found.page is not None
    assert found.page.users == ("ana", "bo", "lead")


def test_who_acknowledged_is_not_paged_past() -> None:
    on_call: OnCall = themselves
    acknowledged = an_incident(policy=a_policy("ana", "bo"), state=IncidentState.ACKNOWLEDGED)
    assert advance(acknowledged, DAY, DAY, on_call).page is None


def test_a_timeline_shows_what_was_changed_in_it() -> None:
    incident, entries = an_incident(), []
    for number in range(4):
        made = entry(incident, "note", {"text": f"n{number}"}, "ana", DAY)
        entries.append(made)
        incident = replace(incident, entries=made.number, head=made.hash)
    assert broken_at(tuple(entries)) is None
    assert broken_at(tuple(entries[:1] + entries[2:])) == 2
    assert broken_at((entries[0], replace(entries[1], data={"text": "x"}), *entries[2:])) == 2


def test_means_say_what_they_leave_out() -> None:
    """GF11: no acknowledgement is no zero, one after the end counts nothing, quiet hours are not broken ones."""

    def one(start: str, acknowledged: str, *periods: tuple[str, str]) -> Incident:
        made = tuple(Period(at(begin), at(end) if end else None) for begin, end in periods)
        state = IncidentState.RESOLVED if periods[-1][1] else IncidentState.OPEN
        return an_incident(
            opened_at=at(start), acknowledged_at=at(acknowledged) if acknowledged else None, periods=made, state=state
        )

    found = statistics(
        [
            one("10:00", "10:02", ("10:00", "10:30")),
            one("11:00", "", ("11:00", "11:03")),
            one("12:00", "12:25", ("12:00", "12:20")),
            one("13:00", "13:04", ("13:00", "14:00"), ("16:00", "16:30")),
            one("15:00", "15:10", ("15:00", "")),
        ]
    )
    assert (found.mtta, found.acknowledged, found.without_acknowledgement) == (timedelta(minutes=5, seconds=20), 3, 2)
    assert (found.mttr, found.resolved, found.open) == (timedelta(minutes=35, seconds=45), 4, 1)
    assert statistics([]).mtta is None
