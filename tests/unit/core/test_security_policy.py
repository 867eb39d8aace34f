"""What follows from a policy and from a user's sessions, without any store (CFG-19)."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from enghub.core.security import model
from enghub.core.security.model import Layer, Policy, Session, Sessions, Unusable

DAY = datetime(2026, 3, 2, tzinfo=UTC)


def at(text: str) -> datetime:
    return datetime.combine(DAY, time.fromisoformat(text), UTC)


def a_session(name: str = "s1", seen: str = "10:00:05") -> Session:
    return Session(name, at(seen), at(seen), at(seen), "192.0.2.7")


@pytest.mark.parametrize(
    ("text", "source", "inside"),
    [
        ("203.0.113.0/24", "203.0.113.255", True),
        ("203.0.113.0/24", "203.0.114.0", False),
        ("203.0.113.7", "203.0.113.7", True),
        ("203.0.113.7", "203.0.113.8", False),
        ("2001:db8::/32", "2001:db8:ffff::1", True),
        ("2001:db8::/32", "2001:db9::1", False),
        ("203.0.113.0/24", "::ffff:203.0.113.9", True),
        ("0.0.0.0/0", "2001:db8::1", False),
        ("::/0", "203.0.113.9", False),
        ("203.0.113.0/24", "", False),
        ("203.0.113.0/24", "203.0.113.9, 198.51.100.1", False),
        ("203.0.113.0/24", "203.0.113.009", False),
    ],
)
def test_an_address_is_inside_a_range_or_not(text: str, source: str, inside: bool) -> None:
    assert model.holds([model.network(text)], source) is inside


def test_no_range_at_all_lets_every_address_pass() -> None:
    assert model.holds([], "203.0.113.9")


@pytest.mark.parametrize("text", ["", "203.0.113.0/33", "300.1.1.1", "2001:db8::/129", "office", "10.0.0.0/8,::/0"])
def test_what_is_no_range_is_refused(text: str) -> None:
    with pytest.raises(Unusable, match="no range of addresses"):
        model.network(text)


def test_bits_behind_the_prefix_are_refused_with_what_was_meant() -> None:
    with pytest.raises(Unusable) as refused:
        model.network("203.0.113.7/24")
    assert refused.value.meant == "203.0.113.0/24"


@pytest.mark.parametrize(
    ("part", "text", "value"),
    [
        ("idle_seconds", "300", 300),
        ("idle_seconds", "3.6E3", 3600),
        ("idle_seconds", "299", None),
        ("idle_seconds", "86401", None),
        ("idle_seconds", "1800.5", None),
        ("idle_seconds", "NaN", None),
        ("max_sessions", "10", 10),
        ("max_sessions", "0", None),
        ("networks", '["203.0.113.7", "10.0.0.0/8"]', ["10.0.0.0/8", "203.0.113.7/32"]),
        ("networks", '"10.0.0.0/8"', None),
        ("networks", "[10]", None),
        ("networks", "10.0.0.0/8", None),
        ("mfa_required", "true", True),
        ("mfa_required", "yes", None),
        ("program_users", '["erp", "mes-7"]', ["erp", "mes-7"]),
        ("program_users", '["two words"]', None),
    ],
)
def test_the_text_of_an_item_means_a_part_or_nothing(part: str, text: str, value: object) -> None:
    if value is None:
        with pytest.raises(Unusable):
            model.PARTS[part].read(text)
    else:
        assert model.PARTS[part].read(text) == value


def test_the_nearest_layer_counts_part_by_part_and_the_stage_where_nobody_says_anything() -> None:
    everybody = Layer(((DAY, {"idle_seconds": 3600, "networks": ["10.0.0.0/8"]}),))
    tenant = Layer(((DAY, {"networks": [], "program_users": ["erp"]}),))
    policy = model.in_force(
        model.defaults("idle=1800 sessions=3 mfa=true"), [("global", everybody), ("tenant", tenant)], DAY
    )
    assert (policy.idle_seconds, policy.max_sessions, policy.mfa_required) == (3600, 3, True)
    assert (policy.networks, policy.program_users) == ((), frozenset({"erp"}))
    assert policy.sources == {"idle_seconds": "global", "networks": "tenant", "program_users": "tenant"}


def test_the_platforms_own_policy_is_thirty_minutes_and_three_sessions() -> None:
    assert model.defaults("") == Policy(idle_seconds=1800, max_sessions=3, mfa_required=False)


def test_what_is_planned_holds_from_its_second_on() -> None:
    layer = Layer(
        ((at("08:00:00"), {"idle_seconds": 600}), (at("09:00:00"), {}), (at("09:30:00"), {"idle_seconds": 900}))
    )
    kept = Layer.from_text(layer.to_text(), 7)
    assert kept.phases == layer.phases
    told = ("07:00:00", "08:59:59", "09:00:00", "09:29:59", "09:30:00", "23:00:00")
    assert [kept.at(at(text)).get("idle_seconds") for text in told] == [600, 600, None, None, 900, 900]


@pytest.mark.parametrize(
    ("next_request", "really_idle", "over"),
    [("10:30:40", "29:50", False), ("10:31:05", "30:15 of a touch at :05", False), ("10:31:51", "31:01", True)],
)
def test_the_saving_of_writes_is_added_to_the_limit(next_request: str, really_idle: str, over: bool) -> None:
    """SF20: touched at 10:00:05; the request of 10:00:50 wrote nothing, as it came within the minute."""
    assert a_session().is_idle(Policy(idle_seconds=1800), at(next_request)) is over, really_idle


def test_a_fourth_session_ends_the_one_that_began_first() -> None:
    sessions = Sessions("acme", "li", tuple(a_session(f"s{n}", f"10:0{n}:00") for n in range(3)))
    after, over = sessions.opened(a_session("s3", "10:05:00"), Policy(max_sessions=3))
    assert [one.session_id for one in after.live] == ["s1", "s2", "s3"]
    assert [(one.session.session_id, one.reason) for one in over] == [("s0", "REPLACED")]
    assert after.is_over("s0", at("10:00:00"))
    assert not after.is_over("s1", at("10:01:00"))
    assert not after.is_over("s9", at("10:00:01"))


def test_idle_sessions_make_room_before_any_in_use() -> None:
    idle, used = a_session("idle", "08:00:00"), a_session("used", "07:00:00")
    used = replace(used, seen_at=at("10:00:00"))
    after, over = Sessions("acme", "li", (used, idle)).opened(a_session("new", "10:00:30"), Policy(max_sessions=2))
    assert [one.session_id for one in after.live] == ["used", "new"]
    assert [(one.session.session_id, one.reason) for one in over] == [("idle", "IDLE")]


def test_a_lower_limit_ends_all_that_are_too_many() -> None:
    sessions = Sessions("acme", "li", tuple(a_session(f"s{n}", f"10:0{n}:00") for n in range(3)))
    after, over = sessions.opened(a_session("s3", "10:05:00"), Policy(max_sessions=1))
    assert ([one.session_id for one in after.live], len(over)) == (["s3"], 3)


def test_what_is_over_stays_over_and_is_remembered_by_one_time() -> None:
    sessions = Sessions("acme", "li", (a_session("s1"),))
    over = sessions.without([model.Ended(a_session("s1"), "SIGNED_OUT")])
    assert over.is_over("s1", at("10:00:05"))
    assert over.is_over("older-and-never-used", at("09:00:00"))
    assert not over.is_over("newer", at("10:00:06"))
    assert over.without([model.Ended(a_session("s0", "09:00:00"), "IDLE")]).ended_before == at("10:00:05") + timedelta(
        0
    )
