"""The page behind an acknowledgement link. A look changes nothing: mail scanners open links, people press buttons."""

from collections.abc import Mapping
from html import escape
from urllib.parse import quote

from enghub.core.i18n import Language, Text

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
TITLE = Text("Acknowledge a notice", "确认通知")
ASK = Text("Say that you have seen it:", "请确认您已知悉：")
BUTTON = Text("Acknowledge", "确认")
DONE = Text("Acknowledged. Thank you.", "已确认，谢谢。")
SINCE = Text("Acknowledged at {at}.", "已于 {at} 确认。")


def asking(subject: str, token: str, language: Language) -> str:
    """Return the page with the button."""
    button = (
        f'<form method="post" action="?token={quote(token, safe="")}">'
        f"<button>{escape(BUTTON.render(language))}</button></form>"
    )
    return _page(language, f"<p>{escape(ASK.render(language))}</p><p><b>{escape(subject)}</b></p>{button}")


def answered(subject: str, at: str | None, language: Language) -> str:
    """Return the page that says it is done; ``at`` when it was done before."""
    said = DONE.render(language) if at is None else SINCE.render(language, at=at)
    return _page(language, f"<p><b>{escape(subject)}</b></p><p>{escape(said)}</p>")


def refused(reason: str, language: Language) -> str:
    """Return the page that says why not."""
    return _page(language, f"<p>{escape(reason)}</p>")


def _page(language: Language, content: str) -> str:
    title = escape(TITLE.render(language))
    style = "body{font:1.1rem sans-serif;max-width:40rem;margin:3rem auto;padding:0 1rem}button{font-size:1.1rem}"
    return (
        f'<!doctype html><html lang="{language}"><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{title}</title><style>{style}</style>'
        f"<h1>{title}</h1>{content}</html>"
    )
