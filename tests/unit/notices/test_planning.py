"""Who hears what, by which way, when (CFG-17, OPS-12)."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enghub.core.notices import NoticeRequested, Severity
from enghub.notices.channels.model import Kind
from enghub.notices.contacts.model import Quiet, next_at
from enghub.notices.deliveries.model import Delivery, State
from enghub.notices.deliveries.planning import MAX_RECIPIENTS, Settings, digest_of, planned
from enghub.notices.languages import Reads
from enghub.notices.rules.model import Digest
from tests.factories.notices import (
    BERLIN,
    NIGHT,
    NOW,
    SHANGHAI,
    a_channel,
    a_notice,
    a_rule,
    ada,
    bob,
    hook_at,
    mail_to,
    requested,
)


def plan(
    asked: NoticeRequested | None = None, now: datetime = NOW, factory: str = "", **settings: Any
) -> tuple[Delivery, ...]:
    asked = asked or requested()
    channels = {channel.channel_id: channel for channel in settings.pop("channels", ())}
    return planned(a_notice(asked, factory_id=factory), asked, Settings("acme", channels=channels, **settings), now)


def told(deliveries: tuple[Delivery, ...]) -> list[str]:
    return [made.address or made.channel_id for made in deliveries]


# --- who -------------------------------------------------------------------------------------------------------------


def test_whom_the_publisher_names_hear_without_any_rule_each_once() -> None:
    asked = requested(addresses=(*mail_to("a@x.com", "A@x.com", "b@x.com"), *hook_at("https://h/1", "https://h/1")))
    found = plan(asked)
    assert told(found) == ["A@x.com", "b@x.com", "https://h/1"]
    assert [made.signed_by for made in found] == ["", "", "upgrade"]
    assert {made.reads for made in found} == {Reads.BOTH}


def test_users_and_roles_of_the_publisher_are_looked_up_among_the_contacts() -> None:
    asked = requested(roles=("PLANNER",), users=("eve",))
    found = plan(asked, contacts=(ada(), bob(), ada(user_id="eve", email="eve@x.com", roles=())))
    assert told(found) == ["ada@example.com", "bob@example.com", "eve@x.com"]
    assert [made.reads for made in found] == [Reads.ZH, Reads.EN, Reads.ZH]


def test_a_role_hears_of_its_own_factories_and_a_named_user_of_all() -> None:
    people = (ada(), bob())
    assert told(plan(requested(roles=("PLANNER",)), factory="sh-01", contacts=people)) == ["ada@example.com"]
    assert told(plan(requested(users=("bob",)), factory="sh-01", contacts=people)) == ["bob@example.com"]
    assert len(plan(requested(roles=("PLANNER",)), factory="", contacts=people)) == 2


@pytest.mark.parametrize(
    ("changed", "hears"),
    [
        ({}, True),
        ({"notice_types": ("rollout.*", "upgrade.failed")}, True),
        ({"notice_types": ("*",)}, True),
        ({"notice_types": ("upgrade",)}, False),
        ({"least": Severity.WARNING}, True),
        ({"least": Severity.CRITICAL}, False),
        ({"factories": ("sh-01",)}, True),
        ({"factories": ("bl-01",)}, False),
        ({"is_active": False}, False),
        ({"channels": ("gone",)}, False),
        ({"roles": ("NOBODY",)}, False),
    ],
)
def test_a_rule_speaks_by_type_severity_and_factory(changed: dict[str, Any], hears: bool) -> None:
    found = plan(factory="sh-01", contacts=(ada(),), rules=(a_rule(**changed),))
    assert told(found) == (["ada@example.com"] if hears else [])


def test_a_robot_hears_once_however_many_rules_name_it() -> None:
    rules = (a_rule(channels=("ops", "email")), a_rule(rule_id="more", channels=("ops",)))
    found = plan(contacts=(ada(),), rules=rules, channels=(a_channel(reads=Reads.ZH),))
    assert told(found) == ["ops", "ada@example.com"]
    assert found[0].reads is Reads.ZH


def test_a_mail_by_the_tenants_own_server_is_the_same_mail() -> None:
    own = a_channel(Kind.SMTP, "email")
    rule = a_rule(channels=("email",), emails=("ADA@example.com",))
    (one,) = plan(contacts=(ada(),), rules=(rule,), channels=(own,))
    assert one.kind is Kind.SMTP
    (by_ses,) = plan(contacts=(ada(),), rules=(a_rule(),))
    assert by_ses.delivery_id == one.delivery_id


def test_a_channel_that_is_switched_off_tells_nobody() -> None:
    assert plan(contacts=(ada(),), rules=(a_rule(channels=("ops",)),), channels=(a_channel(is_active=False),)) == ()


def test_an_event_cannot_reach_more_than_the_bound() -> None:
    """S12: 15,000 recipients."""
    asked = requested(addresses=mail_to(*(f"a{n}@x.com" for n in range(15_000))))
    assert len(plan(asked)) == MAX_RECIPIENTS


# --- when ------------------------------------------------------------------------------------------------------------


def test_quiet_hours_are_those_of_the_recipient_and_critical_goes_through_them() -> None:
    """22:30 in Shanghai is 15:30 in Berlin."""
    evening = datetime(2026, 11, 28, 14, 30, tzinfo=UTC)
    people = (ada(quiet=NIGHT), bob(quiet=NIGHT))
    late, now = plan(now=evening, contacts=people, rules=(a_rule(),))
    assert late.next_at == datetime(2026, 11, 28, 23, 0, tzinfo=UTC), "07:00 in Shanghai"
    assert now.next_at == evening
    loud = plan(requested(severity=Severity.CRITICAL), now=evening, contacts=people, rules=(a_rule(),))
    assert {made.next_at for made in loud} == {evening}


@pytest.mark.parametrize(
    ("wall", "ends"),
    [
        ("2026-03-28T23:00", "2026-03-29T07:00"),  # the hour from 2 to 3 is left out in this night
        ("2026-10-24T23:00", "2026-10-25T07:00"),  # it comes twice in this one
        ("2026-03-29T01:59", "2026-03-29T07:00"),
        ("2026-11-28T06:59", "2026-11-28T07:00"),
        ("2026-11-28T07:00", None),
        ("2026-11-28T21:59", None),
        ("2026-12-31T22:00", "2027-01-01T07:00"),
    ],
)
def test_quiet_hours_go_over_midnight_and_both_changes_of_the_clock(wall: str, ends: str | None) -> None:
    zone = ZoneInfo(BERLIN)
    found = NIGHT.end(datetime.fromisoformat(wall).replace(tzinfo=zone), BERLIN)
    assert (None if found is None else found.astimezone(zone).strftime("%Y-%m-%dT%H:%M")) == ends


TIMES = st.times().map(lambda at: at.strftime("%H:%M"))
MOMENTS = st.integers(0, 63_000_000).map(lambda seconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds))
ZONES = st.sampled_from([SHANGHAI, BERLIN, "America/New_York", "Australia/Lord_Howe", "UTC"])


@given(MOMENTS, TIMES, TIMES, ZONES)
def test_quiet_hours_always_end_within_a_day_and_outside_of_themselves(
    now: datetime, begin: str, until: str, zone: str
) -> None:
    end = Quiet(begin, until).end(now, zone)
    if end is not None:
        assert now < end <= now + timedelta(hours=26)


@given(MOMENTS, TIMES, ZONES)
def test_the_next_time_of_day_comes_within_a_day(now: datetime, at: str, zone: str) -> None:
    assert now < next_at(now, at, zone) <= now + timedelta(hours=26)


DAILY = Digest("08:00", SHANGHAI)


def test_what_may_wait_is_collected_for_the_digest_of_its_recipient() -> None:
    rule = a_rule(digest=DAILY)
    one, other = plan(requested(digestable=True), contacts=(ada(), bob()), rules=(rule,))
    (later,) = plan(requested(digestable=True), NOW + timedelta(hours=5), contacts=(ada(),), rules=(rule,))
    assert (one.state, one.next_at) == (State.COLLECTED, datetime(2026, 11, 29, 0, 0, tzinfo=UTC))
    assert one.digest == later.digest != other.digest
    (tomorrow,) = plan(requested(digestable=True), NOW + timedelta(days=1), contacts=(ada(),), rules=(rule,))
    assert tomorrow.digest != one.digest
    digest = digest_of(one)
    assert (digest.delivery_id, digest.is_digest, digest.state) == (one.digest, True, State.PENDING)
    assert digest.next_at == one.next_at


def test_what_may_not_wait_or_is_critical_is_told_at_once() -> None:
    rule = a_rule(digest=DAILY)
    for asked in (requested(), requested(digestable=True, severity=Severity.CRITICAL)):
        (made,) = plan(asked, contacts=(ada(),), rules=(rule,))
        assert made.state is State.PENDING


def test_a_rule_that_tells_at_once_comes_before_one_that_collects() -> None:
    rules = (a_rule(rule_id="a", digest=DAILY), a_rule(rule_id="b"))
    (made,) = plan(requested(digestable=True), contacts=(ada(),), rules=rules)
    assert made.state is State.PENDING


@given(st.permutations([a_rule(rule_id="a"), a_rule(rule_id="b", channels=("ops",)), a_rule(rule_id="c")]))
def test_the_order_of_rules_changes_nothing(rules: list[Any]) -> None:
    found = plan(contacts=(ada(), bob()), rules=tuple(rules), channels=(a_channel(),))
    assert sorted(told(found)) == ["ada@example.com", "bob@example.com", "ops"]
