"""Status pages: what customers read, never what is internal, and who hears of it (OPS-26)."""

import json
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from enghub.golive.status import wiring
from tests.factories import stored
from tests.factories.http import Context, a_request
from tests.factories.queues import failed
from tests.functional.golive.conftest import BASE, Golive


def both(en: str, zh: str) -> dict[str, str]:
    return {"en": en, "zh": zh}


PAGE = {
    "title": both("ERP status", "ERP 状态"),
    "components": [
        {"componentId": "api", "name": both("Interface", "接口")},
        {"componentId": "reports", "name": both("Reports <beta>", "报表")},
    ],
}
POST = {
    "kind": "INCIDENT",
    "title": both("Reports are slow", "报表变慢"),
    "text": both("We look into it.", "正在调查。"),
    "state": "INVESTIGATING",
    "impact": "PARTIAL_OUTAGE",
    "components": ["reports"],
    "incidentId": "01KK6D3Q4N8V6T3P2M1ZX9Y7WF",
}
FIXED = {"state": "RESOLVED", "text": both("Reports are fast again.", "报表已恢复。")}


@pytest.fixture
def key(golive: Golive, monkeypatch: pytest.MonkeyPatch) -> str:
    """The key of a page's address."""
    monkeypatch.setenv("PUBLIC_URL", "https://hub.example.com/")
    wiring.pages.cache_clear()
    wiring.statuses.cache_clear()
    golive.data("PUT", "/status-pages/public", PAGE)
    found: str = golive.data("POST", "/status-pages/public/keys")["key"]
    return found


def publish(golive: Golive, **changed: Any) -> str:
    post_id: str = golive.data("POST", "/status-pages/public/posts", {**POST, **changed})["postId"]
    return post_id


def get(golive: Golive, path: str, query: dict[str, str], **headers: str) -> tuple[int, str, dict[str, str]]:
    """Read as somebody who has not signed in."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    event = a_request("GET", f"{BASE}{path}", query=query, headers=named, caller=None)
    answer = golive.handler("show_status")(event, Context())
    told = {name: values[0] for name, values in (answer.get("multiValueHeaders") or {}).items()}
    return answer["statusCode"], answer["body"], {**told, **(answer.get("headers") or {})}


def shown(golive: Golive, key: str, **query: str) -> dict[str, Any]:
    status, body, _ = get(golive, "/status", {"key": key, **query})
    assert status == 200, body
    found: dict[str, Any] = json.loads(body)["data"]
    return found


def tell(golive: Golive) -> None:
    """Do what publishing asks for, twice."""
    for command in stored.commands("take_looks") * 2:
        record = {"messageId": "m", "body": json.dumps(command), "attributes": {"ApproximateReceiveCount": "1"}}
        assert failed(golive.handler("take_looks")({"Records": [record]}, Context())) == []


def mails(kind: str) -> list[dict[str, Any]]:
    """Return what is asked to be told, each key once, as notices do."""
    found = [one["data"] for one in stored.events("NoticeRequested") if one["data"]["notice_type"] == f"golive.{kind}"]
    return list({one["dedupe_key"]: one for one in found}.values())


def press(golive: Golive, link: str) -> tuple[int, str]:
    """Open a link, which changes nothing, then press its button."""
    query = {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}
    status, page, _ = get(golive, "/status/subscription", query)
    if status != 200:
        return status, page
    assert "<button>" in page
    event = a_request("POST", f"{BASE}/status/subscription", query=query, caller=None)
    answer = golive.handler("show_status")(event, Context())
    return answer["statusCode"], answer["body"]


def subscribe(golive: Golive, key: str, email: str, language: str = "en") -> int:
    golive.now += timedelta(seconds=1)
    body = {"email": email, "language": language}
    event = a_request("POST", f"{BASE}/status/subscribe", body, query={"key": key}, caller=None)
    status: int = golive.handler("show_status")(event, Context())["statusCode"]
    return status


def test_a_page_shows_components_and_what_was_published_in_both_languages(golive: Golive, key: str) -> None:
    assert shown(golive, key)["impact"] == "OPERATIONAL"
    post_id = publish(golive)
    found = shown(golive, key)
    assert (found["title"], found["impact"]) == ("ERP status", "PARTIAL_OUTAGE")
    assert [one["impact"] for one in found["components"]] == ["OPERATIONAL", "PARTIAL_OUTAGE"]
    assert found["posts"][0]["updates"][0]["text"] == "We look into it."
    assert shown(golive, key, lang="zh")["posts"][0]["title"] == "报表变慢"
    golive.data("POST", f"/status-pages/public/posts/{post_id}/updates", FIXED)
    found = shown(golive, key)
    assert (found["impact"], found["posts"][0]["isOver"]) == ("OPERATIONAL", True)
    assert [one["state"] for one in found["posts"][0]["updates"]] == ["INVESTIGATING", "RESOLVED"]


def test_nothing_internal_is_ever_on_it(staffed: Golive, key: str) -> None:
    incident = staffed.data(
        "POST", "/incidents", {"serviceId": "erp", "title": "root password leaked", "severity": "P0"}
    )
    staffed.data("POST", f"/incidents/{incident['incidentId']}/notes", {"text": "ask Bo"})
    publish(staffed, incidentId=incident["incidentId"])
    for query in ({}, {"format": "html"}, {"lang": "zh", "format": "html"}):
        _, body, _ = get(staffed, "/status", {"key": key, **query})
        for word in ("password", "ask Bo", incident["incidentId"], "lead", "acme"):
            assert word not in body


def test_people_get_a_page_whose_texts_are_escaped(golive: Golive, key: str) -> None:
    publish(golive, title=both("<script>alert(1)</script>", "脚本"))
    status, body, headers = get(golive, "/status", {"key": key}, Accept="text/html,*/*")
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "<script>" not in body
    assert "Reports &lt;beta&gt;" in body
    assert "部分中断" in get(golive, "/status", {"key": key, "format": "html"}, Accept_Language="zh")[1]


def test_it_is_cached_until_it_is_another(golive: Golive, key: str) -> None:
    _, _, headers = get(golive, "/status", {"key": key})
    assert headers["Cache-Control"] == "public, max-age=30"
    again = get(golive, "/status", {"key": key}, If_None_Match=headers["ETag"])
    assert again[0] == 304
    publish(golive)
    assert get(golive, "/status", {"key": key}, If_None_Match=headers["ETag"])[0] == 200


def test_a_maintenance_weighs_only_while_it_is_under_way(golive: Golive, key: str) -> None:
    span = {"startsAt": "2026-11-29T00:00:00Z", "endsAt": "2026-11-29T02:00:00Z"}
    plan = {"kind": "MAINTENANCE", "state": "SCHEDULED", "impact": "MAINTENANCE", **span}
    post_id = publish(golive, **plan)
    assert shown(golive, key)["impact"] == "OPERATIONAL"
    golive.now = golive.now.replace(day=29, hour=0, minute=1)
    path = f"/status-pages/public/posts/{post_id}/updates"
    golive.data("POST", path, {"state": "IN_PROGRESS", "text": both("Now.", "开始。")})
    assert shown(golive, key)["impact"] == "MAINTENANCE"
    assert golive.refused("POST", path, {"state": "RESOLVED", "text": both("?", "?")})[1]["field"] == "state"


def test_an_address_without_its_key_or_of_what_is_gone_shows_nothing(golive: Golive, key: str) -> None:
    for wrong in ("", "x" * 32 + ".YWNtZQ", key[:-1] + "x"):
        assert get(golive, "/status", {"key": wrong})[0] == 404
    golive.data("PUT", "/status-pages/other", PAGE)
    other = golive.data("POST", "/status-pages/other/keys")
    publish(golive)
    assert shown(golive, other["key"])["posts"] == [], "a customer's page has its own posts"
    assert golive.send("DELETE", f"/keys/{other['keyHash']}")[0] in {200, 204}
    golive.now = golive.now.replace(hour=12)
    assert get(golive, "/status", {"key": other["key"]})[0] == 404


def test_who_subscribed_and_confirmed_is_told_once_and_can_leave(golive: Golive, key: str) -> None:
    assert subscribe(golive, key, "ada@example.com", "zh") == 202
    assert subscribe(golive, key, "ada@example.com", "zh") == 202
    assert subscribe(golive, key, "bob@example.com") == 202
    asked = mails("status_confirm")
    assert [one["addresses"][0]["address"] for one in asked] == ["ada@example.com", "bob@example.com"]
    [link] = asked[0]["links"].values()
    assert link.startswith("https://hub.example.com/api/v1/golive/status/subscription?page=public&")
    assert press(golive, link)[0] == 200
    post_id = publish(golive)
    golive.data("POST", f"/status-pages/public/posts/{post_id}/updates", FIXED)
    golive.data("POST", f"/status-pages/public/posts/{post_id}/updates", FIXED)
    tell(golive)
    told = sorted(mails("status_update"), key=lambda one: str(one["facts"]["state"]))
    assert [(one["addresses"][0]["address"], one["facts"]["state"]) for one in told] == [
        ("ada@example.com", "INVESTIGATING"),
        ("ada@example.com", "RESOLVED"),
    ], "who has not confirmed hears nothing"
    assert (told[0]["language"], told[0]["facts"]["text_zh"]) == ("zh", "正在调查。")
    [leave] = told[0]["links"].values()
    assert press(golive, leave)[0] == 200
    publish(golive)
    tell(golive)
    assert len(mails("status_update")) == 2
    assert press(golive, leave)[0] == 404


def test_a_link_of_another_address_changes_nothing(golive: Golive, key: str) -> None:
    subscribe(golive, key, "ada@example.com")
    subscribe(golive, key, "bob@example.com")
    links = [next(iter(one["links"].values())) for one in mails("status_confirm")]
    assert press(golive, links[0].replace("ada%40", "bob%40"))[0] == 404
    assert press(golive, f"{BASE}/status/subscription?page=public&email=ada@example.com&token=x")[0] == 404


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"components": ["nothing"]}, "components.0"),
        ({"state": "SCHEDULED"}, "state"),
        ({"text": {"en": "only English"}}, "text.zh"),
    ],
)
def test_bad_posts_name_the_field(golive: Golive, key: str, changed: dict[str, Any], field: str) -> None:
    status, details = golive.refused("POST", "/status-pages/public/posts", {**POST, **changed})
    assert (status, details["field"]) == (400, field)


def test_what_is_over_is_written_about_no_more(golive: Golive, key: str) -> None:
    post_id = publish(golive)
    path = f"/status-pages/public/posts/{post_id}/updates"
    golive.data("POST", path, FIXED)
    assert golive.refused("POST", path, {**FIXED, "text": both("And?", "还有？")})[0] == 409
    assert golive.data("GET", "/status-pages/public/posts")["items"][0]["incidentId"] == POST["incidentId"]
