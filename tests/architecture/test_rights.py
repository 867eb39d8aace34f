"""Rights beside routes: no route without one, no right without a role and a route."""

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from enghub.core.http import Api
from tools.rights import declared

ROOT = Path(__file__).parents[2]
SPEAK_FOR_THEMSELVES = {"sandbox/serve_plm", "sandbox/serve_erp"}
"""Functions that answer outside the envelope; each of their routes says why it is public."""


def apps() -> Iterator[tuple[str, APIGatewayRestResolver]]:
    for path in sorted(ROOT.glob("functions/*/*/handler.py")):
        app = getattr(importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts)), "app", None)
        if isinstance(app, APIGatewayRestResolver):
            yield "/".join(path.parts[-3:-1]), app


def _routes(app: APIGatewayRestResolver) -> list[Any]:
    return [*app._static_routes, *app._dynamic_routes]


def test_a_route_takes_a_right_or_says_why_it_is_public() -> None:
    for function, app in apps():
        assert isinstance(app, Api) or function in SPEAK_FOR_THEMSELVES, function
        for route in _routes(app):
            said = route.openapi_extensions
            if said["x-enghub-public"]:
                assert len(said["x-enghub-public-reason"].split()) > 3, route.path
            else:
                assert said["x-enghub-rights"], route.path
                assert said["x-enghub-roles"], route.path


def test_every_right_has_a_role_and_a_route_and_every_route_a_declared_right() -> None:
    rights = declared()
    assert all(right.roles for right in rights.values())
    used = {
        name
        for _, app in apps()
        for route in _routes(app)
        for name in route.openapi_extensions.get("x-enghub-rights", ())
    }
    assert used == set(rights)
