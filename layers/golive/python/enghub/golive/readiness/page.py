"""Go or no-go on one page, for a meeting: the answer, the gates, what blocks, what was waived (OPS-03)."""

from collections.abc import Iterable, Mapping
from html import escape

from enghub.core.i18n import Language, Text
from enghub.golive.readiness.model import Answer, ItemState, Line
from enghub.golive.readiness.summary import Gate, Summary
from enghub.kit.calendars.zones import local, zone

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
GO = Text("GO: every gate is passed and it was decided", "可以上线：全部关卡已通过并已决定")
READY = Text("Ready: every gate is passed, nobody has decided yet", "已就绪：全部关卡已通过，尚未决定")
NO_GO = Text("NO-GO: it was decided not to go", "不上线：已决定不上线")
BLOCKED = Text("NOT READY: {count} blocking items are open", "未就绪：有 {count} 个阻断条目未完成")
OPEN = Text("NOT READY: the window {window} is not closed", "未就绪：时间窗“{window}”尚未关闭")
VOID = Text("The decision of {at} does not hold any more: evidence changed since", "{at} 的决定已失效：此后证据有变化")
GATE, DUE, DONE, LATE, BLOCKS = (
    Text("Gate", "关卡"),
    Text("Due", "截止"),
    Text("Passed", "已通过"),
    Text("Overdue", "逾期"),
    Text("Blocks", "阻断"),
)
WAIVED = Text("Waived", "已豁免")
NOTHING = Text("Nothing", "无")
SEEN = Text("What a decision names", "决定所依据的摘要")
_STYLE = (
    "body{font:1rem sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}table{border-collapse:collapse;"
    "width:100%}td,th{border-bottom:1px solid #ccc;padding:.4rem;text-align:left;vertical-align:top}"
    ".yes{background:#d9f2d9}.no{background:#f9dada}.answer{font-size:1.5rem;padding:1rem}code{overflow-wrap:anywhere}"
)


def render(found: Summary, language: Language) -> str:
    """Return the page."""
    go_live = found.go_live
    when = f"{local(go_live.live_at, zone(go_live.zone)):%Y-%m-%d %H:%M} {go_live.zone}"
    title = escape(f"{go_live.name} · {go_live.system} · {when}")
    colour = "yes" if found.may_go else "no"
    rows = "".join(_row(gate, language) for gate in found.gates)
    heads = "".join(f"<th>{escape(text.render(language))}</th>" for text in (GATE, DUE, DONE, LATE, BLOCKS))
    void = _void(found, language)
    return (
        f'<!doctype html><html lang="{language}"><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{title}</title><style>{_STYLE}</style>'
        f'<h1>{title}</h1><p class="answer {colour}">{escape(answer(found).render(language))}</p>{void}'
        f"<table><tr>{heads}</tr>{rows}</table>"
        f"<h2>{escape(WAIVED.render(language))}</h2>{_waived(found.waived, language)}"
        f"<p>{escape(SEEN.render(language))}: <code>{found.hash}</code></p></html>"
    )


def answer(found: Summary) -> Text:
    """Return the one sentence that the page begins with."""
    if found.decision is not None:
        return GO if found.may_go else NO_GO if found.decision.answer is Answer.NO_GO else READY
    blocking = sum(len(gate.blocking) for gate in found.gates)
    if blocking:
        return Text(BLOCKED.render("en", count=blocking), BLOCKED.render("zh", count=blocking))
    first = next((gate.window for gate in found.gates if gate.is_open), None)
    if first is not None:
        return Text(OPEN.render("en", window=first.en), OPEN.render("zh", window=first.zh))
    return READY


def _void(found: Summary, language: Language) -> str:
    made = found.go_live.decision
    if made is None or found.decision is not None:
        return ""
    return f"<p>{escape(VOID.render(language, at=f'{made.at:%Y-%m-%d %H:%M} UTC'))}</p>"


def _row(gate: Gate, language: Language) -> str:
    passed = gate.counts[ItemState.SIGNED_OFF] + gate.counts[ItemState.WAIVED]
    name = gate.window.zh if language == "zh" else gate.window.en
    blocks = "".join(f"<li>{_item(line, language)}</li>" for line in gate.blocking)
    cells = (escape(name), str(gate.window.due), f"{passed}/{gate.counts.total()}", str(gate.overdue))
    listed = f"<ul>{blocks}</ul>" if blocks else escape(NOTHING.render(language))
    colour = "no" if gate.is_open else "yes"
    return f'<tr class="{colour}">{"".join(f"<td>{cell}</td>" for cell in cells)}<td>{listed}</td></tr>'


def _item(line: Line, language: Language) -> str:
    said = line.item.zh if language == "zh" else line.item.en
    owner = f" · {escape(line.progress.owner)}" if line.progress.owner else ""
    lacking = ", ".join(map(str, line.progress.lacking(line.item))) if line.state is ItemState.NOT_MET else ""
    return escape(said) + owner + (f" · <b>{escape(lacking)}</b>" if lacking else "")


def _waived(found: Iterable[Line], language: Language) -> str:
    rows = []
    for line in found:
        waiver = line.progress.waiver
        if waiver is not None:
            until = f"{waiver.until:%Y-%m-%d %H:%M} UTC"
            rows.append(f"<li>{_item(line, language)}: {escape(waiver.by)}, {escape(waiver.reason)}, {until}</li>")
    return f"<ul>{''.join(rows)}</ul>" if rows else f"<p>{escape(NOTHING.render(language))}</p>"
