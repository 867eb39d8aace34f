"""Equipment (MES-12): the ledger of machines, and their meters, which only count up. Pure."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from enghub.mes.equipment.errors import EquipmentScrapped, MeterFellBack, ToldFromFuture
from enghub.mes.factories import Factory

CLOCK_SKEW = timedelta(minutes=5)
ZERO = Decimal(0)


class Service(StrEnum):
    """Whether a machine may be used."""

    IN_SERVICE = "IN_SERVICE"
    OUT_OF_SERVICE = "OUT_OF_SERVICE"
    SCRAPPED = "SCRAPPED"


@dataclass(frozen=True, slots=True)
class Equipment:
    """One machine, tool or gauge; ``station_id`` is where it stands, so that its states are that station's."""

    factory: Factory
    equipment_id: str
    name: str
    category: str = ""
    station_id: str | None = None
    manufacturer: str = ""
    model: str = ""
    serial_number: str = ""
    installed_on: date | None = None
    service: Service = Service.IN_SERVICE
    version: int = 1

    def check_there(self) -> None:
        """Demand that it is not scrapped.

        Raises:
            EquipmentScrapped
        """
        if self.service is Service.SCRAPPED:
            raise EquipmentScrapped(equipment_id=self.equipment_id)


@dataclass(frozen=True, slots=True)
class Meter:
    """What a machine counts (cycles, hours): ``total`` goes on where the counter itself was set back."""

    factory: Factory
    equipment_id: str
    meter: str
    total: Decimal = ZERO
    last_value: Decimal = ZERO
    last_at: datetime | None = None
    resets: int = 0

    def read(self, value: Decimal, at: datetime, *, is_reset: bool = False) -> "Meter":
        """Return it with a reading; one that comes late and adds nothing leaves it as it is.

        The first reading is where counting begins: a used machine does not start with its whole life due.

        Raises:
            MeterFellBack
        """
        if self.last_at is None:
            return replace(self, last_value=value, last_at=at)
        if at <= self.last_at and value <= self.last_value and not is_reset:
            return self
        if value < self.last_value and not is_reset:
            raise MeterFellBack(field="value", meter=self.meter, last=str(self.last_value))
        added = value if is_reset else value - self.last_value
        return replace(
            self,
            total=self.total + added,
            last_value=value,
            last_at=max(at, self.last_at),
            resets=self.resets + is_reset,
        )


def check_told(at: datetime, now: datetime) -> None:
    """Demand that what is told has happened.

    Raises:
        ToldFromFuture
    """
    if at > now + CLOCK_SKEW:
        raise ToldFromFuture(field="at")
