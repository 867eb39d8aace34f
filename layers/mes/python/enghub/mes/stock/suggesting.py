"""Suggestions to take finished goods into stock (MES-04)."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from enghub.core.commits import Commit
from enghub.core.identity import Origin
from enghub.core.notices import NoticeRequested, Severity
from enghub.mes import published
from enghub.mes.factories import Factory
from enghub.mes.keeping.repository import Found, Handled, Store


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What a completed order made; its lot has the order's number."""

    factory: Factory
    work_order_id: str
    material_id: str
    quantity: Decimal
    at: datetime


class Suggestions:
    """The use cases."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def suggest(self, origin: Origin, work_order_id: str, material_id: str, quantity: Decimal, event_id: str) -> None:
        """Store and tell a suggestion.

        Raises:
            AlreadyHandled: the event was taken before.
        """
        made = Suggestion(Factory.of(origin), work_order_id, material_id, quantity, origin.at)
        told = published.StockReceiptSuggested(
            work_order_id=work_order_id, material_id=material_id, quantity=quantity, lot_id=work_order_id
        )
        notice = NoticeRequested(
            notice_type="mes.stock_receipt_suggested",
            severity=Severity.INFO,
            subject=f"work_order/{work_order_id}",
            facts={"factory": origin.factory_id, "product": material_id, "quantity": str(quantity)},
            roles=("OPERATOR",),
            dedupe_key=f"stock/{work_order_id}",
            digestable=True,
        )
        events = (told.envelope(origin), notice.envelope(origin))
        mark = Handled("stock-suggestion", event_id, origin.tenant_id, origin.at)
        self._store.save(Commit(origin, "made", made, events=events), handled=mark)

    def find(self, factory: Factory, limit: int, cursor: str | None) -> Found[Suggestion]:
        """Return one page, the newest first."""
        return self._store.find(Suggestion, factory, ("ALL",), limit=limit, cursor=cursor, newest_first=True)
