"""What grants make of a caller at a time: given, taken, limited, lapsed (CFG-22)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from enghub.core.denials import RightDenied, RightLapsed, RightLimited
from enghub.core.errors import Forbidden
from enghub.core.identity import Principal
from enghub.core.rights import Access, Right
from enghub.core.security import grants
from enghub.core.security.grants import Granted
from tests.factories.http import a_principal

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def a_grant(*names: str, within: str = "", effect: str = "ALLOW", begins: int = -1, ends: int | None = None) -> Granted:
    until = None if ends is None else NOW + ends * HOUR
    return Granted("g-1", effect, names or ("config:update",), within, NOW + begins * HOUR, until)


def li(*given: Granted, roles: tuple[str, ...] = ()) -> Principal:
    return grants.applied(a_principal(*roles), given, NOW)


def refusal(who: Principal, *about: str) -> Any:
    try:
        who.require("config:update", about)
    except Forbidden as error:
        return type(error)
    return None


@pytest.mark.parametrize(
    ("begins", "ends", "holds"), [(-1, None, True), (0, None, True), (1, None, False), (-2, 1, True), (-2, 0, False)]
)
def test_a_grant_holds_from_its_first_moment_until_its_last(begins: int, ends: int | None, holds: bool) -> None:
    assert li(a_grant(begins=begins, ends=ends)).holds("config:update") is holds


def test_what_lapsed_says_since_when() -> None:
    who = li(a_grant(begins=-9, ends=-5), a_grant(begins=-4, ends=-2))
    with pytest.raises(RightLapsed) as lapsed:
        who.require("config:update")
    assert lapsed.value.details == {"permission": "config:update", "lapsed_at": "2026-03-02T06:00:00.000000Z"}


@pytest.mark.parametrize(
    ("within", "about", "expected"),
    [
        ("line.", ("line.speed",), None),
        ("line.", ("line.speed", "line.night.speed"), None),
        ("line.", ("line.speed", "press.speed"), RightLimited),
        ("line.", ("lines.speed",), RightLimited),
        ("line.", ("line",), RightLimited),
        ("line.speed", ("line.speed",), None),
        ("line.speed", ("line.speed.max",), RightLimited),
        ("line.", (), RightLimited),
        ("", (), None),
    ],
)
def test_a_part_is_a_part(within: str, about: tuple[str, ...], expected: Any) -> None:
    assert refusal(li(a_grant(within=within)), *about) is expected


def test_what_takes_beats_what_gives_and_roles() -> None:
    taken = a_grant(effect="DENY")
    assert refusal(li(a_grant(), taken), "line.speed") is RightDenied
    assert refusal(li(taken, a_grant(), roles=("config:update",))) is RightDenied
    in_part = li(a_grant(within="line.", effect="DENY"), roles=("config:update",))
    assert refusal(in_part, "line.speed") is RightDenied
    assert refusal(in_part, "press.speed", "line.speed") is RightDenied
    assert refusal(in_part, "press.speed") is None
    assert refusal(li(a_grant(effect="DENY", begins=-3, ends=-1), roles=("config:update",))) is None


def test_a_route_with_one_right_takes_it_whole_alone() -> None:
    """Else a list would show everything to who may read one key."""
    read, change = Right("config:read", roles=("X",)), Right("config:update", roles=("X",))
    who = li(a_grant("config:read", within="line."))
    with pytest.raises(RightLimited):
        Access((read,)).check(who)
    Access((read, change)).check(who)


def test_grants_are_kept_as_they_are() -> None:
    kept = (a_grant("a:b", "c:d", within="line.", ends=3), a_grant(effect="DENY"))
    assert grants.from_text(grants.to_text(kept)) == kept
