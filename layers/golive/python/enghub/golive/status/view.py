"""A status page as people and programs read it, with the tag that says whether it is another (OPS-26). Pure."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from html import escape
from typing import Any

from enghub.core.clock import to_text
from enghub.core.i18n import Language, Text
from enghub.golive.status.model import Impact, Post, PostKind, PostState, Said, StatusPage, impacts

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'"
    ),
    "Cache-Control": "public, max-age=30",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    "Vary": "Accept, Accept-Language",
}
IMPACTS: Mapping[Impact, Text] = {
    Impact.OPERATIONAL: Text("Operational", "运行正常"),
    Impact.MAINTENANCE: Text("Under maintenance", "维护中"),
    Impact.DEGRADED: Text("Degraded performance", "性能下降"),
    Impact.PARTIAL_OUTAGE: Text("Partial outage", "部分中断"),
    Impact.MAJOR_OUTAGE: Text("Major outage", "重大中断"),
}
STATES: Mapping[PostState, Text] = {
    PostState.INVESTIGATING: Text("Investigating", "调查中"),
    PostState.IDENTIFIED: Text("Identified", "已定位"),
    PostState.MONITORING: Text("Monitoring", "观察中"),
    PostState.RESOLVED: Text("Resolved", "已解决"),
    PostState.SCHEDULED: Text("Scheduled", "已计划"),
    PostState.IN_PROGRESS: Text("In progress", "进行中"),
    PostState.COMPLETED: Text("Completed", "已完成"),
}
COMPONENTS, INCIDENTS, MAINTENANCE, PAST, NONE = (
    Text("Components", "组件"),
    Text("Incidents", "故障"),
    Text("Maintenance", "维护"),
    Text("Past", "历史"),
    Text("None", "无"),
)
_STYLE = (
    "body{font:1rem sans-serif;max-width:48rem;margin:2rem auto;padding:0 1rem}li{padding:.3rem 0}"
    ".OPERATIONAL{color:#186a18}.DEGRADED,.MAINTENANCE{color:#8a5a00}.PARTIAL_OUTAGE,.MAJOR_OUTAGE{color:#a01818}"
    "article{border-top:1px solid #ccc;padding:.5rem 0}"
)


def data(page: StatusPage, posts: Iterable[Post], now: datetime, language: Language) -> dict[str, Any]:
    """Return what the page says in one language; only what was published."""
    shown = list(posts)
    states = impacts(page, shown, now)
    worst = max(states.values(), key=lambda one: one.rank, default=Impact.OPERATIONAL)
    components = [
        {"componentId": one.component_id, "name": _in(one.name, language), "impact": states[one.component_id].value}
        for one in page.components
    ]
    posted = [_post(one, language) for one in shown]
    known = {"title": _in(page.title, language), "language": language, "impact": worst.value}
    return {**known, "components": components, "posts": posted}


def tag(found: Mapping[str, Any], *, html: bool) -> str:
    """Return the ETag of a page in one form."""
    text = json.dumps([html, found], ensure_ascii=False, sort_keys=True)
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def as_html(found: Mapping[str, Any], language: Language) -> str:
    """Return the page for people."""
    title, worst = escape(found["title"]), Impact(found["impact"])
    rows = "".join(
        f'<li>{escape(one["name"])}: <b class="{one["impact"]}">'
        f"{escape(IMPACTS[Impact(one['impact'])].render(language))}</b></li>"
        for one in found["components"]
    )
    open_ = [one for one in found["posts"] if not one["isOver"]]
    incidents = _articles([one for one in open_ if one["kind"] == PostKind.INCIDENT], language)
    maintenance = _articles([one for one in open_ if one["kind"] == PostKind.MAINTENANCE], language)
    past = _articles([one for one in found["posts"] if one["isOver"]], language)
    parts = ((COMPONENTS, f"<ul>{rows}</ul>"), (INCIDENTS, incidents), (MAINTENANCE, maintenance), (PAST, past))
    content = "".join(f"<h2>{escape(head.render(language))}</h2>{body}" for head, body in parts)
    return document(
        title,
        f'<p class="{worst.value}"><b>{escape(IMPACTS[worst].render(language))}</b></p>{content}',
        language,
    )


def document(title: str, content: str, language: Language) -> str:
    """Return a whole page; ``title`` and ``content`` are HTML."""
    return (
        f'<!doctype html><html lang="{language}"><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{title}</title><style>{_STYLE}</style>'
        f"<h1>{title}</h1>{content}</html>"
    )


def _articles(posts: list[Mapping[str, Any]], language: Language) -> str:
    return "".join(_article(one, language) for one in posts) or f"<p>{escape(NONE.render(language))}</p>"


def _article(post: Mapping[str, Any], language: Language) -> str:
    lines = "".join(
        f"<p><b>{escape(STATES[PostState(one['state'])].render(language))}</b> "
        f"<time>{escape(one['at'])}</time><br>{escape(one['text'])}</p>"
        for one in reversed(post["updates"])
    )
    return f"<article><h3>{escape(post['title'])}</h3>{lines}</article>"


def _post(one: Post, language: Language) -> dict[str, Any]:
    updates = [
        {"at": to_text(each.at), "state": each.state.value, "text": _in(each.text, language)} for each in one.updates
    ]
    return {
        "postId": one.post_id,
        "kind": one.kind.value,
        "title": _in(one.title, language),
        "components": list(one.components),
        "impact": one.impact.value,
        "state": one.state.value,
        "isOver": one.is_over,
        "startsAt": to_text(one.starts_at),
        "endsAt": None if one.ends_at is None else to_text(one.ends_at),
        "updates": updates,
    }


def _in(said: Said, language: Language) -> str:
    return said.zh if language == "zh" else said.en
