"""Open alarms in DynamoDB: an item per factory, written together with the board that shows them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from enghub.core.aggregates import Items
from enghub.core.codec import Key, Layout
from enghub.core.dynamo import Attr, key
from enghub.core.errors import Unavailable
from enghub.core.transactions import absent, transact
from enghub.mes.alarms.model import OpenAlarms
from enghub.mes.boards.dynamo import alarmed_writes
from enghub.mes.factories import Factory

ATTEMPTS = 10
OPEN = Items(OpenAlarms, "OPEN_ALARMS", layout=Layout(flat=("factory",)))


class _Moved(Exception):
    """Somebody else changed them."""


def _key(factory: Factory) -> Key:
    return key("T", factory.tenant_id, "F", factory.factory_id, "WATCH"), "ALARMS"


class DynamoAlarms:
    """The store."""

    def change(self, factory: Factory, change: Callable[[OpenAlarms], OpenAlarms], now: datetime) -> OpenAlarms:
        """Change what is open, and the board with it; nothing is written where nothing changes.

        One GetItem, one transaction.

        Raises:
            Unavailable: others kept changing them.
        """
        for _ in range(ATTEMPTS):
            before = OPEN.get(_key(factory)) or OpenAlarms(factory)
            after = change(before)
            if after == before or not (after.alarms or before.alarms):
                return before
            same = Attr("revision") == before.revision if before.revision else absent()
            kept = replace(after, revision=before.revision + 1)
            shown = alarmed_writes(after.board, after.by_line(now)) if after.board else []
            try:
                transact(OPEN.put(kept, same, _Moved, at=_key(factory)), *shown)
            except _Moved:
                continue
            return kept
        raise Unavailable
