"""A dossier as one page that prints: no script, no address outside (MES-26)."""

from collections.abc import Iterable, Sequence
from html import escape
from types import MappingProxyType

from enghub.core import clock
from enghub.core.i18n import Language
from enghub.mes.dossiers.model import Dossier

HEADERS = MappingProxyType(
    {
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
)
_STYLE = (
    "body{font:14px/1.5 sans-serif;margin:2em;color:#222}h1{font-size:1.5em}h2{font-size:1.1em;margin-top:1.6em}"
    "table{border-collapse:collapse;width:100%}th,td{border:1px solid #bbb;padding:.25em .5em;text-align:left;"
    "vertical-align:top}th{background:#eee}.bad{color:#a00}"
)
_WORDS = MappingProxyType(
    {
        "title": ("Lot dossier", "批次档案"),
        "made_of": ("Made of", "上游追溯"),
        "went_into": ("Went into", "下游追溯"),
        "customers": ("Customers", "客户"),
        "others": ("Customers who have the same supplier batches", "使用相同供应商批次的其他客户"),
        "suppliers": ("Supplier batches", "供应商批次"),
        "reports": ("Production reports", "报工记录"),
        "inspections": ("Inspections", "检验记录"),
        "defects": ("Defects", "不良记录"),
        "ocap": ("Out-of-control actions", "失控行动（OCAP）"),
        "movements": ("Stock movements", "库存移动"),
        "held": ("Held by", "冻结原因"),
        "none": ("none", "无"),
        "cut": ("Longer than shown", "未完整显示"),
        "as_of": ("As of", "截至"),
    }
)


def render(found: Dossier, language: Language) -> str:
    """Return the page in a language; every value is escaped."""
    place = 1 if language == "zh" else 0

    def word(name: str) -> str:
        return _WORDS[name][place]

    lot = found.lot
    head = [
        f"<p>{word('as_of')} {clock.to_text(found.made_at)}</p>",
        ""
        if lot is None
        else f"<p>{escape(lot.material_id)} · {escape(lot.unit)} · {escape(lot.supplier_id or '')}</p>",
        "" if lot is None or not lot.holds else f"<p class=bad>{word('held')}: {escape(', '.join(lot.holds))}</p>",
        "" if not found.cut else f"<p class=bad>{word('cut')}: {escape(', '.join(found.cut))}</p>",
    ]
    sections = [
        _listed(word("made_of"), [*found.backward.lots, *found.backward.work_orders], word("none")),
        _listed(word("went_into"), [*found.forward.lots, *found.forward.work_orders], word("none")),
        _listed(word("customers"), found.forward.customers, word("none")),
        _listed(word("others"), found.other_customers, word("none")),
        *_tables(found, word("none"), [word(name) for name in _TABLES]),
    ]
    title = f"{word('title')} {escape(found.lot_id)}"
    tag = "zh-CN" if place else "en"
    return (
        f'<!doctype html><html lang="{tag}"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{title}</h1>{''.join(head)}{''.join(sections)}</body></html>"
    )


_TABLES = ("suppliers", "reports", "inspections", "defects", "ocap", "movements")


def _tables(found: Dossier, none: str, titles: Sequence[str]) -> Iterable[str]:
    rows: list[list[Sequence[object]]] = [
        [(one.lot_id, one.supplier_id, one.supplier_lot or "", ", ".join(one.customers)) for one in found.suppliers],
        [
            (
                *(clock.to_text(one.reported_at), one.work_order_id, one.operation, one.station_id, one.produced_by),
                f"{one.good} + {one.defect}",
            )
            for one in found.reports
        ],
        [
            (
                *(one.order_id, one.kind.value, one.status.value, one.severity.value),
                "" if one.result is None else f"{one.result.nonconforming} / {one.result.inspected}",
            )
            for one in found.inspections
        ],
        [(one.defect_id, one.quantity, ", ".join(one.types), one.disposition.value) for one in found.defects],
        [(one.ocap_id, one.cause.said, one.status.value, one.branch) for one in found.cases],
        [(clock.to_text(one.at), one.kind.value, one.quantity, one.by) for one in found.movements],
    ]
    for title, lines in zip(titles, rows, strict=True):
        if not lines:
            yield f"<h2>{title}</h2><p>{none}</p>"
            continue
        cells = ("".join(f"<td>{escape(str(cell))}</td>" for cell in line) for line in lines)
        yield f"<h2>{title} ({len(lines)})</h2><table>{''.join(f'<tr>{line}</tr>' for line in cells)}</table>"


def _listed(title: str, names: Sequence[str], none: str) -> str:
    return f"<h2>{title}</h2><p>{escape(', '.join(names)) or none}</p>"
