"""The chain of a change as one HTML page that a person can open and print."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from enghub.core.clock import to_text
from enghub.core.i18n import Language, Text
from enghub.plm.impacts.api import ImpactResponse

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}
TITLE = Text("Effect of change", "变更影响")
COMPUTED = Text("Computed {at}; what the shop floor told reaches to {until}", "计算时间 {at}；车间数据截至 {until}")
NEVER = Text("never: no event has come", "无：尚未收到事件")
NOTICE = Text("Notice", "变更通知")
POINT = Text("Change point", "变化点")
USES = Text("Where used", "使用处")
ORDERS = Text("Open work orders", "在制工单")
INSPECTIONS = Text("Inspections", "检验")
COMPONENTS = Text("Components", "组件")
RISK = Text("Risk: action priority {ap}, RPN {rpn} ({edition})", "风险：行动优先级 {ap}，RPN {rpn}（{edition}）")
OPEN = Text("Still open", "未关闭事项")
STOCK = Text("Stock on hand", "库存")
STYLE = (
    "body{font:1rem sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse}td,th{border:1px solid #999;padding:.2rem .5rem;text-align:left}"
)


def page(found: ImpactResponse, language: Language) -> str:
    """Return the page; everything that came from outside is escaped."""
    risk = found.risk
    until = NEVER.render(language) if found.floor.known_until is None else to_text(found.floor.known_until)
    said = RISK.render(language, ap=risk.action_priority.value, rpn=risk.rpn, edition=risk.edition)
    sections = [
        _section(NOTICE.render(language), _table(_notice(found))),
        _section(POINT.render(language), _table(_point(found))),
        *_touched(found, language),
        _section(said, _table((one.rating, one.name, one.value, one.points) for one in risk.factors)),
        _section(OPEN.render(language), _table((one,) for one in found.open_points)),
    ]
    title = escape(f"{TITLE.render(language)} {found.change.ecn_number}")
    told = escape(COMPUTED.render(language, at=to_text(found.computed_at), until=until))
    head = f'<!doctype html><html lang="{language}"><meta charset="utf-8"><title>{title}</title><style>{STYLE}</style>'
    return f"{head}<h1>{title}</h1><p>{told}</p>{''.join(sections)}</html>"


def _notice(found: ImpactResponse) -> Iterable[Sequence[object]]:
    change = found.change
    yield "ecnNumber", change.ecn_number
    yield "title", change.ecn_title
    yield "revision", change.revision or "-"
    yield "type", change.ecn_type
    yield "level", change.ecn_level
    yield "receivedAt", to_text(change.received_at)
    yield "processing", change.processing_status.value


def _point(found: ImpactResponse) -> Iterable[Sequence[object]]:
    point = found.change.change_point
    if point is None:
        return
    yield "changePointId", point.change_point_id
    yield "type", point.type.value
    yield "category", point.category.value
    yield "inForceFrom", point.in_force_from or "-"
    yield "cancelled", point.is_cancelled
    yield "createdAt", to_text(point.created_at)


def _touched(found: ImpactResponse, language: Language) -> Iterable[str]:
    uses = ((one.affected_product, one.product_code, one.bom_version, one.level, one.is_top) for one in found.uses)
    yield _section(USES.render(language), _table(uses))
    orders = (
        (
            one.work_order_id,
            one.product_code,
            one.status,
            one.good_quantity,
            one.planned_quantity,
            to_text(one.known_at),
        )
        for one in found.open_orders
    )
    yield _section(ORDERS.render(language), _table(orders))
    stock = ((one.lot_id, one.product_code, one.place, one.quantity, to_text(one.known_at)) for one in found.stock)
    yield _section(STOCK.render(language), _table(stock))
    inspections = (
        (one.inspection_id, one.product_code, one.kind, one.status, to_text(one.known_at)) for one in found.inspections
    )
    yield _section(INSPECTIONS.render(language), _table(inspections))
    components = ((one.component, one.quantity, one.unit, one.is_key_component) for one in found.components)
    yield _section(COMPONENTS.render(language), _table(components))


def _section(title: str, content: str) -> str:
    return f"<h2>{escape(title)}</h2>{content}"


def _table(rows: Iterable[Sequence[object]]) -> str:
    made = "".join("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table>{made}</table>" if made else "<p>-</p>"
