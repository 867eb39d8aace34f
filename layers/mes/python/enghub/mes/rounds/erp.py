"""Goes round the links: sends what waits, probes what is down, checks refusals, takes orders in."""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from enghub.core import log
from enghub.core.clock import system_clock
from enghub.core.lazy import lazy
from enghub.mes.erp.dynamo import all_links
from enghub.mes.erp.model import Link, Service
from enghub.mes.exchange.service import LEAST_SECONDS, Sent
from enghub.mes.gateways.erp import ROUND_SECONDS, calls, countdown, exchange, supply

if TYPE_CHECKING:
    from enghub.mes.rounds import erp_orders
else:  # a round of links without orders does not pay for it
    erp_orders = lazy("enghub.mes.rounds.erp_orders")

ONE_TRY = 2.0
"""Seconds that a link gets beyond those with which no try begins."""
USED = {Service.BOM, Service.PPAP}
"""Of what a round reads statuses again, and checks refusals."""


def replay(link: Link) -> Sent:
    """Try now what waits: every service that is down is probed at once."""
    calls().probe_now(link)
    exchange().due_now(link)
    return go_round(link, countdown(ROUND_SECONDS))[0]


def go_round(link: Link, seconds_left: Callable[[], float]) -> tuple[Sent, int, tuple[int, int]]:
    """Send what waits, probe what is down, check refusals, take orders in; returns what was sent, checked, taken."""
    sent, checked, orders = exchange().send_due(link, seconds_left), 0, (0, 0)
    calls().probe(link)
    if USED & set(link.uses):
        checked = supply().refresh(link, seconds_left, LEAST_SECONDS)
    if Service.ORDERS in link.uses and seconds_left() >= LEAST_SECONDS:
        intake = erp_orders.take_orders(link, calls(), system_clock, seconds_left)
        orders = (intake.taken, intake.rejected)
    return sent, checked, orders


@dataclass(frozen=True, slots=True)
class Swept:
    """What a round did."""

    links: int = 0
    acknowledged: int = 0
    refused: int = 0
    put_off: int = 0
    checked: int = 0
    orders: int = 0
    orders_rejected: int = 0
    failed: int = 0


def share(left: float, links: int) -> float:
    """Return the seconds that the next of ``links`` may take: its part of what is left, or enough for one try."""
    return min(left, max(left / links, LEAST_SECONDS + ONE_TRY))


def sweep(seconds_left: Callable[[], float]) -> Swept:
    """Go round all links, in another order every time; one that fails or has much to send holds up no other."""
    links, found = list(all_links()), Swept()
    random.shuffle(links)
    for number, link in enumerate(links):
        kept_back = seconds_left() - share(seconds_left(), len(links) - number)
        found = _added(found, link, partial(_less, seconds_left, kept_back))
    return found


def _less(seconds_left: Callable[[], float], kept_back: float) -> float:
    return seconds_left() - kept_back


def _added(found: Swept, link: Link, seconds_left: Callable[[], float]) -> Swept:
    try:
        sent, checked, orders = go_round(link, seconds_left)
    except Exception:
        log.exception("round of an ERP failed", tenant_id=link.factory.tenant_id)
        return replace(found, links=found.links + 1, failed=found.failed + 1)
    return Swept(
        found.links + 1,
        found.acknowledged + sent.acknowledged,
        found.refused + sent.refused,
        found.put_off + sent.put_off,
        found.checked + checked,
        found.orders + orders[0],
        found.orders_rejected + orders[1],
        found.failed,
    )
