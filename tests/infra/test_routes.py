"""Routes of different contexts meet in one API."""

import pytest

from infra.constructs.routes import Route, in_order


def test_routes_come_by_path_and_method() -> None:
    post, get, deeper = Route("POST", "/a", "f"), Route("GET", "/a", "g"), Route("GET", "/a/{id}", "h")
    assert in_order([deeper, post, get]) == [get, post, deeper]


def test_one_route_has_one_answer() -> None:
    with pytest.raises(ValueError, match="GET /a: g and f both answer it"):
        in_order([Route("GET", "/a", "f"), Route("GET", "/a", "g")])


def test_a_variable_has_one_name_at_one_place() -> None:
    with pytest.raises(ValueError, match="choose one name"):
        in_order([Route("GET", "/a/{id}", "f"), Route("GET", "/a/{name}/b", "g")])


def test_the_same_variable_may_be_used_again_below_and_elsewhere() -> None:
    routes = [Route("GET", "/a/{id}", "f"), Route("PUT", "/a/{id}", "g"), Route("GET", "/b/{name}", "h")]
    assert len(in_order(routes)) == 3
