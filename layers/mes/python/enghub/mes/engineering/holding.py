"""Engineering changes of the PLM hold orders until they are withdrawn or applied (PLM-07, PLM-26, MES-01).

A CRITICAL change holds what it affects, a planned effect the orders that it names. Events may come twice, and the
withdrawal or the application before the rest: then nothing is held.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress

from enghub.core import inbox, log
from enghub.core.clock import system_clock
from enghub.core.errors import NotFound, Unavailable, VersionConflict
from enghub.core.events import Envelope
from enghub.core.identity import Origin
from enghub.core.marks import AlreadyHandled
from enghub.core.paging import pages
from enghub.core.transactions import transact
from enghub.mes import consumed, wiring
from enghub.mes.factories import Factory
from enghub.mes.telling.following import tell
from enghub.mes.telling.model import orders_held
from enghub.mes.work_orders.errors import HeldAlready, NoSuchHold, StepNotAllowed, TooManyHolds
from enghub.mes.work_orders.model import Status, WorkOrder
from enghub.mes.work_orders.repository import ByHold, ByStatus, Selection
from enghub.mes.work_orders.service import HoldWorkOrder

HOLDS = "CRITICAL"
OPEN = (Status.CREATED, Status.RELEASED, Status.IN_PROGRESS, Status.PAUSED)
CONSUMER, WITHDRAWN = "hold-orders", "withdrawn-changes"
ATTEMPTS = 12
WITHDRAWAL, APPLIED = "withdrawn by the PLM", "the change is applied"
PAGE = 100


def on_change(event: Envelope, change: consumed.ChangePointCreated) -> None:
    """Hold the open orders of the affected products, and tell people once."""
    if change.category != HOLDS or not event.factory_id or _is_withdrawn(event, change.ecn_number):
        return
    if inbox.handled(CONSUMER, [event.event_id], event.tenant_id):
        return  # a hold that a person lifted since then stays lifted
    factory, affected = Factory(event.tenant_id, event.factory_id), set(change.affected_products)
    found = [one for status in OPEN for one in _each(factory, ByStatus(status)) if one.product_id in affected]
    held = [one.work_order_id for one in found if _hold(event, one.work_order_id, change.ecn_number, change.title)]
    if _is_withdrawn(event, change.ecn_number):  # meanwhile
        _lift(event, change.ecn_number, WITHDRAWAL)
    elif held:
        tell(CONSUMER, event, orders_held(change.ecn_number, change.title, sorted(held), event.factory_id))
    else:
        transact(inbox.seen(CONSUMER, event.event_id, event.tenant_id, system_clock()))


def on_effect(event: Envelope, effect: consumed.ChangeEffectPlanned) -> None:
    """Hold the orders that wait for a change, and tell people once."""
    ended = (effect.ecn_number, f"{effect.ecn_number}/{effect.effect_id}")
    if not event.factory_id or any(_is_withdrawn(event, one) for one in ended):
        return
    if inbox.handled(CONSUMER, [event.event_id], event.tenant_id):
        return  # a hold that a person lifted since then stays lifted
    held = [one for one in effect.held_orders if _hold(event, one, effect.ecn_number, effect.title)]
    if any(_is_withdrawn(event, one) for one in ended):  # meanwhile
        _lift(event, effect.ecn_number, APPLIED)
    elif held:
        tell(CONSUMER, event, orders_held(effect.ecn_number, effect.title, sorted(held), event.factory_id))
    else:
        transact(inbox.seen(CONSUMER, event.event_id, event.tenant_id, system_clock()))


def on_application(event: Envelope, change: consumed.ChangeApplied) -> None:
    """Lift the holds of a change that is applied, also where its plan comes later."""
    _remember(event, f"{change.ecn_number}/{change.effect_id}")
    if event.factory_id:
        _lift(event, change.ecn_number, APPLIED)


def _remember(event: Envelope, name: str) -> None:
    with suppress(AlreadyHandled):  # remembered; a hold may still stand
        transact(inbox.seen(WITHDRAWN, _name(event, name), event.tenant_id, system_clock()))


def on_withdrawal(event: Envelope, change: consumed.ChangePointCancelled) -> None:
    """Lift the holds of a change that the PLM withdrew, also where its event comes later."""
    _remember(event, change.ecn_number)
    if event.factory_id:
        _lift(event, change.ecn_number, WITHDRAWAL)


def _name(event: Envelope, ecn_number: str) -> str:
    return f"{event.factory_id}/{ecn_number}"


def _is_withdrawn(event: Envelope, ecn_number: str) -> bool:
    return bool(inbox.handled(WITHDRAWN, [_name(event, ecn_number)], event.tenant_id))


def _each(factory: Factory, selection: Selection) -> Iterator[WorkOrder]:
    for page in pages(lambda cursor: wiring.work_orders().find(factory, selection, PAGE, cursor)):
        yield from page.work_orders


def _command(event: Envelope, work_order_id: str, ecn_number: str, reason: str) -> HoldWorkOrder:
    origin = Origin(event.tenant_id, event.factory_id, "system:engineering-change", system_clock(), event.event_id)
    return HoldWorkOrder(origin, work_order_id, f"ecn/{ecn_number}", reason)


def _hold(event: Envelope, work_order_id: str, ecn_number: str, title: str) -> bool:
    command = _command(event, work_order_id, ecn_number, title)
    for _ in range(ATTEMPTS):
        try:
            wiring.work_orders().hold(command)
        except VersionConflict:
            continue
        except HeldAlready:
            return True  # by this very change, the first time
        except (StepNotAllowed, TooManyHolds, NotFound) as error:
            log.warning("order is not held", work_order_id=work_order_id, reason=str(error))
            return False
        return True
    raise Unavailable(reason="an order changes all the time")


def _lift(event: Envelope, ecn_number: str, reason: str) -> None:
    factory = Factory(event.tenant_id, event.factory_id)
    orders: Iterable[WorkOrder] = list(_each(factory, ByHold(f"ecn/{ecn_number}")))
    for order in orders:
        for attempt in range(ATTEMPTS):
            try:
                wiring.work_orders().lift_hold(_command(event, order.work_order_id, ecn_number, reason))
            except NoSuchHold:
                break
            except VersionConflict:
                if attempt == ATTEMPTS - 1:
                    raise
                continue
            break
