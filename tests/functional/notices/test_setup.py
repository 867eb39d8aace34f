"""Rules, channels, contacts, templates through the API (CFG-17)."""

from typing import Any

import pytest

from tests.factories.http import a_principal
from tests.factories.notices import requested
from tests.functional.notices.conftest import Notices
from tests.functional.notices.test_delivering import ADA, RULE, mails

TEXTS = {"subject": {"en": "{{ title }} is down", "zh": "{{ title }} 故障"}, "body": {"en": "Look", "zh": "请查看"}}


def test_what_is_stored_comes_back_and_changes_on_its_version(notices: Notices) -> None:
    made = notices.data("PUT", "/rules/planners", {**RULE, "minSeverity": "WARNING", "factories": ["sh-01"]})
    assert (made["version"], made["minSeverity"], made["factories"]) == (1, "WARNING", ["sh-01"])
    assert notices.data("GET", "/rules/planners") == made
    assert notices.data("GET", "/rules")["items"] == [made]
    status, details = notices.refused("PUT", "/rules/planners", RULE)
    assert (status, details["error"], details["actual"]) == (409, "VERSION_CONFLICT", 1)
    assert notices.data("PUT", "/rules/planners", {**RULE, "version": 1})["version"] == 2
    notices.data("DELETE", "/rules/planners")
    assert notices.refused("GET", "/rules/planners")[0] == 404
    assert notices.data("GET", "/rules")["items"] == []
    assert notices.data("PUT", "/rules/planners", RULE)["version"] == 4


def test_the_same_request_again_gets_what_it_stored(notices: Notices) -> None:
    """Its answer may have got lost; refused, one's own change would look like somebody else's."""
    assert [notices.data("PUT", "/rules/planners", RULE)["version"] for _ in range(2)] == [1, 1]
    other = {**RULE, "minSeverity": "CRITICAL", "version": 1}
    assert [notices.data("PUT", "/rules/planners", other)["version"] for _ in range(2)] == [2, 2]
    assert notices.refused("PUT", "/rules/planners", RULE)[0] == 409
    notices.data("PUT", "/rules/planners", {**RULE, "version": 2})
    assert notices.refused("PUT", "/rules/planners", {**RULE, "version": 1})[0] == 409


def test_a_channel_names_its_secret_and_shows_no_address(notices: Notices) -> None:
    made = notices.data("PUT", "/channels/ops", {"name": "Operations", "kind": "dingtalk"})
    assert made["secretName"] == "enghub/test/notices/acme/ops"
    assert made["perMinute"] == 18


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/rules/a", {**RULE, "channels": ["gone"]}, "channels.0"),
        ("/rules/a", {**RULE, "emails": ["a@b.c\r\nBcc: x"]}, "emails.0"),
        ("/rules/a", {**RULE, "noticeTypes": []}, "noticeTypes"),
        ("/rules/a", {**RULE, "digest": {"at": "25:00", "zone": "UTC"}}, "digest.at"),
        ("/rules/A B", RULE, "ruleId"),
        ("/contacts/ada", {**ADA, "email": "no mail"}, "email"),
        ("/contacts/ada", {**ADA, "zone": "Shanghai"}, "zone"),
        ("/contacts/ada", {**ADA, "quietHours": {"from": "22", "to": "07:00"}}, "quietHours.from"),
        ("/contacts/ada", {**ADA, "roles": ["R"] * 101}, "roles"),
        ("/channels/ops", {"name": "x", "kind": "sns"}, "topicArn"),
        (
            "/channels/ops",
            {"name": "x", "kind": "sns", "topicArn": "arn:aws:sns:eu-central-1:123456789012:t"},
            "topicArn",
        ),
        ("/channels/ops", {"name": "x", "kind": "pigeon"}, "kind"),
    ],
)
def test_what_does_not_fit_is_refused_by_its_field(notices: Notices, path: str, body: Any, field: str) -> None:
    status, details = notices.refused("PUT", path, body)
    assert (status, details["field"]) == (400, field)


def test_a_wrong_template_is_refused_at_save_with_place_and_reason(notices: Notices) -> None:
    wrong = {**TEXTS, "body": {"en": "ok\n{{ titel }}", "zh": "x"}}
    status, answer = notices.send("PUT", "/templates/upgrade.failed", wrong, headers={"Accept-Language": "zh"})
    assert (status, answer["code"]) == (400, "40003")
    assert (answer["details"]["field"], answer["details"]["line"]) == ("body.en", 2)
    assert "titel" in answer["details"]["problem"]
    assert answer["message"].startswith("body.en 第 2 行")
    assert notices.data("GET", "/templates/upgrade.failed")["isBuiltIn"]
    assert notices.refused("POST", "/templates/upgrade.failed/preview", {"body": wrong["body"]})[0] == 400


def test_a_template_of_ones_own_is_told_and_taken_back(notices: Notices) -> None:
    notices.data("PUT", "/contacts/ada", ADA)
    notices.data("PUT", "/rules/planners", RULE)
    made = notices.data("PUT", "/templates/upgrade.failed", TEXTS)
    assert (made["isBuiltIn"], made["version"]) == (False, 1)
    notices.ask(requested(), event_id="01A")
    notices.deliver()
    assert mails()["ada@example.com"].subject == "EU (prod): 2.16.4 → 2.16.5 故障"
    listed = {one["noticeType"]: one["isBuiltIn"] for one in notices.data("GET", "/templates")["items"]}
    assert (listed["upgrade.failed"], listed["upgrade.succeeded"], listed["*"]) == (False, True, True)
    notices.data("DELETE", "/templates/upgrade.failed")
    assert notices.data("GET", "/templates/upgrade.failed")["version"] == 0


def test_a_template_that_real_facts_break_gives_way_to_the_built_in_one(notices: Notices) -> None:
    notices.data("PUT", "/contacts/ada", ADA)
    notices.data("PUT", "/rules/planners", RULE)
    broken = {**TEXTS, "subject": {"en": "{{ said.short }}", "zh": "{{ said.short }}"}}
    notices.data("PUT", "/templates/upgrade.failed", broken)
    facts = {**requested().facts, "said": {"en": "failed", "zh": "升级失败"}}
    notices.ask(requested(facts=facts))
    notices.deliver()
    assert mails()["ada@example.com"].subject.endswith("升级失败")


def test_a_preview_shows_the_sample_or_given_facts(notices: Notices) -> None:
    shown = notices.data("POST", "/templates/upgrade.failed/preview", {"subject": TEXTS["subject"], "language": "en"})
    assert shown["subject"] == "EU (prod): 2.16.4 → 2.16.5 is down"
    assert shown["body"].startswith("Upgrade: EU (prod)")
    body = {**TEXTS, "facts": {"title": "Plant 7"}, "language": "zh"}
    assert notices.data("POST", "/templates/upgrade.failed/preview", body)["subject"] == "Plant 7 故障"


def test_types_say_what_a_template_may_name(notices: Notices) -> None:
    found = {one["noticeType"]: one for one in notices.data("GET", "/types")["items"]}
    facts = {fact["name"]: fact for fact in found["upgrade.failed"]["facts"]}
    assert facts["problem"]["isRequired"] is False
    assert facts["problem"]["description"]["zh"] == "停止原因"


def test_a_test_goes_the_way_of_every_notice(notices: Notices) -> None:
    sent = notices.data("POST", "/channels/email/test", {"email": "ada@example.com", "language": "en"})
    notices.deliver()
    assert mails()["ada@example.com"].subject == "[EngHub] Test of channel email"
    assert notices.data("GET", f"/deliveries/{sent['deliveryId']}")["state"] == "SENT"
    assert notices.refused("POST", "/channels/email/test", {})[1]["field"] == "email"
    assert notices.refused("POST", "/channels/gone/test", {})[0] == 404


# --- who may ---------------------------------------------------------------------------------------------------------

CLERK = a_principal("notice:contact:own", user="ada")


def test_everybody_says_how_they_want_to_hear_and_nothing_about_others(notices: Notices) -> None:
    notices.data("PUT", "/contacts/ada", ADA)
    changed = {**ADA, "roles": ["TENANT_ADMIN"], "language": "en", "version": 1}
    found = notices.data("PUT", "/contacts/ada", changed, caller=CLERK)
    assert (found["language"], found["roles"]) == ("en", ["PLANNER"])
    assert notices.data("GET", "/contacts/ada", caller=CLERK)["version"] == 2
    assert notices.refused("PUT", "/contacts/bob", ADA, caller=CLERK)[1]["permission"] == "notice:manage"
    assert notices.refused("GET", "/contacts/bob", caller=CLERK)[1]["permission"] == "notice:read"


@pytest.mark.parametrize(
    ("method", "path", "missing"),
    [
        ("PUT", "/rules/a", "notice:manage"),
        ("DELETE", "/channels/a", "notice:manage"),
        ("GET", "/rules", "notice:read"),
        ("GET", "/deliveries", "notice:read"),
        ("POST", f"/deliveries/{'0' * 64}/redrive", "notice:manage"),
        ("POST", "/sent/01A/acknowledge", "notice:acknowledge"),
        ("POST", "/channels/email/test", "notice:manage"),
    ],
)
def test_a_missing_right_is_named(notices: Notices, method: str, path: str, missing: str) -> None:
    assert notices.refused(method, path, {}, caller=CLERK)[1]["permission"] == missing


def test_another_tenant_sees_nothing_of_ours(notices: Notices) -> None:
    notices.data("PUT", "/rules/planners", RULE)
    notices.ask(requested(users=("x",)), event_id="01A")
    other = a_principal("notice:read", "notice:manage", "notice:acknowledge", tenant="globex")
    assert notices.data("GET", "/rules", caller=other)["items"] == []
    assert notices.refused("GET", "/sent/01A", caller=other)[0] == 404
    assert notices.refused("POST", "/sent/01A/acknowledge", caller=other)[0] == 404
    assert notices.data("GET", "/deliveries", caller=other)["items"] == []
