"""Why a movement of stock is refused."""

from enghub.core.errors import Conflict, Invalid, NotFound, RuleViolated
from enghub.core.i18n import Text


class InsufficientStock(RuleViolated):
    """Less is free than wanted: what is reserved, held or expired is not free."""

    text = Text(
        "{material_id} has {available} free, not {wanted}: reserved, held and expired stock does not count",
        "{material_id} 可用 {available}，不足 {wanted}：已预留、冻结及过期的库存不计入",
    )


class LotNotFound(NotFound):
    """No lot of this number."""

    text = Text("Lot {lot_id} does not exist", "批次 {lot_id} 不存在")


class LotOfAnother(Conflict):
    """The number belongs to a lot of another material."""

    text = Text(
        "Lot {lot_id} is of material {material_id}: lot numbers are unique in a factory",
        "批次 {lot_id} 属于物料 {material_id}：批次号在工厂内唯一",
    )


class UnitOfAnother(Conflict):
    """Balances of a material add up only in one unit."""

    text = Text(
        "{material_id} is kept in {unit}, not in {wanted}: tell the quantity in {unit}",
        "物料 {material_id} 以 {unit} 计量，而非 {wanted}：请按 {unit} 填写数量",
    )


class LotIsHeld(RuleViolated):
    """Nothing of a held lot moves out."""

    text = Text("Lot {lot_id} is held by {causes}: release it first", "批次 {lot_id} 已被 {causes} 冻结，请先解除")


class LotIsExpired(RuleViolated):
    """The day of expiry, in the factory's zone, is over."""

    text = Text("Lot {lot_id} expired on {expires_on}", "批次 {lot_id} 已于 {expires_on} 过期")


class ReservationNotFound(NotFound):
    """No such reservation."""

    text = Text("Reservation {reservation_id} does not exist", "预留 {reservation_id} 不存在")


class ReservationOver(Conflict):
    """It was consumed or given back."""

    text = Text("Reservation {reservation_id} is {status}", "预留 {reservation_id} 状态为 {status}")


class TooManyLots(Invalid):
    """One movement takes from a bounded number of lots."""

    text = Text(
        "{field}: that takes more than {most} lots at once: ask for less",
        "{field}：一次最多 {most} 个批次，请减少数量",
    )


class TraceTooLarge(RuleViolated):
    """A trace answers with a bounded number of lots."""

    text = Text(
        "The trace holds more than {most} lots: start from a later lot", "追溯结果超过 {most} 个批次，请从下游批次开始"
    )
