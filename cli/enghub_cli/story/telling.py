"""A chapter before the upgrade and one after it: who is told, by a rule, in their language, and what became of it."""

from typing import Any

from enghub_cli.story.teller import Teller

NOTICES = "/api/v1/notices"


def people_are_named(tell: Teller) -> None:
    """A person, a rule, and a text of one's own; a wrong text is refused where it is wrong."""
    tell.chapter("7  Who is told")
    tell.sign_in("chief", "TENANT_ADMIN")
    name = f"chen-{tell.run.lower()}"
    person = {"name": "陈 Chen", "email": f"{name}@enghub.local", "language": "zh", "zone": "Asia/Shanghai"}
    tell.call("chief", "PUT", f"{NOTICES}/contacts/{name}", person, expect=200, show=_named)
    rule = {"name": "值班 On duty", "noticeTypes": ["upgrade.*"], "channels": ["email"], "users": [name]}
    tell.call("chief", "PUT", f"{NOTICES}/rules/{name}", rule, expect=200, show=_named)
    tell.say("A text that names a fact which does not exist is refused, with its line.")
    wrong = {"body": {"en": "{{ title }}\n{{ titel }}", "zh": "{{ title }}"}}
    tell.call("chief", "POST", f"{NOTICES}/templates/upgrade.failed/preview", wrong, expect=400)
    tell.call("chief", "POST", f"{NOTICES}/templates/upgrade.failed/preview", {"language": "zh"}, expect=200)


def people_were_told(tell: Teller) -> None:
    """What became of the notices of the upgrade."""
    tell.chapter("9  Who was told")
    tell.wait(
        "chief",
        f"{NOTICES}/deliveries?pageSize=100",
        lambda page: {"upgrade.failed", "upgrade.succeeded"} <= {one["noticeType"] for one in _mine(tell, page)},
        show=lambda page: {one["noticeType"]: f"{one['state']} {one['recipient']}" for one in _mine(tell, page)},
    )
    for what in ("rules", "contacts"):
        tell.call("chief", "DELETE", f"{NOTICES}/{what}/chen-{tell.run.lower()}", expect=204)


def _mine(tell: Teller, page: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for one in page["items"] if one["userId"] == f"chen-{tell.run.lower()}" and one["state"] == "SENT"]


def _named(data: dict[str, Any]) -> dict[str, Any]:
    return {field: data[field] for field in ("userId", "ruleId", "language", "version") if field in data}
