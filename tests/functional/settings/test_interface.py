"""The interface of a user: theme, layout, menus, languages; as CSS; as it would be (CFG-16, REQ-008-004)."""

import json
from typing import Any

import pytest

from tests.factories.http import a_principal
from tests.factories.settings import ADMIN, answer, sent_to
from tests.factories.stored import items
from tests.factories.templates import data as templates

BASE = "/api/v1/settings/interface"
ANNA = a_principal("interface:read", "config:read", "config:create:own", "config:update:own", user="anna")


@pytest.fixture(autouse=True)
def table(account: Any) -> None:
    account("settings")


def read(path: str = "", caller: Any = ANNA, headers: dict[str, str] | None = None) -> dict[str, Any]:
    return sent_to("read_templates", "GET", BASE + path, caller=caller, headers=headers)


def interface(caller: Any = ANNA) -> Any:
    return json.loads(read(caller=caller)["body"])["data"]


def previewed(values: dict[str, Any], layer: str = "tenant") -> Any:
    found = sent_to("read_templates", "POST", f"{BASE}/preview", {"values": values, "layer": layer}, caller=ANNA)
    assert found["statusCode"] == 200, found["body"]
    return json.loads(found["body"])["data"]


def values(found: Any) -> dict[str, tuple[Any, str]]:
    return {one["configKey"]: (one["value"], one["layer"]) for one in found["items"]}


def set_by(layer: str, key: str, value: str, kind: str = "STRING") -> int:
    body = {"configKey": key, "configValue": value, "configType": kind}
    caller = ANNA if layer == "user" else ADMIN
    status: int = answer("POST", body=body, caller=caller, layer=layer)["statusCode"]
    return status


def test_the_nearest_layer_counts_and_the_platform_where_nobody_has_set_anything() -> None:
    assert values(interface())["theme.primaryColor"] == ("#1890ff", "platform")
    templates("POST", "/ui/apply", {"values": {"theme.primaryColor": "#102030", "layout.sidebarWidth": 300}})
    assert set_by("user", "theme.mode", "dark") == 201
    found = values(interface())
    assert found["theme.primaryColor"] == ("#102030", "tenant")
    assert found["layout.sidebarWidth"] == (300, "tenant")
    assert found["theme.mode"] == ("dark", "user")
    other = values(interface(a_principal("interface:read", user="otto")))
    assert other["theme.mode"] == ("light", "tenant")
    stranger = values(interface(a_principal("interface:read", tenant="other")))
    assert stranger["theme.primaryColor"] == ("#1890ff", "platform")


def test_the_theme_is_served_as_custom_properties_with_an_etag() -> None:
    templates("POST", "/ui/apply", {"values": {"theme.fontFamily": "Arial, serif"}})
    found = read("/css")
    (kind,) = found["multiValueHeaders"]["Content-Type"]
    (etag,) = found["multiValueHeaders"]["ETag"]
    assert kind == "text/css; charset=utf-8"
    assert found["body"] == "\n".join(
        [
            ":root {",
            "  color-scheme: light;",
            "  --theme-primary-color: #1890ff;",
            "  --theme-secondary-color: #52c41a;",
            "  --theme-background-color: #f0f2f5;",
            "  --theme-text-color: #262626;",
            '  --theme-font-family: "Arial", serif;',
            "  --theme-font-size: 14px;",
            "  --theme-border-radius: 4px;",
            "  --theme-mode: light;",
            "  --layout-sidebar-width: 250px;",
            "  --layout-header-height: 64px;",
            "  --layout-density: comfortable;",
            "  --layout-sidebar-position: left;",
            "}",
            "",
        ]
    )
    again = read("/css", headers={"If-None-Match": etag})
    assert (again["statusCode"], again.get("body") or "") == (304, "")
    assert set_by("user", "theme.mode", "dark") == 201
    changed = read("/css", headers={"If-None-Match": etag})
    assert changed["statusCode"] == 200
    assert "  color-scheme: dark;" in changed["body"]


@pytest.mark.parametrize(
    ("key", "value"),
    [("theme.primaryColor", "red;} body{display:none"), ("theme.fontFamily", '"a"; x: url(//evil.example)')],
)
def test_what_somebody_put_there_by_hand_cannot_leave_its_declaration(key: str, value: str) -> None:
    assert set_by("tenant", key, value) == 201, "an item of that name without the template's rule"
    sheet = read("/css")["body"]
    assert value not in sheet
    assert all(sign not in sheet for sign in ("body", "url", "evil"))
    (problem,) = interface()["problems"]
    assert (problem["configKey"], values(interface())[key][1]) == (key, "platform")


def test_users_have_own_values_where_the_tenant_allows_it() -> None:
    templates("POST", "/ui/apply", {})
    assert set_by("user", "theme.primaryColor", "#000000") == 400
    assert set_by("user", "layout.density", "compact") == 201
    assert set_by("user", "layout.sidebarWidth", "4000", "NUMBER") == 400
    shown = {one["configKey"]: one["isOverridable"] for one in interface()["items"]}
    assert (shown["theme.primaryColor"], shown["layout.density"]) == (False, True)
    assert answer("PATCH", "/layout.density", {"isOverridable": False})["statusCode"] == 200
    assert values(interface())["layout.density"] == ("comfortable", "tenant")


def test_a_preview_shows_it_and_stores_nothing() -> None:
    found = previewed({"theme.primaryColor": "#ABCDEF", "layout.sidebarWidth": 320})
    assert "  --theme-primary-color: #abcdef;" in found["css"]
    assert values(found)["layout.sidebarWidth"] == (320, "tenant")
    assert (found["problems"], items("CONFIG")) == ([], [])
    bad = previewed({"theme.primaryColor": "red", "no.such": 1, "layout.density": None, "theme.fontSize": 9})
    assert [one["configKey"] for one in bad["problems"]] == [
        "no.such",
        "layout.density",
        "theme.primaryColor",
        "theme.fontSize",
    ]
    assert "--theme-primary-color: #1890ff;" in bad["css"]
    own = previewed({"theme.primaryColor": "#000000", "theme.mode": "auto"}, "user")
    assert [one["configKey"] for one in own["problems"]] == ["theme.primaryColor"]
    assert "  color-scheme: light dark;" in own["css"]


def test_menus_and_languages_are_the_tenants() -> None:
    menu = [
        {"id": "orders", "label": {"en": "Orders", "zh": "工单"}, "path": "/orders"},
        {"id": "old", "label": {"en": "Old"}, "path": "/old", "hidden": True},
    ]
    made = {"menu.items": menu, "languages.available": ["en", "de"], "languages.default": "de"}
    templates("POST", "/ui/apply", {"values": made})
    found = interface()
    assert [one["id"] for one in found["menu"]] == ["orders"]
    assert (found["languages"], found["language"]) == (["en", "de"], "de")
    assert set_by("user", "languages.default", "zh") == 201
    found = interface()
    assert (found["language"], [one["configKey"] for one in found["problems"]]) == ("en", ["languages.default"])


@pytest.mark.parametrize(
    "entry",
    [
        {"id": "x", "label": {"en": "X"}, "path": "javascript:alert(1)"},
        {"id": "x", "label": {"en": "X"}, "path": "//evil.example/"},
        {"id": "x", "label": {"en": "X"}, "path": "/../admin"},
        {"id": "x", "label": {}, "path": "/x"},
        {"id": "x", "label": {"en": "X"}, "path": "/x", "onclick": "alert(1)"},
    ],
)
def test_an_entry_of_a_menu_leads_to_an_own_page_alone(entry: dict[str, Any]) -> None:
    assert [one["configKey"] for one in previewed({"menu.items": [entry]})["problems"]] == ["menu.items"]


def test_an_upgrade_of_the_theme_keeps_the_tenants_colours() -> None:
    templates("POST", "/ui/apply", {"version": "1.0.0"})
    assert answer("PATCH", "/theme.primaryColor", {"configValue": "#112233"})["statusCode"] == 200
    done = {one["configKey"]: one["outcome"] for one in templates("POST", "/ui/upgrade", {})["items"]}
    assert (done["theme.primaryColor"], done["layout.headerHeight"]) == ("MERGED", "UPGRADED")
    assert (done["theme.textColor"], done["menu.items"]) == ("CREATED", "CREATED")
    assert values(interface())["theme.primaryColor"] == ("#112233", "tenant")


def test_who_may_not_is_refused() -> None:
    assert read(caller=a_principal("config:read"))["statusCode"] == 403
